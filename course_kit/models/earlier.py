"""Calls that cells make which readers kept, of models that are called otherwise by now."""

from functools import cache, wraps
from typing import Any

from course_utils.gpt import GPT, GPTConfig


@cache
def accept() -> None:
    """GPT(vocab, size=64): sizes, until they had a config."""

    @wraps(begin := GPT.__init__)
    def by_sizes(self: GPT, *given: Any, **named: Any) -> None:
        if "vocab" in named or given and isinstance(given[0], int):
            given, named = (GPTConfig(*given, **named),), {}
        begin(self, *given, **named)

    GPT.__init__ = by_sizes  # type: ignore[method-assign]
