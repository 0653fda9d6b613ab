"""Chapter 5: add and norm, before a part or after it."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_kit.exercises.define import Exercise, drawn, named, some_numbers, tensors, variants, wrong_answers
from course_kit.exercises.properties import rows_are_independent


class Part(nn.Module):
    """A layer to put a residual around, [B, T, D] -> [B, T, D]: each feature moves one position on."""

    def forward(self, x: Tensor) -> Tensor:
        return x.roll(1, -1)


class Bent(nn.Module):
    """Another one, with a bend: relu(x W)."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x @ some_numbers(x.shape[-1], x.shape[-1], seed=570).to(x.dtype))


def add_and_norm(x: Tensor, part, gain: Tensor, bias: Tensor, norm_first: bool) -> Tensor:
    """x [B, T, D], part: [B, T, D] -> [B, T, D], gain and bias [D] -> [B, T, D]."""
    if norm_first:
        return x + part(F.layer_norm(x, gain.shape, gain, bias))
    return F.layer_norm(x + part(x), gain.shape, gain, bias)


_added = named("x", "part", "gain", "bias", "norm_first")
_MOVES = {"part": "a layer that turns the features round by one"}
_BENDS = {"part": "a layer: relu(x W)"}


def _pre(x, part, norm):
    return x + part(norm(x))


def _post(x, part, norm):
    return norm(x + part(x))


@variants
def _around(*inputs, dims=-1, unbiased=False, centre=True, pre=_pre, post=_post):
    """Add and norm with one thing done differently."""
    x, part, gain, bias, norm_first = inputs

    def norm(x):
        mean = x.mean(dims, keepdim=True) if centre else 0
        variance = x.var(dims, keepdim=True, unbiased=unbiased) if centre else (x * x).mean(dims, keepdim=True)
        return (x - mean) / (variance + 1e-5) ** 0.5 * gain + bias

    return (pre if norm_first else post)(x, part, norm)


ADD_NORM = Exercise(
    name="add and norm",
    task="A residual and a layer norm around a part: x + part(norm(x)) if norm_first, else norm(x + part(x)). The norm "
    "makes each token's D features mean 0 and variance 1 (+ 1e-5 under the root), then times gain, plus bias: "
    "x [B, T, D], gain, bias [D] -> [B, T, D].",
    reference=add_and_norm,
    cases=lambda: [
        _added(
            *tensors([[[1.0, 2, 6], [0, -1, 4]]]), Part(), torch.ones(3), torch.zeros(3), True, given=_MOVES, shown=True
        ),
        _added(*tensors([[[1.0, 2, 6], [0, -1, 4]]]), Part(), *tensors([1.0, 2, 1], [0.0, 0, 1]), False, given=_MOVES),
        _added(3 * some_numbers(2, 3, 4, seed=573), Bent(), *drawn(571, (4,), (4,)), True, given=_BENDS),
        _added(3 * some_numbers(2, 3, 4, seed=574), Bent(), *drawn(571, (4,), (4,)), False, given=_BENDS),
        _added(
            *tensors([[[1.0, 1.002, 1.004], [2, 1.99, 2.01]]]),
            Part(),
            torch.ones(3),
            torch.zeros(3),
            True,
            given=_MOVES,
        ),
    ],
    returns=("output",),
    properties=(rows_are_independent("x"),),
    hints=(
        "First the norm alone. Over which numbers does it take the mean: of one token, of one feature, of all?",
        "`x.mean(-1, keepdim=True)` and `x.var(-1, keepdim=True, unbiased=False)` are one number for each token; "
        "`F.layer_norm(x, gain.shape, gain, bias)` does it all.",
        "Write the norm as a function of its own, `norm = lambda y: …`. Then pre-norm is `x + part(norm(x))`, and in "
        "post-norm the same three come in another order.",
    ),
    minutes=9,
    difficulty=2,
    wrong=wrong_answers(
        _around(dims=1),
        "The norm runs over time: each feature's mean over the words is subtracted, and every word's numbers "
        "depend on the length. Each token is normalised separately, over its features: `dim=-1`.",
        _around(unbiased=True),
        "The variance is divided by D − 1, torch's default. Layer norm divides by D: `unbiased=False`.",
        _around(centre=False),
        "The mean is not subtracted. That is RMSNorm, which many later models use; here the mean is subtracted first.",
        _around(post=lambda x, part, norm: x + norm(part(x))),
        "In post-norm only the part's output is normalised. The norm comes after the sum: norm(x + part(x)).",
        _around(pre=lambda x, part, norm: part(norm(x)), post=lambda x, part, norm: norm(part(x))),
        "There is no residual: x must be added to the part's output.",
        _around(pre=_post, post=_pre),
        "Pre-norm and post-norm are swapped.",
    ),
)
