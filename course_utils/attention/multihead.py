"""Multi-head attention: the same attention several times over, each head with projections of its own.

Sizes: B batch, H heads, Q queries, K keys, D model size, d = D / H head size.
"""

import contextlib
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.attention.scaled_dot_product import scaled_dot_product_attention
from course_utils.checks import alike, flag, real_number, vectors, whole_number
from course_utils.positions import rotary


class KeyValues(NamedTuple):
    """Keys and values of what can be attended to, cut into heads: both [B, H, K, d]. What a cache holds."""

    keys: Tensor
    values: Tensor

    def append(self, new: "KeyValues") -> "KeyValues":
        """These and the new ones behind them, in new tensors."""
        return KeyValues(torch.cat([self.keys, new.keys], 2), torch.cat([self.values, new.values], 2))


class MultiHeadAttention(nn.Module):
    """Project, split into heads, attend, join, project.

    model_size D, num_heads H; bias of the four projections; dropout of the weights, in training
    key_heads   fewer heads for keys and values: H / key_heads query heads share each (1: multi-query; Shazeer 2019,
                Ainslie et al. 2023)
    rotary      turn queries and keys by their positions (Su et al. 2021)
    Raises ValueError where D is not divisible by H, H not by key_heads, or d is odd for rotary positions.
    Source: Vaswani et al. 2017, section 3.2.2.
    """

    def __init__(
        self, model_size: int, num_heads: int, bias=True, dropout=0.0, key_heads: int | None = None, rotary=False
    ):
        super().__init__()
        whole_number("model_size", model_size, 1, 65_536)
        self.num_heads = whole_number("num_heads", num_heads, 1)
        self.key_heads = num_heads if key_heads is None else whole_number("key_heads", key_heads, 1)
        self.dropout, self.rotary = real_number("dropout", dropout, least=0, below=1), flag("rotary", rotary)
        flag("bias", bias)
        if model_size % num_heads:
            raise ValueError(f"model_size {model_size} cannot be cut into {num_heads} heads: needed a divisor of it")
        if num_heads % self.key_heads:
            raise ValueError(f"{num_heads} heads cannot share {self.key_heads} key heads: needed a divisor of them")
        self.head_size = model_size // num_heads
        if rotary and self.head_size % 2:
            raise ValueError(f"a head has {self.head_size} features: rotary positions turn pairs: needed an even one")
        read_size = self.key_heads * self.head_size
        self.query, self.key = nn.Linear(model_size, model_size, bias), nn.Linear(model_size, read_size, bias)
        self.value, self.out = nn.Linear(model_size, read_size, bias), nn.Linear(model_size, model_size, bias)
        for projection in (self.query, self.key, self.value, self.out):
            nn.init.xavier_uniform_(projection.weight)
            if bias:
                nn.init.zeros_(projection.bias)

    def forward(
        self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None, need_weights: bool = False
    ) -> tuple[Tensor, Tensor | None]:
        """q [B, Q, D], k and v [B, K, D] -> output [B, Q, D], weights [B, H, Q, K] or None.

        mask: [Q, K], [B, Q, K], [B, 1, K] or [B, H, Q, K] bool, True = may be attended. With need_weights the
        definition is computed, else torch's fused form of it; both are equal.
        Raises ValueError or TypeError for shapes or masks that do not fit.
        """
        return self.attend(q, self.project(k, v), mask, need_weights)

    def project(self, k: Tensor, v: Tensor | None = None, first: int = 0) -> KeyValues:
        """k, v [B, K, D] -> KeyValues; v is k if left out. first: the position of the first key (rotary only)."""
        keys = self._heads(self.key, "x" if v is None else "keys", k)  # [B, K, D] -> [B, H, K, d]
        values = self._heads(self.value, "x" if v is None else "values", k if v is None else v)
        if v is not None and k.shape[:2] != v.shape[:2]:
            raise ValueError(f"keys are {list(k.shape)}, values {list(v.shape)}: each key needs its own value")
        return KeyValues(self._turned(keys, first), values)

    def attend(
        self, q: Tensor, read: KeyValues, mask: Tensor | None = None, need_weights: bool = False, first: int = 0
    ) -> tuple[Tensor, Tensor | None]:
        """forward with keys and values that are projected already; first: the position of the first query."""
        keys, values = read
        if self.key_heads < self.num_heads:
            keys, values = (x.repeat_interleave(self.num_heads // self.key_heads, 1) for x in read)  # [B, H, K, d]
        queries = self._turned(self._heads(self.query, "queries", q), first)  # [B, Q, D] -> [B, H, Q, d]
        if len(queries) != len(keys):
            raise ValueError(f"{len(queries)} rows of queries, {len(keys)} of keys: a cache of another batch?")
        mask = self._mask(mask, queries, keys)
        dropout, weights = self.dropout if self.training else 0.0, None
        notes = _recording.get().get(self)
        if flag("need_weights", need_weights) or notes is not None:
            output, weights = scaled_dot_product_attention(queries, keys, values, mask)  # [B, H, Q, d], [B, H, Q, K]
            if notes is not None:
                notes.append(weights)
            if dropout:
                output = F.dropout(weights, dropout) @ values
        elif keys.shape[2] == 0:
            output = queries * 0
        else:
            output = F.scaled_dot_product_attention(queries, keys, values, mask, dropout)
            if mask is not None and output.is_cuda:  # where a CPU gives zeros to an empty row, a GPU gives a mean
                output = output.masked_fill(~mask.any(-1, keepdim=True), 0.0)
        return self.out(output.transpose(1, 2).flatten(2)), weights  # [B, H, Q, d] -> [B, Q, H · d] -> [B, Q, D]

    def _heads(self, projection: nn.Module, name: str, x: Tensor) -> Tensor:
        """x [B, T, D], projected and cut into heads: [B, H, T, d]. What torch refuses is said in our words."""
        axes, size = "[batch, time, D]", self.num_heads * self.head_size
        if not isinstance(x, Tensor) or x.dim() != 3:
            vectors(name, x, size, axes)
        try:
            x = projection(x)
        except RuntimeError:
            alike(parameters=getattr(projection, "weight", x), **{name: vectors(name, x, size, axes)})
            raise
        batch, time, width = x.shape
        return x.reshape(batch, time, width // self.head_size, self.head_size).transpose(1, 2)

    def _turned(self, x: Tensor, first: int) -> Tensor:
        return rotary(x, torch.arange(first, first + x.shape[2], device=x.device)) if self.rotary else x

    def _mask(self, mask: Tensor | None, q: Tensor, k: Tensor) -> Tensor | None:
        """The mask, checked, as the scores take it: [Q, K], [B, 1, Q, K], [B, 1, 1, K] or [B, H, Q, K]."""
        if mask is None:
            return None
        if not isinstance(mask, Tensor) or mask.dtype != torch.bool:
            kind = mask.dtype if isinstance(mask, Tensor) else type(mask).__name__
            raise TypeError(f"mask is {kind}: it must be a boolean tensor, True = may be attended (write mask == 1)")
        if mask.device != q.device:
            raise ValueError(f"mask is on {mask.device}, queries are on {q.device}: move one with .to(device)")
        (batch, heads, queries, _), keys, shape = q.shape, k.shape[2], tuple(mask.shape)
        fits = ((queries, keys), (batch, queries, keys), (batch, 1, keys), (batch, heads, queries, keys))
        if shape not in fits:
            raise ValueError(
                f"mask is {list(shape)}; needed: [Q, K] = {[queries, keys]}, [B, Q, K], [B, 1, K] or [B, H, Q, K] with "
                f"B = {batch}, H = {heads} (a mask [B, K] of real tokens becomes mask[:, None])"
            )
        return mask[:, None] if mask.dim() == 3 else mask


_recording: ContextVar[dict[nn.Module, list[Tensor]]] = ContextVar("recording", default={})  # noqa: B039 - never changed


@contextlib.contextmanager
def recording(attentions: Iterable[nn.Module]) -> Iterator[dict[nn.Module, list[Tensor]]]:
    """Within it each of these MultiHeadAttentions writes down its weights, [B, H, Q, K] for each call: {module: list}.

    It computes the definition then, instead of torch's fused form. Of whole models: `models.heads.recorded`.
    """
    before = _recording.get()
    token = _recording.set({**before, **{one: before.get(one, []) for one in attentions}})
    try:
        yield _recording.get()
    finally:
        _recording.reset(token)
