"""A GPT of one's own from any text: trained for some minutes, stopped and resumed, and what a folder keeps of it.

    train("book.txt", minutes=10)             # writes book.gpt.pt; ^C stops and keeps, the same line goes on
    trained = newest()                        # of this folder: its model at its best, its tokenizer, its history
    text = continued(trained, "It was", count=100, temperature=0.8, top_p=0.9, seed=1)

The last tenth of the text is held out, to measure on. A short text is soon known by heart, and the bits rise again:
then the best state is what writes. What cannot be done raises `Refused`, with a sentence.

What is not yours is from the attention course: MIT License.
"""

import contextlib
import hashlib
import io
import math
import os
import re
import signal
import sys
import time
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .files import Refused, need_room, read_text, sweep, write_atomically
from .gpt import CachedGPT, GPT, GPTConfig, training_step, windows, write
from .tokenizer import Tokenizer, asked, encoded, finished, learned


@contextlib.contextmanager
def evaluating(model):
    """Within it a model is in eval mode; afterwards in the mode that it was in."""
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)


MERGES, RATE, ROWS = 500, 3e-3, 32
SIZES = {"size": 128, "layers": 4, "heads": 4, "context": 64}
LEAST = 20_000  # characters
LEARN_FROM, MEASURE_ON = 200_000, 20_000  # characters for the pieces; tokens, which take about a second
LONGEST_NAME = 245  # bytes: with what it is called while it is written, what a folder takes


@dataclass
class Trained:
    """What a training has left: (seconds, bits per character) on the way, and the state that writes best."""

    path: Path
    model: nn.Module
    tokenizer: Tokenizer
    history: list[tuple[float, float]]
    state: dict[str, Any]

    @property
    def name(self) -> str:
        """Of the text."""
        return self.path.name.removesuffix(".gpt.pt")


def read_state(path: str | Path) -> dict[str, Any]:
    """The state in a file, with its bytes checked. Raises Refused."""
    if Path(path).exists() and not Path(path).is_file():  # reading from a pipe may never end
        raise Refused(f"{path} is a folder or a device; a file is needed.")
    try:
        with zipfile.ZipFile(path) as file:
            broken = file.testzip()
        state = torch.load(path, weights_only=True, map_location="cpu")
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror or error}.") from None
    except Exception as error:  # a foreign file may raise anything
        raise Refused(f"{path} is damaged, or no model of this course ({type(error).__name__}).") from None
    if broken or not isinstance(state, dict):
        raise Refused(f"{path} is damaged, or no model of this course.")
    return state


def read_trained(path: str | Path) -> Trained:
    """The training in a file. Raises Refused."""
    state = read_state(path)
    try:
        tokenizer = saved_tokenizer(state)
        model = loaded(state["sizes"], state["best"], tokenizer)
        history = [(float(seconds), float(cost)) for seconds, cost in state["history"]]
    except Exception as error:  # as above
        raise Refused(
            f"{path} is damaged, or not what `python -m mine train` writes ({type(error).__name__})."
        ) from None
    return Trained(Path(path), model, tokenizer, history, state)


def loaded(sizes: dict[str, int], parameters: dict, tokenizer: Tokenizer) -> GPT:
    """A GPT of these sizes with these parameters. Raises ValueError and more."""
    if sizes["vocab"] != len(tokenizer.pieces):
        raise ValueError("the model does not know all pieces, or more")
    with torch.device("meta"):  # sizes alone take no memory
        model = CachedGPT(GPTConfig(**sizes))
    model.load_state_dict(parameters, assign=True)
    return model.eval()


def newest(folder: str | Path = ".") -> Trained | None:
    """The newest training in a folder, None if there is none; files that are something else are named and left out."""
    files = [path for path in Path(folder).glob("*.gpt.pt") if path.is_file()]
    for path in sorted(files, key=lambda path: path.stat().st_mtime, reverse=True):
        try:
            return read_trained(path)
        except Refused as why:
            _say(f"{why} It is left out.", sys.stderr)
    return None


@torch.no_grad()
def bits(model: nn.Module, ids: Tensor) -> float:
    """What a token costs, in bits. Each is predicted once, from half a context at least. ids [N], N > context, else
    ValueError."""
    half, costs = model.context // 2, []
    if len(ids) <= model.context:
        raise ValueError(f"{len(ids)} tokens are given; needed: more than the context, {model.context}.")
    with evaluating(model):
        for rows in ids.unfold(0, 2 * half + 1, half).split(ROWS):  # [B, T + 1]
            logits = model(rows[:, :-1])[:, half:]  # [B, T / 2, V]
            costs.append(F.cross_entropy(logits.flatten(0, 1), rows[:, half + 1 :].flatten(), reduction="none"))
    return torch.cat(costs).mean().item() / math.log(2)


class Signals:
    """^C and a polite kill ask for an end: `asked` is True then. More of them do not interrupt what is being saved."""

    def __enter__(self) -> "Signals":
        self.asked, self.before = False, {}
        for number in (signal.SIGINT, signal.SIGTERM):
            with suppress(ValueError):  # outside of the main thread
                self.before[number] = signal.signal(number, self._ask)
        return self

    def _ask(self, *_: Any) -> None:
        self.asked = True

    def __exit__(self, *_: Any) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)


