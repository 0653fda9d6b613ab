"""Scaled dot-product attention, the softmax under it, and the masks that it takes.

Sizes: B batch, Q queries, K keys, D features. A mask is boolean, True = may be attended, and broadcasts to the
scores. A row with nothing to attend gets zeros, never NaN. Weights are returned, nothing is changed in place.
"""

import torch
from torch import Tensor

from course_utils.checks import boolean_mask, described, flag, queries_keys_values, real_numbers, whole_number

LONGEST = 65_536  # a square mask of that side has 4.3 GB


def masked_softmax(scores: Tensor, mask: Tensor | None = None, dim: int = -1) -> Tensor:
    """Softmax over `dim` of the scores that may be attended: weights ≥ 0 that sum to 1, or zeros in an empty row.

    scores [..., K], mask broadcastable to scores, bool, True = may be attended -> weights, same shape as scores.
    A score of −inf counts as masked. Integer scores become floats; a score of NaN stays visible as NaN.

    Raises TypeError for a mask that is not boolean, ValueError for one that does not broadcast to the scores.
    Source: Vaswani et al. 2017, section 3.2.1 and 3.2.3.
    """
    scores = real_numbers("scores", scores)
    whole_number("dim", dim, -max(1, scores.dim()), max(0, scores.dim() - 1))
    if mask is not None:
        scores = scores.masked_fill(~boolean_mask(mask, scores), float("-inf"))
    empty = (scores == float("-inf")).all(dim, keepdim=True)
    return torch.softmax(scores, dim).masked_fill(empty, 0.0)


def causal_mask(size: int, device: torch.device | str | None = None) -> Tensor:
    """[T, T] bool: position t may attend to positions 0 … t. The diagonal belongs to it, so no row is empty.

    Source: Vaswani et al. 2017, section 3.2.3.
    """
    size = whole_number("size", size, 0, LONGEST)
    return torch.ones(size, size, dtype=torch.bool, device=device).tril()


def local_mask(size: int, window: int, causal: bool = True, device: torch.device | str | None = None) -> Tensor:
    """[T, T] bool: position t may attend to itself and to the window − 1 before it; if not causal, as many after it.

    Raises ValueError for a window below 1, which would leave a row empty. Source: Beltagy et al. 2020, section 3.1.
    """
    size, window = whole_number("size", size, 0, LONGEST), whole_number("window", window, 1)
    mask = torch.ones(size, size, dtype=torch.bool, device=device).triu(1 - window)
    return mask.tril(0 if flag("causal", causal) else window - 1)


def padding_mask(lengths, max_len: int | None = None) -> Tensor:
    """[B, 1, K] bool: sequence b may attend to its first lengths[b] keys; combine with a causal mask by &.

    lengths: B whole numbers, 0 ≤ length ≤ max_len. max_len defaults to the longest.
    Raises ValueError for a negative length or one above max_len.
    """
    if isinstance(lengths, list | tuple):
        lengths = torch.tensor([whole_number("a length", n) for n in lengths], dtype=torch.int64)
    if not isinstance(lengths, Tensor):
        raise TypeError(f"lengths is {described(lengths)}; needed: a list of whole numbers, one for each sequence")
    if lengths.dim() != 1 or lengths.is_floating_point() or lengths.is_complex() or lengths.dtype == torch.bool:
        raise ValueError(f"lengths is {described(lengths)}; needed: one whole number per sequence")
    longest = int(lengths.max()) if lengths.numel() else 0
    max_len = longest if max_len is None else whole_number("max_len", max_len, 0)
    if longest > max_len or (lengths < 0).any():
        raise ValueError(f"lengths must lie between 0 and max_len = {max_len}, got {lengths.tolist()}")
    return (torch.arange(max_len, device=lengths.device) < lengths[:, None])[:, None, :]


def scaled_dot_product_attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """softmax(q kᵀ / √D) v, the definition: each query's scores, their softmax, the mean of the values.

    q [..., Q, D], k [..., K, D], v [..., K, Dv], mask broadcastable to [..., Q, K], bool, True = may be attended
    -> (output [..., Q, Dv], weights [..., Q, K]). A row with nothing to attend gives zeros.

    Raises ValueError when the sizes of queries and keys differ, are 0, or keys and values differ in number.
    Source: Vaswani et al. 2017, equation 1.
    """
    queries_keys_values(q, k, v)
    size = q.shape[-1]
    if k.shape[-1] != size or size == 0:
        raise ValueError(
            f"queries of size {size} and keys of size {k.shape[-1]}: a dot product needs both equal and at least 1; "
            "project one of them first (scores 'general' or 'additive' do that)"
        )
    if k.shape[-2] != v.shape[-2]:
        raise ValueError(f"{k.shape[-2]} keys but {v.shape[-2]} values: each key needs its own value")
    if not broadcast(q.shape[:-2], k.shape[:-2], v.shape[:-2]):
        given = f"queries {list(q.shape)}, keys {list(k.shape)} and values {list(v.shape)} differ before their last two"
        raise ValueError(f"{given} axes: each batch of queries needs its own batch of keys and values")
    weights = masked_softmax(q @ k.transpose(-2, -1) / size**0.5, mask)
    return weights @ v, weights


def broadcast(*shapes) -> bool:
    """Do these shapes broadcast to one?"""
    if all(shape == shapes[0] for shape in shapes):  # the usual case; torch takes longer to find out
        return True
    try:
        torch.broadcast_shapes(*shapes)
    except RuntimeError:
        return False
    return True
