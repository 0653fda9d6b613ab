"""Ten questions, written down before any was asked, and what SmolLM2 answers; and how our class compares to theirs.

    record_answers()       # the likeliest token each time: two minutes, most of them for loading transformers' model

Needs the published model (`make lab EXTRA=chat`). The same ten go to `llama-holmes` as they stand.
"""

import time

import torch

from chapters.ch08 import published
from course_kit.checkpoints import load_checkpoint
from course_utils.llama import speak

QUESTIONS = {  # and what a right answer holds, in small letters; nothing where many are right
    "What is the capital of France?": ("paris",),
    "Who wrote Romeo and Juliet?": ("shakespeare",),
    "What is seven times eight?": ("56", "fifty-six"),
    "How many legs does a spider have?": ("eight", "8"),
    "Who was the first person on the Moon?": ("armstrong",),
    "Which is larger, 9.9 or 9.11?": ("9.9 is larger", "9.9 is greater", "9.9 is bigger"),
    "Translate into French: The animal did not cross the street because it was too tired.": ("traversé", "fatigué"),
    "What colour is the sky on a clear day?": ("blue",),
    "How do you say “thank you” in Chinese?": ("谢谢", "xièxie", "xiexie", "xièxiè"),
    "Write one sentence about a cat in the rain.": (),
}
LONGEST, COMPARED = 70, 50  # tokens of an answer; of the text that is compared with transformers'
COURSE = "Translate into French: The animal did not cross the street because it was too tired."


def right(question: str, answer: str) -> bool | None:
    """Whether the answer holds what it should; None where many answers are right."""
    wanted = QUESTIONS[question]
    holds = [part in answer.lower() for part in wanted]
    return (all(holds) if question == COURSE else any(holds)) if wanted else None


def goes_on(question: str, count: int = 40) -> str:
    """What `llama-holmes` writes behind a question."""
    torch.manual_seed(0)
    own = load_checkpoint("llama-holmes")
    ids = torch.tensor([own.tokenizer.encode(question)])
    return own.tokenizer.decode(list(speak(own.model, ids, -1, count, temperature=0.7, top_p=0.7)))


def compared(smol: published.Published, path) -> dict:
    """Our class and transformers' with the same parameters: logits, a greedy text, tokens a second, in turns."""
    import transformers

    theirs = transformers.AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32)
    ids, speeds = smol.prompt("Why is the sky blue?"), {"ours": [], "theirs": []}
    with torch.no_grad():
        gap = (smol.model(ids) - theirs.eval()(ids).logits).abs().max().item()
    for _ in range(4):
        started = time.perf_counter()
        ours = list(smol.tokens(ids, COMPARED))
        speeds["ours"].append(len(ours) / (time.perf_counter() - started))
        started = time.perf_counter()
        written = theirs.generate(ids, max_new_tokens=COMPARED, do_sample=False)[0, ids.shape[1] :].tolist()
        speeds["theirs"].append(len(written) / (time.perf_counter() - started))
    ratio = sorted(a / b for a, b in zip(speeds["ours"], speeds["theirs"], strict=True))[1:3]
    return {"gap": gap, "same_text": ours == written, "tokens": len(ours), "ratio": round(sum(ratio) / 2, 2),
            "tokens_per_second": round(max(speeds["ours"]), 1)}  # fmt: skip


def bare(smol: published.Published, question: str) -> str:
    """What it writes behind the question as it stands, without the template; ∅ where it ends at once."""
    ids = torch.tensor([smol.tokenizer.encode(question).ids])
    return smol.tokenizer.decode(list(smol.tokens(ids, LONGEST))).strip() or "∅"


def plainly(smol: published.Published, question: str) -> str:
    """What it writes in a talk without a mark of its own: “User: …” and “Assistant:” as plain text."""
    ids = torch.tensor([smol.tokenizer.encode(f"User: {question}\nAssistant:").ids])
    return smol.tokenizer.decode(list(smol.tokens(ids, LONGEST))).strip().partition("\nUser:")[0] or "∅"


def record_answers() -> dict:
    """The figures behind data/results/smollm_answers.json."""
    smol, path = published.load(), published.where()
    if smol is None or path is None:
        raise RuntimeError(f"SmolLM2 is not installed: `{published.INSTALL}`")
    answers = {question: smol.answer(question, LONGEST) for question in QUESTIONS}
    for question, answer in answers.items():
        print(right(question, answer), question, "->", answer, flush=True)
    return {
        "answers": answers,
        "bare": {question: bare(smol, question) for question in QUESTIONS},
        "plainly": {question: plainly(smol, question) for question in QUESTIONS},
        "goes_on": {question: goes_on(question) for question in QUESTIONS},
        "parameters": sum(p.numel() for p in smol.model.parameters()),
        "bytes": path.stat().st_size,
        "transformers": compared(smol, path),
    }
