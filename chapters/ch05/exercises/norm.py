"""Chapter 5: add and norm, before a part or after it."""

import torch
from torch import Tensor, nn

from course_utils.exercises.definition import Exercise, variants, wrong_answers
from course_utils.exercises.inputs import drawn, named, some_numbers, tensors
from course_utils.models.blocks import AddNorm

# ---- add and norm ---------------------------------------------------------------------------------------------------


class Part(nn.Module):
    """A layer to put a residual around, [B, T, D] -> [B, T, D]: each feature moves one place on."""

    def forward(self, x: Tensor) -> Tensor:
        return x.roll(1, -1)


class Bent(nn.Module):
    """Another one, with a bend: relu(x W)."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x @ some_numbers(x.shape[-1], x.shape[-1], seed=570).to(x.dtype))


def add_and_norm(x: Tensor, part, gain: Tensor, bias: Tensor, norm_first: bool) -> Tensor:
    """x [B, T, D], part: [B, T, D] -> [B, T, D], gain and bias [D] -> [B, T, D]: AddNorm around the part."""
    around = AddNorm(x.shape[-1], norm_first=norm_first)
    around.norm.weight, around.norm.bias = nn.Parameter(gain), nn.Parameter(bias)
    return around.after(x, part(around.before(x)))


_added = named("x", "part", "gain", "bias", "norm_first")
_MOVES = {"part": "a layer that moves each feature one place on, the last to the front"}
_BENDS = {"part": "a layer: relu(x W)"}


@variants
def _norm(x, gain, bias, *, dims=-1, unbiased=False, centre=True, affine=True, root=True):
    mean = x.mean(dims, keepdim=True) if centre else 0
    variance = x.var(dims, keepdim=True, unbiased=unbiased) if centre else (x * x).mean(dims, keepdim=True)
    scaled = (x - mean) / (variance + 1e-5) ** (0.5 if root else 1)
    return scaled * gain + bias if affine else scaled


def _pre(x, part, norm):
    return x + part(norm(x))


def _post(x, part, norm):
    return norm(x + part(x))


@variants
def _wrong_norm(*inputs, norm=None, pre=_pre, post=_post):
    """Add and norm with one thing done differently."""
    norm = norm or _norm()
    x, part, gain, bias, norm_first = inputs
    return (pre if norm_first else post)(x, part, lambda y: norm(y, gain, bias))


ADD_NORM = Exercise(
    name="add and norm",
    task="A residual and a layer norm around a part: x + part(norm(x)) if norm_first, else norm(x + part(x)). The norm "
    "makes each token's D features mean 0 and variance 1 (+ 1e-5 under the root), then times gain, plus bias: "
    "x [B, T, D], gain, bias [D] -> [B, T, D].",
    why="It is what makes deep stacks trainable; and over which axis one normalises decides whether padding counts.",
    reference=add_and_norm,
    cases=lambda: [
        _added(
            *tensors([[[1.0, 2, 6], [0, -1, 4]]]), Part(), torch.ones(3), torch.zeros(3), True, given=_MOVES, shown=True
        ),
        _added(*tensors([[[1.0, 2, 6], [0, -1, 4]]]), Part(), *tensors([1.0, 2, 1], [0.0, 0, 1]), False, given=_MOVES),
        _added(3 * some_numbers(2, 3, 4, seed=573), Bent(), *drawn(571, (4,), (4,)), True, given=_BENDS),
        _added(3 * some_numbers(2, 3, 4, seed=574), Bent(), *drawn(571, (4,), (4,)), False, given=_BENDS),
    ],
    returns=("output",),
    hints=(
        "First the norm alone: mean and variance of the last axis, `keepdim=True`. No batch, no time.",
        "`F.layer_norm(x, gain.shape, gain, bias)` does it, or by hand with `x.var(-1, keepdim=True, unbiased=False)`.",
        "`x + part(norm(x)) if norm_first else norm(x + part(x))`",
    ),
    minutes=5,
    difficulty=2,
    wrong=wrong_answers(
        _wrong_norm(_norm(1)),
        "The norm runs over time: each feature's mean over the words is subtracted, and every word's numbers "
        "depend on the length. Each token is normalised alone, over its features: `dim=-1`.",
        _wrong_norm(_norm((0, 1))),
        "The norm runs over the whole batch, feature by feature: that is batch norm. Padding and the other "
        "sentences would count. Normalise over the features, `dim=-1`.",
        _wrong_norm(_norm((1, 2))),
        "One mean for the whole sentence: the norm runs over time and features. Each token for itself: `dim=-1`.",
        _wrong_norm(_norm(unbiased=True)),
        "Nearly: the variance is divided by D − 1, torch's default. Layer norm divides by D: `unbiased=False`.",
        _wrong_norm(_norm(centre=False)),
        "The mean is not subtracted. That is RMSNorm, which many later models use; here the mean goes first.",
        _wrong_norm(_norm(root=False)),
        "Divided by the variance. Its root is missing.",
        _wrong_norm(_norm(affine=False)),
        "gain and bias are not used.",
        _wrong_norm(pre=lambda x, part, norm: norm(x) + part(norm(x))),
        "In pre-norm the residual is taken after the norm. What is carried on is x itself, untouched from the "
        "first layer to the last.",
        _wrong_norm(post=lambda x, part, norm: x + norm(part(x))),
        "In post-norm only what the part wrote is normalised. The norm comes after the sum: norm(x + part(x)).",
        _wrong_norm(pre=lambda x, part, norm: part(norm(x)), post=lambda x, part, norm: norm(part(x))),
        "There is no residual: x must be added to what the part writes.",
        _wrong_norm(pre=lambda x, part, norm: x + part(x), post=lambda x, part, norm: x + part(x)),
        "There is no norm.",
        _wrong_norm(pre=_post, post=_pre),
        "Pre-norm and post-norm are swapped.",
        _wrong_norm(pre=_post),
        "Always post-norm: norm_first is not used.",
        _wrong_norm(post=_pre),
        "Always pre-norm: norm_first is not used.",
    ),
)
