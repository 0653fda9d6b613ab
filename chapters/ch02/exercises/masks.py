"""Chapter 2: linear attention, and padding and causal mask together."""

import torch
from torch import Tensor

from course_utils.attention import causal_mask, padding_mask
from course_utils.attention.linear import linear_attention
from course_utils.exercises.definition import Case, Exercise, wrong_answers
from course_utils.exercises.inputs import named, normal, tensors

# ---- linear attention -----------------------------------------------------------------------------------------------


def linear_output(phi_q: Tensor, phi_k: Tensor, values: Tensor) -> Tensor:
    """phi_q [Q, m], phi_k [K, m], both ≥ 0, values [K, Dv] -> output [Q, Dv]: `linear_attention` of given features."""
    return linear_attention(phi_q, phi_k, values, feature_map=lambda x: x)


_linear = named("phi_q", "phi_k", "values")

LINEAR = Exercise(
    name="linear attention",
    task="The mean of the values with weights φ(q)·φ(k) / Σⱼ φ(q)·φ(kⱼ): phi_q [Q, m], phi_k [K, m], values [K, Dv] "
    "-> output [Q, Dv]. Try to do it without ever forming a [Q, K] matrix.",
    why="Change the order of two products, and attention's cost grows with the length instead of its square.",
    reference=linear_output,
    cases=lambda: [
        _linear(*tensors([[1.0, 2]], [[1.0, 0], [1, 1]], [[4.0], [8.0]]), shown=True),
        _linear(normal(2, 3, seed=71).exp(), normal(4, 3, seed=72).exp(), normal(4, 2, seed=73)),
        _linear(normal(3, 3, seed=74).exp(), normal(3, 3, seed=75).exp(), normal(3, 3, seed=76)),
    ],
    returns=("output",),
    hints=(
        "First the numerator: φ(Q) (φ(K)ᵀ V). The brackets hold a small matrix, [m, Dv], made once for all queries.",
        "The denominator of each query is φ(q) · Σⱼ φ(kⱼ): `phi_k.sum(0)` is a vector of m numbers.",
        "`phi_q @ (phi_k.T @ values) / (phi_q @ phi_k.sum(0))[:, None]`",
    ),
    minutes=5,
    difficulty=3,
    wrong=wrong_answers(
        lambda phi_q, phi_k, values: phi_q @ (phi_k.T @ values),
        "Not normalised: the weights φ(q)·φ(k) don't sum to 1, so this is a sum, not a mean. Divide by φ(q)·Σφ(k).",
        lambda phi_q, phi_k, values: torch.softmax(phi_q @ phi_k.T, -1) @ values,
        "A softmax of φ(q)·φ(k): the exponential is in φ already. Divide by the sum, nothing else.",
        lambda phi_q, phi_k, values: phi_q @ (phi_k.T @ values) / phi_q.sum(-1, keepdim=True),
        "Divided by the sum of φ(q). The weights' sum also depends on the keys: φ(q)·Σφ(k).",
        lambda phi_q, phi_k, values: phi_q @ (phi_k.T @ values) / (phi_q @ phi_k.sum(0)).sum(),
        "One sum for all queries. Each query has its own: keep the axis.",
        lambda phi_q, phi_k, values: phi_q @ (phi_k.T @ values) / len(phi_k),
        "Divided by the number of keys: right only if all weights were equal to 1.",
        lambda phi_q, phi_k, values: (phi_q / phi_q.sum(-1, keepdim=True)) @ ((phi_k / phi_k.sum(0)).T @ values),
        "φ(q) and φ(k) are normalised apart. The product of two shares is another mixture than the share of the "
        "products; divide once, at the end.",
    ),
)

# ---- padding and causal mask ----------------------------------------------------------------------------------------


def decoder_mask(lengths: Tensor, size: int) -> Tensor:
    """lengths [B], size T -> [B, T, T] bool: `padding_mask` and `causal_mask` together."""
    return padding_mask(lengths, size) & causal_mask(size)


MASK = Exercise(
    name="padding and causal mask",
    task="For a batch of sequences padded to T: position t may attend to positions 0 … t, and never to padding. "
    "lengths [B], size T -> mask [B, T, T] bool, True = may be attended.",
    why="Every decoder trains under this mask. A mask that is nearly right trains nearly well, and nobody notices.",
    reference=decoder_mask,
    cases=lambda: [
        Case({"lengths": torch.tensor([3, 2]), "size": 3}, shown=True),
        Case({"lengths": torch.tensor([1, 4, 0]), "size": 4}),
        Case({"lengths": torch.tensor([2]), "size": 2}),
    ],
    returns=("mask",),
    hints=(
        "Two masks, both of which must say yes: `&`.",
        "Causal: `torch.ones(T, T, dtype=torch.bool).tril()`; row = query, the diagonal belongs to it.",
        "Padding hides *keys*, the last axis: `torch.arange(T) < lengths[:, None]` is [B, T]; make it [B, 1, T].",
    ),
    minutes=4,
    difficulty=2,
    wrong=wrong_answers(
        lambda lengths, size: padding_mask(lengths, size) | causal_mask(size),
        "Joined by *or*: a key is allowed as soon as one of the two says yes. Both must: `&`.",
        lambda lengths, size: padding_mask(lengths, size) & torch.ones(size, size, dtype=torch.bool).tril(-1),
        "Strictly before: the first position may attend to nothing. The diagonal belongs to the mask.",
        lambda lengths, size: padding_mask(lengths, size) & causal_mask(size).T,
        "Turned round: each position sees itself and the future. Row is the query; keep the lower triangle.",
        lambda lengths, size: padding_mask(lengths, size).mT & causal_mask(size),
        "Padding on the wrong axis: this silences padded *queries*, whose outputs the loss throws away anyway. "
        "What must be hidden are padded *keys*, the last axis.",
        lambda lengths, size: ~(padding_mask(lengths, size) & causal_mask(size)),
        "The other way round: in this course True means *may be attended*.",
        lambda lengths, size: (padding_mask(lengths, size) & causal_mask(size)).float(),
        "The right pattern as decimal numbers. A mask is boolean.",
        lambda lengths, size: (torch.arange(size) <= lengths[:, None])[:, None] & causal_mask(size),
        "One key too many: positions count from 0, so the last real one is lengths − 1. Use `<`.",
        lambda lengths, size: causal_mask(size).expand(len(lengths), size, size),
        "Causal only: padding can still be attended.",
        lambda lengths, size: padding_mask(lengths, size).expand(-1, size, -1),
        "Padding only: each position can still see the future.",
    ),
)
