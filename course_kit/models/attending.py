"""Multi-head attention that attends in another way: fused, from a cache, with weights that are looked at.

    attend_by(model.decoder[0].attention, way)      # way(q, k, v, heads, mask) -> output, weights

The class on the page has one way. Here a module gets a class with the same name and parameters, and a second one.
"""

import functools
from collections.abc import Callable
from typing import Any

from torch import Tensor, nn


class Attending:
    """A part of a class of multi-head attention: `attend` takes the place of `multi_head`."""

    attend: Callable
    query: nn.Module
    key: nn.Module
    value: nn.Module
    out: nn.Module
    heads: int

    def forward(self, x: Tensor, memory: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """As the page's: queries from x [B, Q, D], keys and values from memory [B, K, D]."""
        output, weights = self.attend(self.query(x), self.key(memory), self.value(memory), self.heads, mask)
        return self.out(output), weights


@functools.cache
def _attending(kind: type) -> type:
    return kind if issubclass(kind, Attending) else type(kind.__name__, (Attending, kind), {})


def attend_by(attention: Any, way: Callable) -> None:
    """Let a multi-head attention, of the course or of a page, attend in this way from now on."""
    kind: Any = type(attention)
    attention.__class__, attention.attend = _attending(kind), way
