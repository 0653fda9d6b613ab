"""Attention whose cost grows linearly with length, and two relatives of softmax.

Softmax attention needs every query–key pair. When the weight of a pair is a product φ(q)·φ(k), the sum over the keys
can be made once for all queries: φ(Q)(φ(K)ᵀV) instead of (φ(Q)φ(K)ᵀ)V.
"""

import torch
from torch import Tensor, nn

from course_utils import checks
from course_utils.checks import alike, boolean_mask, described, flag, real_numbers, vectors, whole_number


class PositiveFeatures(nn.Module):
    """φ with E[φ(q)·φ(k)] = exp(q·k / √d): φ(x) = exp(ω x̂ − ‖x̂‖²/2) / √m, with x̂ = x / d^¼ and m random rows ω.

    Rows are Gaussian and orthogonal in blocks of d, drawn from a generator of their own: the same every time.
    Choromanski et al. (2021), "Rethinking Attention with Performers", §2.3–2.4. x [..., D] -> φ(x) [..., count].
    """

    def __init__(self, size: int, count: int, seed: int = 0):
        super().__init__()
        size, count = whole_number("size", size, 1), whole_number("count", count, 1)
        source = torch.Generator().manual_seed(whole_number("seed", seed))
        normal = torch.randn(-(-count // size), size, size, generator=source, dtype=torch.float64)
        rotation, upper = torch.linalg.qr(normal)
        rotation = rotation * upper.diagonal(dim1=-2, dim2=-1).sign()[:, None]  # else some directions are favoured
        rows = rotation.flatten(0, 1)[:count]
        lengths = torch.randn(count, size, generator=source, dtype=torch.float64).norm(dim=-1, keepdim=True)
        self.register_buffer("rows", (rows * lengths).float())

    def log(self, x: Tensor) -> Tensor:
        """log φ(x) [..., count], finite however long x is."""
        alike(x=vectors("x", x, self.rows.shape[1], "[..., D]"), rows=self.rows)
        x = x / x.shape[-1] ** 0.25
        return x @ self.rows.mT - x.square().sum(-1, keepdim=True) / 2 - 0.5 * torch.tensor(len(self.rows)).log()

    def forward(self, x: Tensor) -> Tensor:
        return self.log(x).exp()


def linear_attention(queries, keys, values, feature_map, mask=None, keys_first=True) -> Tensor:
    """Weights φ(q)·φ(k) / Σⱼ φ(q)·φ(kⱼ), in either order of multiplying. Both give the same numbers.

    queries [B, Q, D], keys [B, K, D], values [B, K, Dv], feature_map: [..., D] -> [..., m] with entries ≥ 0,
    mask [B, 1, K] bool, True = may be attended -> output [B, Q, Dv]. A row with nothing to attend gives zeros.
    keys_first=True: φ(Q)(φ(K)ᵀV), m·Dv·(Q + K) multiply–adds; False: (φ(Q)φ(K)ᵀ)V, Q·K·(m + Dv), and a [Q, K] matrix.

    Raises ValueError for unequal sizes or numbers, and for a mask that differs from query to query, such as a causal
    one: that takes running sums over the keys, which this function does not compute. TypeError for a mask that is
    not boolean.
    Source: Katharopoulos et al. (2020), "Transformers are RNNs", §3.2; Choromanski et al. (2021), §2.2.
    """
    checks.queries_keys_values(queries, keys, values)
    if queries.shape[-1] != keys.shape[-1]:
        raise ValueError(f"queries of size {queries.shape[-1]}, keys of size {keys.shape[-1]}: φ needs them equal.")
    if keys.shape[:-1] != values.shape[:-1] or queries.shape[:-2] != keys.shape[:-2]:
        raise ValueError(
            f"queries {list(queries.shape)}, keys {list(keys.shape)}, values {list(values.shape)}; needed: "
            "[B, Q, D], [B, K, D], [B, K, Dv], and each key needs its own value."
        )
    if not callable(feature_map):
        raise TypeError(f"feature_map is {described(feature_map)}; needed: a function of vectors, such as torch.exp")
    phi_q, phi_k = feature_map(queries), feature_map(keys)
    if (phi_q < 0).any() or (phi_k < 0).any():
        raise ValueError("feature_map gave negative numbers; needed: entries from 0 upwards, else weights are negative")
    if mask is not None:
        phi_k = phi_k.masked_fill(~_key_mask(mask, keys), 0)
    total = phi_q @ phi_k.sum(-2).unsqueeze(-1)  # [B, Q, 1]
    flag("keys_first", keys_first)
    output = phi_q @ (phi_k.mT @ values) if keys_first else (phi_q @ phi_k.mT) @ values  # [B, Q, Dv]
    return output / total.masked_fill(total == 0, 1)


def _key_mask(mask, keys: Tensor) -> Tensor:
    """A mask that hides keys from all queries, [B, 1, K], as [B, K, 1]."""
    if isinstance(mask, Tensor) and mask.shape[-2:] != (1, keys.shape[-2]):
        raise ValueError(
            f"mask has shape {list(mask.shape)}; linear attention can hide keys from all queries, [B, 1, "
            f"{keys.shape[-2]}], not pairs. For a mask per query use scaled_dot_product_attention."
        )
    return boolean_mask(mask, keys[..., :1].mT).mT


def hardmax(scores: Tensor, mask: Tensor | None = None) -> Tensor:
    """All weight on the largest score, in equal parts if there are several: softmax at temperature 0.

    scores [..., K], mask bool broadcastable, True = may be attended -> weights [..., K]; zeros where all is masked.
    No gradient flows through it: it cannot be learned.
    """
    scores = _masked(scores, mask)
    best = (scores == scores.amax(-1, keepdim=True)) & (scores > float("-inf"))
    weights = best / best.sum(-1, keepdim=True).clamp_min(1)
    return weights.masked_fill(scores.isnan().any(-1, keepdim=True), float("nan"))


def sparsemax(scores: Tensor, mask: Tensor | None = None) -> Tensor:
    """The point of the simplex nearest to the scores: max(s − τ, 0), τ such that the weights sum to 1.

    scores [..., K], mask bool broadcastable, True = may be attended -> weights [..., K], many of them exactly 0;
    zeros where all is masked. Source: Martins & Astudillo (2016), "From Softmax to Sparsemax", Algorithm 1.
    """
    scores = _masked(scores, mask)
    top = scores.amax(-1, keepdim=True)
    empty = top == float("-inf")
    scores = scores - top.masked_fill(empty, 0)  # the weights stay, and large scores lose no digits
    ordered = scores.sort(-1, descending=True).values
    rank = torch.arange(1, scores.shape[-1] + 1, device=scores.device)
    running = ordered.cumsum(-1)
    support = (1 + rank * ordered > running).sum(-1, keepdim=True).clamp_min(1)  # 0 only in a row with NaN
    tau = (running.gather(-1, support - 1) - 1) / support
    return (scores - tau).clamp_min(0).masked_fill(empty, 0)


def _masked(scores, mask) -> Tensor:
    """Scores [..., K] of at least one key, −inf where they are masked."""
    scores = real_numbers("scores", scores)
    if scores.dim() == 0 or scores.shape[-1] == 0:
        raise ValueError(f"scores have shape {list(scores.shape)}; needed: [..., K], one for each of at least one key")
    return scores if mask is None else scores.masked_fill(~boolean_mask(mask, scores), float("-inf"))
