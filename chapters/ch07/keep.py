"""What chapter 7 leaves behind: `mine/gpt.py`, `mine/tokenizer.py`, and the commands of `mine/__main__.py`."""

from course_kit import data
from course_kit.mine import keeping
from course_kit.mine.keeping import KeptFile, Part

ABOUT = """A GPT in plain PyTorch: it copies digits after a few seconds, and learns any text.

    model = SmallGPT(vocab=1000, size=128, layers=4)        # ids [B, T] -> logits [B, T, V]
    write(model, ids, count=100, temperature=0.8, top_p=0.9)

Sizes: B texts, T tokens, D features, H heads of d, V tokens known. Radford et al. 2019."""

MAIN = '''def check():
    """The future changes nothing, all tokens are likely at first, and a step helps."""
    model = SmallGPT(vocab=11, size=16, layers=2)
    ids, other = copying(8), copying(8)
    other[:, :5] = ids[:, :5]
    assert torch.allclose(model(other)[:, :5], model(ids)[:, :5], atol=1e-5)
    optimisers = optimisers_of(model, rate=1e-3)
    losses = [training_step(model, optimisers, ids) for _ in range(3)]
    assert abs(losses[0] - 2.4) < 0.2 and losses[2] < losses[0]  # ln 11


def main(steps=200):
    """Train on rows of digits that come twice, then copy rows that were never seen."""
    model = SmallGPT(vocab=11, size=64, layers=2)
    optimisers = optimisers_of(model, rate=1e-2)
    for _ in range(steps):
        loss = training_step(model, optimisers, copying(64))
    asked = copying(500)
    right = (write(model, asked[:, :7], 6, temperature=0) == asked).all(1)
    print(f"loss {loss:.2f} nats, {right.float().mean():.1%} of 500 new rows are copied.")'''

ATTENTION, HERE = "course_utils.attention", "course_utils.small_gpt"
GPT = KeptFile(
    "gpt",
    ABOUT,
    parts=(
        Part("causal_mask", ATTENTION),
        Part("masked_softmax", ATTENTION, "stable masked softmax"),
        Part("split_heads", ATTENTION, "split heads"),
        Part("join_heads", ATTENTION),
        Part("add_norm", "course_utils.blocks", "residual and norm"),
        Part("CausalAttention", HERE),
        Part("CausalBlock", HERE),
        Part("SmallGPT", HERE),
        Part("inputs_and_targets", HERE, "next token targets"),
        Part("optimisers_of", HERE),
        Part("next_token_loss", HERE),
        Part("training_step", HERE),
        Part("with_temperature", HERE, "temperature"),
        Part("nucleus", HERE, "top-p"),
        Part("write", HERE),
        Part("copying", HERE),
    ),
    main=MAIN,
)

PIECES = "course_utils.merges"
TOKENIZER = KeptFile(
    "tokenizer",
    """Byte-pair encoding in plain Python: any text as numbers, and back.

    merges = learn_merges(text, count=700)
    tokenizer = Tokenizer(merges)
    tokenizer.decode(tokenizer.encode("a text"))

Each byte is one character here. Sources: Sennrich et al. 2016; Radford et al. 2019.""",
    parts=(
        Part("words_of", PIECES),
        Part("joined", PIECES),
        Part("merge_once", PIECES, "bpe merge"),
        Part("learn_merges", PIECES),
        Part("Tokenizer", PIECES),
        Part("windows", HERE),
    ),
    main='''def check():
    """The most frequent pair comes first, and every text comes back."""
    merges = learn_merges("low low low lowest newest", 4)
    assert merges[0] == ("l", "o") and len(set(merges)) == 4
    for text in ("lower \\n the newest", "猫 🙂"):
        assert Tokenizer(merges).decode(Tokenizer(merges).encode(text)) == text


def main():
    """Learn a few merges from a sentence, and cut a new one."""
    merges = learn_merges("the animal did not cross the street because it was too tired", 20)
    tokenizer = Tokenizer(merges)
    numbers = tokenizer.encode("the street was too wide")
    print(" · ".join(tokenizer.decode([number]) for number in numbers))''',
)