def train(
    path: str | Path,
    minutes: float = 10.0,
    every: float = 30.0,
    device: str | None = None,
    sizes: Mapping[str, int] | None = None,
    merges: int | None = None,
    rate: float | None = None,
) -> None:
    """Train on a text until so many minutes have been spent on it in all; measure and keep every so many seconds.

    device: by default CUDA where there is one; sizes: such as {"size": 256, "heads": 8}. What is not given is as in the
    file that goes on, or as at the top of this one. Raises Refused; what was kept before stays as it is.
    """
    text, end = read_text(path), 60 * minutes
    if not text.strip():
        raise Refused(f"{path} holds no text, only blanks.")
    if len(text) < LEAST:
        raise Refused(f"{path} has too few characters, {len(text):,}; a GPT needs {LEAST:,} at the least.")
    file, name = Path(Path(path).stem + ".gpt.pt"), hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    if len(os.fsencode(file.name)) > LONGEST_NAME:
        raise Refused(f"{file.name[:20]}… is too long for the name of a file: rename the text.")
    state = read_trained(file).state if file.exists() else {"text": name}
    if state.get("text") != name:
        raise Refused(f"{file} was trained on another text: rename it, or the text.")
    if (before := state.get("seconds", 0)) >= end:
        return _say(f"{file} was trained for {before:.0f} s already: ask for more minutes than {before / 60:.1f}.")
    state["sizes"] = planned(file, state, {**(sizes or {}), "merges": merges})
    state["rate"] = rate or state.get("rate", RATE)
    sweep([file])  # what a killed training left half written
    training = Training(path, file, state, text, device or ("cuda" if torch.cuda.is_available() else "cpu"))
    _say(f"Training from step {state['step']} on; ^C stops and keeps.")
    with Signals() as signals:
        measured, done = before, False
        while not done:
            training.step(end)
            done = signals.asked or state["seconds"] >= end
            if done or state["seconds"] >= measured + every:
                _say(training.measure())
                measured = state["seconds"]
    if training.lost:
        raise Refused(training.lost)
    if state["seconds"] < end:
        return _say(f"Stopped after {state['seconds']:.0f} s; kept in {file}. The same line goes on.")
    best = min(cost for _, cost in state["history"])
    _say(f"Trained for {state['seconds']:.0f} s: {file}, {best:.2f} bits per character at its best.")


def planned(file: Path, state: dict[str, Any], asked: Mapping[str, Any]) -> dict[str, int]:
    """Sizes as asked for, or as in the file that goes on. Raises Refused for what does not fit."""
    if unknown := [name for name in asked if name not in {*SIZES, "merges"}]:
        raise Refused(f"{unknown[0]} is no size of a GPT; there are {', '.join(SIZES)}.")
    given = {name: n for name, n in asked.items() if n is not None}
    found = {**SIZES, "merges": MERGES} | given
    sizes = state.get("sizes") or {"vocab": 256 + found.pop("merges"), **found}
    for name, n in given.items() if "sizes" in state else ():
        old = sizes["vocab"] - 256 if name == "merges" else sizes[name]
        if name == "merges" and n > old:
            _say(f"{file} goes on with the {old} merges that it has.")
        elif n != old:
            raise Refused(f"{file} has {name} {old}, and {n} is asked for: leave that out, or rename the file.")
    if min(sizes.values()) < 1 or sizes["size"] % sizes["heads"] or sizes["context"] < 2 or sizes["vocab"] < 256:
        raise Refused(f"{sizes['heads']} heads must share the size {sizes['size']} evenly; a context begins at 2.")
    size, tables = sizes["size"], sizes["vocab"] + sizes["context"]
    need = 16 * size * (tables + sizes["layers"] * (12 * size + 13))  # model, best state, two numbers of AdamW for each
    memory = float("inf")
    with suppress(AttributeError, ValueError):  # not on Windows
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if need > memory:
        raise Refused(f"Such a GPT needs {need / 1e9:,.0f} GB to be trained, and there are {memory / 1e9:,.0f}.")
    need_room(file, need)
    return sizes


