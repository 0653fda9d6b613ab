"""Chapter 5: the residual connection with its norm, and an article's block that has neither."""

import torch.nn.functional as F
from torch import Tensor

from course_kit.exercises import compare
from course_kit.exercises.define import (
    Case,
    Exercise,
    FindError,
    call,
    drawn,
    named,
    some_numbers,
    variants,
    wrong_answers,
)
from course_utils.blocks import add_norm

from .norm import Bent, Part


def norm_with(size: int, seed: int):
    """A layer norm: x -> x."""
    gain, bias = drawn(seed, (size,), (size,))
    return lambda x: F.layer_norm(x, gain.shape, gain, bias)


def as_it_is(x: Tensor) -> Tensor:
    """The norm that is not there."""
    return x


_added = named("x", "f", "norm", f="a sub-layer: x -> x", norm="a layer norm: x -> x")


_PLAIN = {"f": "moves each feature one place on, the last to the front", "norm": "a layer norm: mean 0, variance 1"}


def _added_case(part, *shape: int, seed: int) -> Case:
    return _added(some_numbers(*shape, seed=seed), part, norm_with(shape[-1], seed + 1))


RESIDUAL = Exercise(
    name="residual and norm",
    task="Put a residual connection and a norm around a sub-layer f, with the norm first: f reads the normalised x, "
    "and what it gives is added to x: x [B, T, D] -> [B, T, D].",
    reference=add_norm,
    cases=lambda: [
        _added(
            some_numbers(1, 2, 3, seed=610), Part(), lambda x: F.layer_norm(x, x.shape[-1:]), given=_PLAIN, shown=True
        ),
        _added_case(Bent(), 2, 3, 4, seed=620),
        _added_case(Part(), 1, 3, 5, seed=630),
    ],
    returns=("output",),
    hints=(
        "Two things are added. Which of them has been through the norm and the sub-layer, and which through neither?",
        "The sub-layer reads `norm(x)`: that is `f(norm(x))`.",
        "x itself goes round both, untouched, and what f gives is added to it.",
    ),
    minutes=1,
    difficulty=1,
    used="Your `add_norm` is in each block of [Four: a block, and a stack](#Four:-a-block,-and-a-stack).",
    wrong=wrong_answers(
        lambda x, f, norm: norm(x + f(x)),
        "This is post-norm, the order of 2017. Here the norm comes before the sub-layer, and nothing after the sum.",
        lambda x, f, norm: norm(x) + f(norm(x)),
        "What is added is the normalised x. Add x itself, so that the residual stream is untouched.",
        lambda x, f, norm: x + norm(f(x)),
        "The norm comes after the sub-layer: f reads x as it is. Normalise what f reads.",
        lambda x, f, norm: norm(x) + f(x),
        "Norm and sub-layer stand side by side. The sub-layer reads what the norm gives, and is added to x.",
    ),
)


_bare = named(
    *("x", "attention", "ffn", "norm1", "norm2"),
    attention="any layer",
    ffn="another layer",
    norm1="a layer norm",
    norm2="another layer norm",
)


def block_around(x: Tensor, attention, ffn, norm1, norm2) -> Tensor:
    """x [B, T, D], two parts and two norms -> [B, T, D], pre-norm."""
    y = x + attention(norm1(x))
    return y + ffn(norm2(y))


def _pre_or_post(answer, case: Case) -> Tensor:
    """Post-norm is as right as pre-norm here, and counts as it."""
    x, attention, ffn, norm1, norm2 = case.args.values()
    right = block_around(*case.args.values())
    mine = compare.converted(call(answer, case), right, NO_WAY.returns)
    y = norm1(x + attention(x))
    return right if compare.same(mine, norm2(y + ffn(y))) else mine


def _bare_case(size, seed, shown=False) -> Case:
    x = some_numbers(1 if shown else 2, 2, size, seed=seed)
    return _bare(x, Part(), Bent(), norm_with(size, seed + 1), norm_with(size, seed + 5), shown=shown)


@variants
def _around(
    *inputs,
    first=lambda x, h: x,
    second=lambda x, y, h: y,
    norms=lambda norm1, norm2: (norm1, norm2),
):
    """A block around any two layers. first, second: to what each layer's output is added."""
    x, attention, ffn, *both = inputs
    norm1, norm2 = norms(*both)
    h = norm1(x)
    y = first(x, h) + attention(h)
    h = norm2(y)
    return second(x, y, h) + ffn(h)


NO_WAY = FindError(
    name="program 5.14",
    title="no way round",
    task="write the block again, with residuals and norms, pre-norm or post-norm.",
    program=(
        "def block(x, attention, ffn, norm1, norm2):      # each part: [B, T, D] -> [B, T, D]",
        "    return ffn(attention(x))",
    ),
    line=2,
    found="nothing leads round the layers, and nothing keeps the numbers in size: residual and norm are missing.",
    innocent={1: "it only names what comes in. Are all of them used?"},
    reference=block_around,
    cases=lambda: [_bare_case(3, 580, shown=True), _bare_case(4, 590), _bare_case(5, 595)],
    returns=("output",),
    run=_pre_or_post,
    hints=(
        "What comes in and is never used?",
        "Each layer gets a residual connection of its own: x + layer(…).",
        "The first half is `y = x + attention(norm1(x))`, or in post-norm `y = norm1(x + attention(x))`. The second "
        "half is the same with the other layer and norm.",
    ),
    minutes=4,
    difficulty=2,
    wrong=wrong_answers(
        lambda x, a, f, n1, n2: f(a(x)),
        "There is still no residual and no norm.",
        _around(first=lambda x, h: 0, second=lambda x, y, h: x),
        "One residual round both layers together. Each layer has its own.",
        _around(first=lambda x, h: h, second=lambda x, y, h: h),
        "The residual is taken after the norm, so that nothing is carried on untouched: add x itself.",
        _around(first=lambda x, h: 0),
        "The first residual is missing: x + (…)",
        _around(second=lambda x, y, h: x),
        "The second residual starts from x again, and skips the attention.",
        _around(norms=lambda n1, n2: (n1, as_it_is)),
        "norm2 is not used: the second layer reads y without a norm.",
    ),
)