COMMANDS = '''"""My GPT, my tokenizer, my text.

    python -m mine train book.txt          ten minutes; ^C stops it, the same line goes on
    python -m mine train book.txt 30       thirty minutes
    python -m mine write "It was"          goes on with a text
    python -m mine chat                    answers, after chapter 8

What is trained is kept in book.gpt.pt, in the folder where you are. The last tenth of
the text is held out, to measure on. A short text is soon known by heart, and the bits
rise again: then the best state is what writes.
"""

import hashlib
import math
import os
import signal
import sys
import time
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # threads that wait let others work
import torch
import torch.nn.functional as F

from .gpt import SmallGPT, training_step, write
from .tokenizer import Tokenizer, learn_merges, windows

MERGES, RATE = 500, 3e-3
SIZES = {"vocab": 256 + MERGES, "size": 128, "layers": 4, "heads": 4, "context": 64}


@torch.no_grad()
def bits(model, ids, characters):
    """What a text costs the model, in bits per character."""
    half, nats = model.context // 2, 0.0
    for start in range(0, len(ids) - 1, half):
        begin = max(0, start - half)
        piece = ids[begin : start + half + 1]
        logits = model(piece[None, :-1])[0, start - begin :]
        nats += F.cross_entropy(logits, piece[1 + start - begin :], reduction="sum").item()
    return nats / math.log(2) / characters


def save(state, file):
    """At once or not at all: a file that is half written would be lost."""
    torch.save(state, file.with_suffix(".part"))
    os.replace(file.with_suffix(".part"), file)


def load(file):
    """A state, its model and its optimiser: AdamW is slower here than Muon, but a model
    that learns slowly knows its text by heart later."""
    state = torch.load(file, weights_only=True)
    model = SmallGPT(**state["sizes"])
    optimiser = torch.optim.AdamW(model.parameters(), lr=RATE)
    model.load_state_dict(state["model"])
    optimiser.load_state_dict(state["optimiser"])
    return state, model, optimiser


def new(text):
    """The same at the start, with merges that are learned from the text."""
    print("Learning the pieces …", flush=True)
    torch.manual_seed(0)
    model = SmallGPT(**SIZES)
    merges = [list(pair) for pair in learn_merges(text[:200_000], MERGES)]
    state = {"sizes": SIZES, "merges": merges, "seconds": 0.0, "step": 0, "history": []}
    state["best"] = model.state_dict()
    return state, model, torch.optim.AdamW(model.parameters(), lr=RATE)


def tokenizer_of(state):
    return Tokenizer([tuple(pair) for pair in state["merges"]])


def train(path, minutes=10.0, every=30.0):
    if not Path(path).is_file():
        sys.exit(f"There is no file {path}.")
    text = Path(path).read_text(encoding="utf-8")
    if len(text) < 20_000:
        sys.exit(f"{path} has {len(text):,} characters; a GPT needs 20,000 at the least.")
    cut = len(text) * 9 // 10
    file = Path(Path(path).stem + ".gpt.pt")
    state, model, optimiser = load(file) if file.exists() else new(text[:cut])
    name = hashlib.sha256(text.encode()).hexdigest()
    if state.setdefault("text", name) != name:
        sys.exit(f"{file} was trained on another text: rename it, or the text.")
    tokenizer = tokenizer_of(state)
    known, held_out = (torch.tensor(tokenizer.encode(part)) for part in (text[:cut], text[cut:]))
    before, start = state["seconds"], time.perf_counter()
    measure = before + every
    print(f"Training from step {state['step']}; ^C stops and keeps.", flush=True)

    def keep():
        state.update(model=model.state_dict(), optimiser=optimiser.state_dict())
        save(state, file)

    try:
        while state["seconds"] < 60 * minutes:
            falling = 1 - state["seconds"] / (60 * minutes)
            optimiser.param_groups[0]["lr"] = RATE * min(falling, (state["step"] + 1) / 100)
            training_step(model, [optimiser], windows(known, 32, model.context + 1))
            state["step"] += 1
            state["seconds"] = before + time.perf_counter() - start
            if state["seconds"] >= min(measure, 60 * minutes):
                measure = state["seconds"] + every
                cost = bits(model, held_out, len(text) - cut)
                if cost < min((old for _, old in state["history"]), default=math.inf):
                    state["best"] = {k: v.clone() for k, v in model.state_dict().items()}
                state["history"].append([state["seconds"], cost])
                keep()
                written = write(model, known[None, :8], 40, temperature=0.8, top_p=0.9)
                sample = tokenizer.decode(written[0, 8:].tolist()).replace("\\n", " / ")
                print(f"{state['seconds']:4.0f} s  {cost:.2f} bits per character  {sample}", flush=True)
    except KeyboardInterrupt:
        keep()
        print(f"\\nStopped after {state['seconds']:.0f} s; kept. The same line goes on.")
        return
    best = min((cost for _, cost in state["history"]), default=math.nan)
    print(f"Trained for {state['seconds']:.0f} s: {file}, {best:.2f} bits at its best.")


def write_on(prompt, count=100):
    files = sorted(Path().glob("*.gpt.pt"), key=lambda file: file.stat().st_mtime)
    if not files:
        sys.exit("Nothing is trained in this folder yet: python -m mine train FILE")
    state, model, _ = load(files[-1])
    model.load_state_dict(state["best"])
    tokenizer = tokenizer_of(state)
    ids = torch.tensor([tokenizer.encode(prompt)])
    print(tokenizer.decode(write(model, ids, count, temperature=0.8, top_p=0.9)[0].tolist()))


def main(command="", what="", minutes="10"):
    if command == "train" and what:
        train(what, float(minutes))
    elif command == "write" and what:
        write_on(what)
    elif command in ("chat", "serve"):  # what chapter 8 adds
        try:
            from . import chat
        except ImportError:
            sys.exit("mine/chat.py is not there yet: chapter 8 writes it.")
        (chat.chat if command == "chat" else chat.serve)(what)
    else:
        print(__doc__)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ^C also in the background
    try:
        main(*sys.argv[1:4])
    except KeyboardInterrupt:
        print("\\nStopped.")
'''

BOOK = "sherlock_holmes.txt"
SAID = (
    f"In the folder of your notebooks there are now two commands: `python -m mine train {BOOK}` trains your GPT on a \
book for ten minutes, and `python -m mine write` goes on with a text. Any other text will do."
)


def keep() -> None:
    """Write the three files from the cells above, test them, and lay a book beside the notebooks."""
    keeping.keep(GPT)
    keeping.keep(TOKENIZER)
    keeping.keep_beside("__main__", COMMANDS, SAID, {BOOK: data.book()})
