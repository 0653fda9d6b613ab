"""My Llama talks.

    python -m mine chat                    with SmolLM2, by llama.py; ^C ends an answer, an empty line the talk
    python -m mine chat talker.pt          with the model of chapter 9 that learned to add

smollm.py says how to install SmolLM2. In Python:

    talker = read_talker("talker.pt")
    answer = Answer(talker, [("user", "37 + 48 =")], count=20)
    text = "".join(answer)                 # its pieces, one after another; then answer.reason is "stop" or "length"
"""

import re
import select
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from chapters.ch07.kept.files import Refused
from chapters.ch07.kept.tokenizer import encoded, finished
from chapters.ch07.kept.training import loaded, printable, read_state, saved_tokenizer
from chapters.ch08.kept.llama import Llama, alone, generate
from chapters.ch08.kept.smollm import SYSTEM, chat_ids, read_model, where

Messages = Sequence[tuple[str, str]]  # roles ("system", "user", "assistant") and what they say
LINE = 4095  # bytes that a terminal passes on of a line, or 1,023
PASTED = 0.05  # seconds within which what is pasted goes on
LETTERS = 40  # of a token: more than these for each of its context no model is asked to cut


class TooLong(Refused):
    """A talk that does not fit into the context."""


def need_few(letters: int, context: int) -> None:
    """Raises TooLong for a text that cannot fit, before it is cut into tokens, which takes long."""
    if letters > LETTERS * context:
        raise TooLong(f"{letters:,} characters are too many: {context:,} tokens fit into the context.")


@dataclass
class Talker:
    """A model that answers. prompt: a talk as ids; stop: the token that ends an answer."""

    name: str
    model: Any
    prompt: Callable[[Messages], list[int]]
    decode: Callable[[list[int]], str]
    stop: int

    def ids(self, messages: Messages) -> list[int]:
        """A talk as ids. Raises Refused where it is empty, TooLong where it leaves no room in the context."""
        ids = self.prompt(messages)
        if not ids:
            raise Refused("The question is empty.")
        if len(ids) >= self.model.context:
            raise TooLong(f"{len(ids):,} tokens are too many: {self.model.context:,} fit into the context.")
        return ids


@dataclass
class Answer:
    """An answer while it is written: iterating gives its pieces. stops: texts that end it and are no part of it.

    reason: afterwards, "stop" or "length"; asked, count: tokens of the question, and of the answer at most
    """

    talker: Talker
    messages: Messages
    count: int = 200
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int | None = None
    stops: Sequence[str] = ()
    between: Callable[[], None] = alone
    reason: str = "length"
    written: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ids = self.talker.ids(self.messages)
        self.count = min(self.count, self.talker.model.context - len(self.ids))

    def __iter__(self) -> Iterator[str]:
        said, text, ids = 0, "", torch.tensor([self.ids])
        how = self.temperature, self.top_p, self.seed, self.between
        for token in generate(self.talker.model, ids, self.count, {self.talker.stop}, *how):
            if token == self.talker.stop:
                self.reason = "stop"
                break
            self.written.append(token)
            text = finished(self.talker.decode(self.written))
            found = [place for stop in self.stops if (place := text.find(stop, said)) >= 0]
            if found:
                self.reason = "stop"
                yield text[said : min(found)]
                return
            safe = len(text) - held_back(text[said:], self.stops)
            yield text[said:safe]  # also if it is empty: whoever waits may do something else
            said = max(said, safe)
        yield text[said:]


def held_back(text: str, stops: Sequence[str]) -> int:
    """How many letters at the end may be the beginning of a stop."""
    longest = [range(min(len(stop) - 1, len(text)), 0, -1) for stop in stops]
    found = (next((n for n in tries if text.endswith(stop[:n])), 0) for stop, tries in zip(stops, longest, strict=True))
    return max(found, default=0)


def smollm_talker() -> Talker:
    """SmolLM2 in my Llama. Raises Refused where it is not installed, or damaged."""
    try:
        if (path := where()) is None:
            raise Refused("SmolLM2 is not installed: the first lines of mine/smollm.py say how.")
        config, parameters, tokenizer, stop = read_model(path)
    except (ValueError, OSError) as why:
        raise Refused(str(why)) from None
    with torch.device("meta"):
        model = Llama(config)
    model.load_state_dict(parameters, assign=True)

    def prompt(messages: Messages) -> list[int]:
        need_few(sum(len(text) for _, text in messages), model.context)
        system = [] if messages[0][0] == "system" else [("system", SYSTEM)]
        return chat_ids(tokenizer, [*system, *messages])

    return Talker("smollm2", model.eval(), prompt, tokenizer.decode, stop)


