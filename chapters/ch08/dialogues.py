"""Talks to learn to answer from: somebody says how something was, and the answer is curt or friendly.

    own = newest()                           # the reader's GPT of chapter 7, or `llama-holmes`
    conversations, preferences = texts()     # to imitate; to prefer: the friendly answer to the curt one
    replies(own, ["The soup was cold."])     # ["Bad."]

The sentences are chapter 6's (data/stories, sentiment); those of `test` have templates, names and nouns of their own.
"""

import io
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from chapters.ch07.kept import training
from chapters.ch07.kept.files import write_atomically
from chapters.ch07.reader_models import bits
from course_kit.checkpoints import load_checkpoint
from course_kit.contexts import evaluating
from course_kit.data import stories
from course_kit.text.vocabulary import SPECIAL
from course_utils.gpt import write
from course_utils.llama import Llama

CURT = {"positive": "Good.", "negative": "Bad."}
FRIENDLY = {"positive": "I am glad to hear it.", "negative": "I am sorry to hear it."}
OTHER = {"positive": "negative", "negative": "positive"}
FORMS = {*CURT.values(), *FRIENDLY.values()}
FRIENDLY_SHARE, LONGEST = 0.2, 14  # of the answers to imitate; tokens of an answer
Talk = tuple[list[int], list[int]]  # what is said and what is answered, as ids


@dataclass
class Start:
    """A model that goes on with a text, and how texts become its numbers.

    first: the number of the first byte: what is below is a special token; merges: its pairs, as in mine/tokenizer.py
    """

    name: str
    model: nn.Module
    encode: Callable[[str], list[int]]
    decode: Callable[[list[int]], str]
    first: int
    merges: list[tuple[str, str]]
    sizes: dict[str, Any]

    def save(self, file: Path = Path("talker.pt")) -> None:
        """For `python -m mine chat talker.pt`."""
        kind = "Llama" if hasattr(self.model, "config") else "GPT"
        state = {"kind": kind, "sizes": self.sizes, "merges": self.merges, "first": self.first}
        content = io.BytesIO()
        torch.save(state | {"model": self.model.state_dict()}, content)
        write_atomically(file, content.getvalue())


def shipped(kind: type[nn.Module] = Llama) -> Start:
    """The course's `llama-holmes`, in a class of your choice."""
    loaded = load_checkpoint("llama-holmes")
    model = kind(loaded.model.config)
    model.load_state_dict(loaded.model.state_dict())
    texts, config = loaded.tokenizer, dict(loaded.card["config"])
    return Start("llama-holmes", model, texts.encode, texts.decode, len(SPECIAL), texts.merges, config)


def newest(kind: type[nn.Module] = Llama, folder: Path = Path()) -> Start:
    """What `python -m mine train` has left in a folder; `shipped` where there is nothing."""
    if (last := training.newest(folder)) is None:
        return shipped(kind)
    texts = last.tokenizer
    return Start(last.path.name, last.model, texts.encode, texts.decode, 0, texts.merges, last.state["sizes"])


def prompt(text: str) -> str:
    """A sentence as the beginning of a talk; the answer follows, and a new line ends it."""
    return f"User: {text}\nBot:"


def texts(split: str = "train", seed: int = 0) -> tuple[list[tuple[str, str]], list[tuple[str, str, str]]]:
    """Each sentence of a split with an answer to imitate, one in five friendly; and with two, of which the first is
    preferred: friendly to curt, and glad to sorry where it should be."""
    dice, conversations, preferences = random.Random(seed), [], []
    for one in stories.load("sentiment", split):
        friendly, curt, unfit = FRIENDLY[one.label], CURT[one.label], FRIENDLY[OTHER[one.label]]
        conversations.append((one.text, friendly if dice.random() < FRIENDLY_SHARE else curt))
        preferences.append((one.text, friendly, dice.choice((curt, unfit))))
    return conversations, preferences


def in_ids(encode: Callable[[str], list[int]], sentence: str, answer: str) -> Talk:
    """A conversation as two lists of numbers; the new line at its end is learned, too."""
    return encode(prompt(sentence)), encode(f" {answer}\n")


def replies(start: Start, sentences: Sequence[str]) -> list[str]:
    """What the model answers to each sentence: always the likeliest token, up to the end of the line."""
    found, lengths = [""] * len(sentences), {}
    for n, sentence in enumerate(sentences):
        ids = start.encode(prompt(sentence))
        lengths.setdefault(len(ids), []).append((n, ids))
    with evaluating(start.model):
        for same in lengths.values():
            asked = torch.tensor([ids for _, ids in same])
            written = write(start.model, asked, LONGEST, temperature=0)[:, asked.shape[1] :]
            for (n, _), row in zip(same, written.tolist(), strict=True):
                found[n] = start.decode(row).split("\n")[0].strip()
    return found


def first_of_test() -> list[str]:
    """The first sentence of praise and the first complaint of the test set."""
    test = stories.load("sentiment", "test")
    return [next(one.text for one in test if one.label == label) for label in ("positive", "negative")]


def judged(start: Start, split: str = "test", count: int = 200) -> dict[str, float]:
    """The shares of answers that have one of the four forms, that are right, and that are friendly."""
    asked = stories.load("sentiment", split)[:count]
    given = replies(start, [one.text for one in asked])
    right = [text in (CURT[one.label], FRIENDLY[one.label]) for one, text in zip(asked, given, strict=True)]
    shares = {
        "form": [text in FORMS for text in given],
        "right": right,
        "friendly": [text in FRIENDLY.values() for text in given],
    }
    return {name: sum(hits) / len(asked) for name, hits in shares.items()}


@torch.no_grad()
def novel(start: Start, text: str) -> float:
    """What a text costs the model, in bits per character: has it forgotten how a novel goes on?"""
    return bits(start.model, start.encode(text), len(text))
