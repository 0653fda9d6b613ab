"""Chapter 5: the encoder block, and an article's block without residual and norm."""

import torch
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
from course_utils.attention import causal_mask, padding_mask, scaled_dot_product_attention

from .norm import Bent, Part


def encoder_block(x: Tensor, mask: Tensor, attention, ffn, norm1, norm2) -> Tensor:
    """x [B, T, D], mask [B, 1, T] or [T, T], and a block's four parts -> [B, T, D], pre-norm."""
    h = norm1(x)
    y = x + attention(h, h, h, mask)[0]
    return y + ffn(norm2(y))


def attention_with(size: int, seed: int):
    """Attention of one head: (q, k, v, mask) -> (output, weights), with matrices that are always the same."""
    Wq, Wk, Wv = drawn(seed, *3 * [(size, size)])

    def attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None):
        return scaled_dot_product_attention(q @ Wq, k @ Wk, v @ Wv, mask)

    return attention


def network_with(size: int, seed: int):
    """A feed-forward network: x -> x."""
    W1, b1, W2 = drawn(seed, (size, size), (size,), (size, size))
    return lambda x: torch.relu(x @ W1 + b1) @ W2


def norm_with(size: int, seed: int):
    """A layer norm: x -> x."""
    gain, bias = drawn(seed, (size,), (size,))
    return lambda x: F.layer_norm(x, gain.shape, gain, bias)


def encoder_parts(size: int, seed: int) -> list:
    """What an encoder block is made of, in its order."""
    norms = [norm_with(size, seed + 20 + 2 * n) for n in range(2)]
    return [attention_with(size, seed), network_with(size, seed + 10), *norms]


_NORMS = {"norm1": "a layer norm", "norm2": "another layer norm"}
_block = named(
    *("x", "mask", "attention", "ffn", "norm1", "norm2"),
    attention="attention: (q, k, v, mask) -> (output, weights)",
    ffn="a feed-forward network",
    **_NORMS,
)
_bare = named("x", "attention", "ffn", "norm1", "norm2", attention="any layer", ffn="another layer", **_NORMS)


def as_it_is(x: Tensor) -> Tensor:
    """The norm that is not there."""
    return x


@variants
def _encoder(
    *inputs,
    seen=lambda mask: mask,
    keys=lambda x, h: h,
    values=lambda x, h: h,
    first=lambda x, h: x,
    second=lambda x, y, h: y,
    reads=lambda x, y: y,
    norms=lambda norm1, norm2: (norm1, norm2),
    taken=lambda attended: attended[0],
):
    """An encoder block. first, second: to what the sub-layer's output is added; reads: what the network reads."""
    x, mask, attention, ffn, *both = inputs
    norm1, norm2 = norms(*both)
    h = norm1(x)
    y = first(x, h) + taken(attention(h, keys(x, h), values(x, h), seen(mask)))
    h = norm2(reads(x, y))
    return second(x, y, h) + ffn(h)


def _post_norm(x, mask, attention, ffn, norm1, norm2):
    y = norm1(x + attention(x, x, x, mask)[0])
    return norm2(y + ffn(y))


def _network_first(x, mask, attention, ffn, norm1, norm2):
    y = x + ffn(norm2(x))
    h = norm1(y)
    return y + attention(h, h, h, mask)[0]