class Training:
    """What changes from step to step, and the file that keeps it; from where it was, or from the beginning."""

    def __init__(self, path: str | Path, file: Path, state: dict[str, Any], text: str, device: str) -> None:
        cut, sizes = len(text) * 9 // 10, state["sizes"]
        self.file, self.state, self.device, self.lost = file, state, device, ""
        if "merges" in state:
            self.tokenizer = saved_tokenizer(state)
        else:
            _say("Learning the pieces …")
            self.tokenizer = learned(text[: min(cut, LEARN_FROM)], sizes["vocab"] - 256, _say)
            sizes["vocab"] = len(self.tokenizer.pieces)  # a short text may not give so many
            state.update(merges=[list(pair) for pair in self.tokenizer.merges], seconds=0.0, step=0, history=[])
        _say("Cutting the text into pieces …")
        self.known, held_out = self.cut(text[:cut]), self.cut(text[cut:])
        if len(self.known) < 8 * sizes["context"] or len(held_out) <= sizes["context"]:
            pieces, context = len(self.known) + len(held_out), sizes["context"]
            raise Refused(f"{path} repeats itself: as pieces it has {pieces:,}, too few for a context of {context}.")
        self.held_out = held_out[:MEASURE_ON].to(device)
        self.pieces_a_character = len(held_out) / (len(text) - cut)
        torch.manual_seed(0)
        try:
            old = state.get("model")
            self.model = (loaded(sizes, old, self.tokenizer) if old else CachedGPT(GPTConfig(**sizes))).to(device)
            self.optimiser = torch.optim.AdamW(self.model.parameters())
            if old:
                self.optimiser.load_state_dict(state["optimiser"])
                torch.set_rng_state(state["random"])
        except Exception as error:  # a foreign state may raise anything
            raise Refused(f"{file} is damaged: nothing goes on from there ({type(error).__name__}).") from None

    def cut(self, text: str) -> Tensor:
        """A text as ids [N], a million characters after another, so that a large one fits into memory."""
        parts = []
        for start in range(0, len(text), 10**6):
            parts.append(torch.tensor(encoded(self.tokenizer, text[start : start + 10**6], _say), dtype=torch.long))
            if start and start % 10**7 == 0:
                _say(f"{start // 10**6} of {len(text) // 10**6} million characters")
        return torch.cat(parts)

    def rate(self, end: float) -> float:
        """It rises for a tenth of the training, and falls to 0 at `end`, in seconds."""
        done = self.state["seconds"] / end
        return self.state["rate"] * min(1 - done, max(10 * done, 0.01))

    def step(self, end: float) -> None:
        """One step towards `end`."""
        start, state = time.perf_counter(), self.state
        self.optimiser.param_groups[0]["lr"] = self.rate(end)
        ids = windows(self.known, ROWS, self.model.context + 1).to(self.device)
        training_step(self.model, [self.optimiser], ids)
        state["step"] += 1
        state["seconds"] += time.perf_counter() - start

    def measure(self) -> str:
        """Measure, keep, and write a little -> a line about it. What cannot be written is said, and tried again."""
        start, state = time.perf_counter(), self.state
        cost = bits(self.model, self.held_out) * self.pieces_a_character
        if not math.isfinite(cost):
            raise Refused(
                f"{self.file}: the loss is no number any more. What was kept is as it was; try a lower --rate."
            )
        if cost < min((old for _, old in state["history"]), default=math.inf):
            state["best"] = {name: value.clone() for name, value in self.model.state_dict().items()}
        state["history"].append([state["seconds"], cost])
        state["seconds"] += time.perf_counter() - start
        state.update(model=self.model.state_dict(), optimiser=self.optimiser.state_dict())
        state["random"] = torch.get_rng_state()
        content = io.BytesIO()
        torch.save(state, content)
        try:
            write_atomically(self.file, content.getvalue())
            self.lost = ""
        except OSError as why:
            self.lost = f"{self.file} could not be written: {why.strerror}; what was kept there before is as it was."
            _say(self.lost)
        begun = self.known[None, :8].to(self.device)
        written = write(self.model, begun, 40, temperature=0.8, top_p=0.9, seed=state["step"])[0, 8:]
        sample = printable(self.tokenizer.decode(written.tolist()).replace("\n", " / "))
        return f"{state['seconds']:4.0f} s  {cost:.2f} bits per character  {sample}"


def continued(trained: Trained, prompt: str, count: int, temperature: float, top_p: float, seed: int | None) -> str:
    """The prompt and how the model goes on. Raises Refused, ValueError."""
    ids = encoded(trained.tokenizer, asked(prompt))
    if not ids:
        raise Refused("The prompt is empty: there is nothing to go on from.")
    if len(ids) > trained.model.context:
        _say(f"The prompt has {len(ids):,} tokens; the model reads the last {trained.model.context}.", sys.stderr)
    written = write(trained.model, torch.tensor([ids]), count, temperature, top_p, seed=seed)
    return finished(trained.tokenizer.decode(written[0].tolist()))


def saved_tokenizer(state: dict[str, Any]) -> Tokenizer:
    """The tokenizer of a state, which has pairs as lists."""
    return Tokenizer([(str(left), str(right)) for left, right in state["merges"]])


def printable(text: str) -> str:
    """Without what would command a terminal, control characters and turns of the direction: a model wrote it."""
    return re.sub("[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", "", text)


def _say(line: str, where: Any = None) -> None:
    print(line, file=where, flush=True)


def check() -> None:
    """A model that knows nothing costs log₂ V bits a token."""
    torch.manual_seed(0)
    model = GPT(GPTConfig(vocab=16, size=16, layers=1, heads=2, context=8))
    assert abs(bits(model, torch.randint(16, (200,))) - 4) < 0.2


if __name__ == "__main__":
    check()
