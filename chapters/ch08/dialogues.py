"""The course's own Llama that has read one novel, where no published model is installed.

own = shipped()                          # `llama-holmes`: own.model, own.encode, own.decode
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from chapters.ch07.kept.files import write_atomically
from course_kit.checkpoints import load_checkpoint
from course_kit.text.vocabulary import SPECIAL
from course_utils.llama import Llama


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