BLOCK = Exercise(
    name="encoder block",
    task="Put the four parts together, pre-norm: first the attention, with norm1, then the network, with norm2, each "
    "with a residual connection. Queries, keys and values are all norm1(x); attention(q, k, v, mask) gives (output, "
    "weights); x [B, T, D] -> [B, T, D].",
    reference=encoder_block,
    cases=lambda: [
        _block(some_numbers(1, 2, 3, seed=689), torch.tensor([[[True, False]]]), *encoder_parts(3, 600), shown=True),
        _block(some_numbers(2, 3, 4, seed=690), padding_mask(torch.tensor([3, 2]), 3), *encoder_parts(4, 700)),
        _block(some_numbers(1, 3, 5, seed=691), causal_mask(3), *encoder_parts(5, 800)),
    ],
    returns=("output",),
    hints=(
        "Two halves of the same kind: norm, sub-layer, add. To what is each sub-layer's output added?",
        "`h = norm1(x)`, and `attention(h, h, h, mask)` gives two things, of which the first is the output.",
        "The first half is `y = x + attention(h, h, h, mask)[0]`. The second is the same with `norm2` and `ffn`, and "
        "starts from y.",
    ),
    minutes=8,
    difficulty=2,
    used="Your `encoder_block` is stacked in the next cell, and in the model that you train.",
    wrong=wrong_answers(
        _encoder(seen=lambda mask: None),
        "The mask is not handed to the attention.",
        _encoder(keys=lambda x, h: x, values=lambda x, h: x),
        "Only the queries are normalised. Keys and values are norm1(x), too.",
        _encoder(values=lambda x, h: x),
        "The values are x. Queries, keys and values are all norm1(x).",
        _encoder(first=lambda x, h: h),
        "The first residual is taken after the norm: add x itself.",
        _encoder(second=lambda x, y, h: h),
        "The second residual is taken after the norm: add y itself.",
        _encoder(first=lambda x, h: h, second=lambda x, y, h: h),
        "Both residuals are taken after the norm. Add x and y themselves, so that the residual stream is untouched.",
        _encoder(first=lambda x, h: 0),
        "The first residual is missing: x + (…)",
        _encoder(second=lambda x, y, h: 0),
        "The second residual is missing: y + (…)",
        _encoder(first=lambda x, h: 0, second=lambda x, y, h: 0),
        "Both residuals are missing: x + (…), then y + (…).",
        _encoder(second=lambda x, y, h: x),
        "The second residual starts from x again, so the attention's output is skipped. Add to y.",
        _encoder(reads=lambda x, y: x),
        "The network reads x instead of y. Then both halves work side by side (some later models do so), and the "
        "network does not see what the attention found.",
        _encoder(norms=lambda n1, n2: (n1, n1)),
        "norm1 is used twice, norm2 never.",
        _encoder(norms=lambda n1, n2: (n2, n1)),
        "The norms are exchanged: norm1 belongs to the attention, norm2 to the network.",
        _encoder(norms=lambda n1, n2: (n1, as_it_is)),
        "The network reads y without a norm: norm2 is not used.",
        _encoder(norms=lambda n1, n2: (as_it_is, n2)),
        "The attention reads x without a norm: norm1 is not used.",
        _post_norm,
        "This is post-norm, the order of 2017. The task asks for pre-norm: the norm comes before each sub-layer.",
        _network_first,
        "The network comes first. Attention gathers, then the network works on what it gathered.",
        _encoder(taken=lambda attended: attended),
        "The attention gives two things, output and weights. Take the first: `attention(h, h, h, mask)[0]`.",
    ),
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
        _around(norms=lambda n1, n2: (as_it_is, as_it_is)),
        "Residuals, but no norms: the numbers grow from layer to layer.",
        _around(first=lambda x, h: 0, second=lambda x, y, h: 0),
        "Norms, but no residuals: nothing leads round the layers.",
        lambda x, a, f, n1, n2: n2(f(n1(a(x)))),
        "Norms, but no residuals: nothing leads round the layers.",
        _around(first=lambda x, h: 0, second=lambda x, y, h: x),
        "One residual round both layers together. Each layer has its own.",
        _around(first=lambda x, h: h, second=lambda x, y, h: h),
        "The residual is taken after the norm, so that nothing is carried on untouched: add x itself.",
        _around(first=lambda x, h: 0),
        "The first residual is missing: x + (…)",
        _around(second=lambda x, y, h: 0),
        "The second residual is missing: y + (…)",
        _around(second=lambda x, y, h: x),
        "The second residual starts from x again, and skips the attention.",
        _around(norms=lambda n1, n2: (n1, as_it_is)),
        "norm2 is not used: the second layer reads y without a norm.",
        _around(norms=lambda n1, n2: (as_it_is, n2)),
        "norm1 is not used: the first layer reads x without a norm.",
        _around(norms=lambda n1, n2: (n1, n1)),
        "norm1 is used twice, norm2 never.",
    ),
)