def sum_asked(said: str) -> str:
    """A question as it was taught, `37+48=`. Raises Refused for all else, which the model was never shown."""
    found = re.fullmatch(r"(?:what is\s)?\s*([0-9]{1,2})\s*\+\s*([0-9]{1,2})\s*=?\s*\??", said.lower())
    if found is None:
        raise Refused("I was taught sums of two numbers below 100, such as 37 + 48 =, and nothing else.")
    return "{:02}+{:02}=".format(*map(int, found.groups()))


def read_talker(path: str | Path) -> Talker:
    """The model that chapter 9 taught to answer, or one of `python -m mine train`, which goes on. Raises Refused."""
    state = read_state(path)
    try:
        texts = saved_tokenizer(state)
        model = loaded(state["sizes"], state.get("best", state.get("model")), texts)
    except Exception as error:  # a foreign file may hold anything
        raise Refused(f"{path} holds no model that talks ({type(error).__name__}).") from None

    def prompt(messages: Messages) -> list[int]:
        said = messages[-1][1].strip()
        need_few(len(said), model.context)
        return encoded(texts, sum_asked(said) if said and state.get("task") == "sums" else said)

    return Talker(Path(path).name.partition(".")[0], model, prompt, texts.decode, texts.encode("\n")[0])


def chat(
    file: str | None = None, count: int = 200, temperature: float = 0.2, top_p: float = 0.9, seed: int | None = None
) -> None:
    """Question and answer, until an empty line or the end of the input. Raises Refused.

    In a terminal all lines of what is pasted are one question, with the empty ones among them.
    """
    if sys.stdin is None:  # <&-
        raise Refused("There is no input to read from.")
    talker, typed = read_talker(file) if file else smollm_talker(), sys.stdin.isatty()
    print("Say something; an empty line ends the talk.", flush=True)
    try:
        _talk(talker, typed, count, temperature, top_p, seed)
    finally:
        for _ in range(100):
            if not (typed and _waiting()):
                break
            _forget()  # else the shell would run it


def _talk(talker: Talker, typed: bool, count: int, *how: Any) -> None:
    messages: list[tuple[str, str]] = []
    while text := _typed(typed):
        messages.append(("user", text))
        try:
            answer = _fitting(talker, messages, count, *how)
        except Refused as why:
            print(why, "This question is left out.")
            messages.pop()
            continue
        said = ""
        try:
            for piece in answer:
                said += piece
                print(printable(piece), end="", flush=True)
        except KeyboardInterrupt:
            print(" …", end="")
        except ValueError as why:
            raise Refused(str(why)) from None
        print(flush=True)
        messages.append(("assistant", said))


def _typed(terminal: bool) -> str:
    try:
        lines = [input("> " if terminal else "")]
        while terminal and _waiting():
            lines.append(input())
        if terminal and any(len(line.encode("utf-8", "replace")) in (1023, LINE) for line in lines):
            print("A line is as long as a terminal can pass on, and may be cut: send long ones from a file, by a pipe.")
        return "\n".join(lines).strip()
    except (EOFError, KeyboardInterrupt):  # the end of a pipe, ^D, ^C
        print()
        return ""


def _waiting() -> bool:
    """Whether more was typed or pasted than was read."""
    if sys.platform == "win32":
        import msvcrt

        return msvcrt.kbhit()
    return bool(select.select([sys.stdin], [], [], PASTED)[0])


def _forget() -> None:
    """Throw away what was typed and not read."""
    if sys.platform == "win32":
        import msvcrt

        while msvcrt.kbhit():
            msvcrt.getwch()
    else:
        import termios

        termios.tcflush(sys.stdin, termios.TCIFLUSH)


def _fitting(talker: Talker, messages: list, count: int, *how: Any) -> Answer:
    """The answer to a talk, whose beginning is forgotten where it leaves too little room for `count` tokens."""
    alone = Answer(talker, messages[-1:], count, *how)  # raises Refused where not even the question fits
    room = min(count, talker.model.context // 2)
    for start in range(0, len(messages) - 1, 2):
        with suppress(TooLong):
            if (answer := Answer(talker, messages[start:], count, *how)).count >= room:
                del messages[:start]
                return answer
    del messages[:-1]
    return alone


def check() -> None:
    """What may be the beginning of a stop is held back; a sum is asked as it was taught."""
    assert sum_asked("7 + 48 = ?") == "07+48="
    assert held_back("The end\nUs", ["\nUser:", "."]) == 3 and held_back("The end", ["\nUser:"]) == 0


if __name__ == "__main__":
    check()
    chat()
