"""Sums of two numbers below 100: questions whose answers are computed, and a program that checks them.

    taught, unsolved, held_out = split(200, seed=0)     # 200 solved sums; sums to practise on; sums never shown
    question(37, 48), draft(37, 48)                     # "37+48=", " 7+8=15 3+4+1=8 85\\n"
    answers(model, held_out)                            # what it writes, always the likeliest token
    share_right(model, held_out)
    asked(model, "37 + 48?")                            # a trace of its answer, or what it was taught, in a sentence

A character is a token, numbered as in chapter 7's tokenizer before any merge. a + b and b + a are one sum: both are
taught, or neither.
"""

import io
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor

from chapters.ch07.kept.files import Refused, write_atomically
from chapters.ch08.kept.chat import sum_asked
from chapters.ch08.token_traces import Trace, traced
from chapters.ch09.kept.answering import END, drawn, text_of
from course_kit.contexts import evaluating
from course_kit.i18n import t
from course_utils.gpt import GPT, CachedGPT, GPTConfig

Sum = tuple[int, int]
SIZES = {"vocab": 256, "size": 128, "layers": 2, "heads": 4, "context": 48}
HELD_OUT = 300


def fresh(seed: int = 0) -> GPT:
    """A GPT of two blocks that has read nothing."""
    torch.manual_seed(seed)
    return CachedGPT(GPTConfig(**SIZES))


def split(taught: int = 200, seed: int = 0) -> tuple[list[Sum], list[Sum], list[Sum]]:
    """So many sums to be taught, other sums to practise on, and 300 that neither training sees, in any order."""
    dice, pairs = random.Random(seed), [(a, b) for a in range(100) for b in range(a, 100)]
    dice.shuffle(pairs)
    turned = [pair[:: dice.choice((1, -1))] for pair in pairs]
    return turned[HELD_OUT : HELD_OUT + taught], turned[HELD_OUT + taught :], turned[:HELD_OUT]


def question(a: int, b: int) -> str:
    """Two digits each, so that all questions have one length."""
    return f"{a:02}+{b:02}="


def result(a: int, b: int) -> str:
    """The sum alone."""
    return f" {a + b}\n"


def draft(a: int, b: int) -> str:
    """Units, tens with what is carried, then the sum."""
    units, carry = a % 10 + b % 10, (a % 10 + b % 10) // 10
    tens = a // 10 + b // 10 + carry
    return f" {a % 10}+{b % 10}={units} {a // 10}+{b // 10}+{carry}={tens} {a + b}\n"


def blanks(a: int, b: int) -> str:
    """As many tokens as a draft has, but they say nothing."""
    return " " * (len(draft(a, b)) - len(result(a, b))) + result(a, b)


def ids_of(text: str) -> list[int]:
    """Characters as numbers."""
    return list(text.encode())


def talks(sums: Sequence[Sum], texts: Sequence[str]) -> list[tuple[list[int], list[int]]]:
    """Questions and what was answered, as `talk_batch` takes them."""
    return [(ids_of(question(*one)), ids_of(text)) for one, text in zip(sums, texts, strict=True)]


def in_ids(sums: Sequence[Sum], answer: Callable[[int, int], str]) -> list[tuple[list[int], list[int]]]:
    """The same with answers to learn from. answer: result, draft or blanks."""
    return talks(sums, [answer(*one) for one in sums])


def rows_of(sums: Sequence[Sum]) -> Tensor:
    """Questions [B, T]."""
    return torch.tensor([ids_of(question(*one)) for one in sums])


def said(text: str) -> str:
    """The last word of an answer: the sum that it names."""
    return (text.split() or [""])[-1]


def is_right(one: Sum, text: str) -> bool:
    """The check: a program adds, and compares."""
    return text.endswith("\n") and said(text) == str(sum(one))


def answers(model: GPT, sums: Sequence[Sum], temperature: float = 0.0) -> list[str]:
    """What it writes to each."""
    with evaluating(model):
        return [text_of(ids) for ids in drawn(model, rows_of(sums), temperature)]


def share_right(model: GPT, sums: Sequence[Sum]) -> float:
    """Of its likeliest answers."""
    return sum(map(is_right, sums, answers(model, sums))) / len(sums)


def asked(model: GPT, text: str) -> Trace | str:
    """How it answers a reader's question; a sentence where it was not taught to."""
    try:
        return traced(model, torch.tensor([ids_of(sum_asked(text.strip()))]), chr, text_of, END)
    except Refused:
        return t("I was taught sums of two numbers below 100, such as 37 + 48 =, and nothing else.")


def save(model: GPT, file: Path = Path("talker.pt")) -> None:
    """For `python -m mine chat talker.pt`."""
    content = io.BytesIO()
    torch.save({"task": "sums", "sizes": SIZES, "merges": [], "model": model.state_dict()}, content)
    write_atomically(file, content.getvalue())
