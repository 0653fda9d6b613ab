"""Chapter 5: the encoder block, and an article's block without residual and norm."""

import torch
from torch import Tensor, nn

from course_utils.attention import causal_mask, padding_mask
from course_utils.attention.multihead import MultiHeadAttention
from course_utils.exercises.definition import Case, Exercise, FindError, call, variants, wrong_answers
from course_utils.exercises.inputs import named, some_numbers
from course_utils.exercises.values import same
from course_utils.models.blocks import AddNorm, EncoderBlock, PositionwiseFFN

from .norm import Bent, Part

# ---- encoder block --------------------------------------------------------------------------------------------------


def encoder_block(x: Tensor, mask: Tensor, attention: MultiHeadAttention, ffn, norm1, norm2) -> Tensor:
    """x [B, T, D], mask [B, 1, T] or [T, T], and a block's four parts -> [B, T, D]: the course's EncoderBlock."""
    with torch.random.fork_rng(devices=[]):
        block = EncoderBlock(x.shape[-1], attention.num_heads, ffn_size=1)
    block.attention, block.ffn = attention, ffn
    block.around_attention.norm, block.around_ffn.norm = norm1, norm2
    return block(x, mask).features


def _filled(module: nn.Module, seed: int) -> nn.Module:
    """The module with weights that are always the same."""
    for i, weight in enumerate(module.parameters()):
        weight.data = some_numbers(*weight.shape, seed=seed + i)
    return module


_NORMS = {"norm1": "a layer norm", "norm2": "another layer norm"}
_block = named("x", "mask", "attention", "ffn", "norm1", "norm2", ffn="a feed-forward network", **_NORMS)
_bare = named("x", "attention", "ffn", "norm1", "norm2", attention="any layer", ffn="another layer", **_NORMS)


def _block_case(size, heads, x, mask, seed, shown=False) -> Case:
    parts = MultiHeadAttention(size, heads), PositionwiseFFN(size, 2 * size), nn.LayerNorm(size), nn.LayerNorm(size)
    says = {"attention": f"multi-head attention, {heads} heads: (q, k, v, mask) -> (output, weights)"}
    return _block(x, mask, *(_filled(part, seed + 20 * i) for i, part in enumerate(parts)), given=says, shown=shown)


@variants
def _wrong_block(x, mask, attention, ffn, norm1, norm2, *, first=None, second=None):
    """An encoder block with another first or second half."""
    first = first or (lambda x, mask, attention, norm: x + attention(norm(x), norm(x), norm(x), mask)[0])
    second = second or (lambda x, y, ffn, norm1, norm2: y + ffn(norm2(y)))
    return second(x, first(x, mask, attention, norm1), ffn, norm1, norm2)


def _ask(attention, x, mask):
    return attention(x, x, x, mask)[0]


BLOCK = Exercise(
    name="encoder block",
    task="Put the four parts together, pre-norm: y = x + attention(norm1(x)), then y + ffn(norm2(y)). Queries, keys "
    "and values are all norm1(x); attention(q, k, v, mask) gives (output, weights); x [B, T, D] -> [B, T, D].",
    why="BERT is a stack of such blocks; so is GPT, with another mask.",
    reference=encoder_block,
    cases=lambda: [
        _block_case(4, 2, some_numbers(1, 2, 4, seed=689), torch.tensor([[[True, False]]]), 600, shown=True),
        _block_case(4, 2, some_numbers(2, 3, 4, seed=690), padding_mask(torch.tensor([3, 2]), 3), 700),
        _block_case(6, 3, some_numbers(1, 3, 6, seed=691), causal_mask(3), 800),
    ],
    returns=("output",),
    hints=(
        "Two halves of the same kind: norm, part, add.",
        "`h = norm1(x)`, and `attention(h, h, h, mask)` gives two things; the first is the output.",
        "`y = x + attention(h, h, h, mask)[0]`, then `y + ffn(norm2(y))`",
    ),
    minutes=6,
    difficulty=2,
    wrong=wrong_answers(
        _wrong_block(lambda x, m, a, n: x + _ask(a, n(x), None)),
        "The mask is not handed to the attention.",
        _wrong_block(lambda x, m, a, n: x + a(n(x), x, x, m)[0]),
        "Only the queries are normalised. Keys and values are norm1(x), too.",
        _wrong_block(lambda x, m, a, n: n(x) + _ask(a, n(x), m)),
        "The first residual is taken after the norm: add x itself.",
        _wrong_block(lambda x, m, a, n: _ask(a, n(x), m)),
        "The first residual is missing: x + (…)",
        _wrong_block(second=lambda x, y, ffn, n1, n2: ffn(n2(y))),
        "The second residual is missing: y + (…)",
        _wrong_block(second=lambda x, y, ffn, n1, n2: x + ffn(n2(y))),
        "The second residual starts from x again: what the attention wrote is skipped. Add to y.",
        _wrong_block(second=lambda x, y, ffn, n1, n2: y + ffn(n2(x))),
        "The network reads x instead of y. Then both halves work side by side (some later models do so), and the "
        "network does not see what the attention found.",
        _wrong_block(second=lambda x, y, ffn, n1, n2: y + ffn(n1(y))),
        "norm1 is used twice, norm2 never.",
        _wrong_block(second=lambda x, y, ffn, n1, n2: y + ffn(y)),
        "The network reads y without a norm: norm2 is not used.",
        lambda x, m, a, ffn, n1, n2: (lambda y: n2(y + ffn(y)))(n1(x + _ask(a, x, m))),
        "This is post-norm, the order of 2017. Asked for is pre-norm: the norm stands before each part.",
        lambda x, m, a, ffn, n1, n2: (lambda y: y + _ask(a, n1(y), m))(x + ffn(n2(x))),
        "The network comes first. Attention gathers, then the network digests.",
        lambda x, m, a, ffn, n1, n2: x + a(n1(x), n1(x), n1(x), m),
        "The attention gives two things, output and weights. Take the first: `attention(h, h, h, mask)[0]`.",
    ),
)

# ---- a block without residual and norm ------------------------------------------------------------------------------


def block_around(x: Tensor, attention, ffn, norm1, norm2) -> Tensor:
    """x [B, T, D], two parts and two norms -> [B, T, D]: AddNorm around each part, pre-norm."""
    for part, norm in ((attention, norm1), (ffn, norm2)):
        around = AddNorm(x.shape[-1])
        around.norm = norm
        x = around.after(x, part(around.before(x)))
    return x


def _pre_or_post(answer, case: Case) -> Tensor:
    """Post-norm is as right as pre-norm here, and counts as it."""
    result = call(answer, case)
    x, attention, ffn, norm1, norm2 = case.args.values()
    y = norm1(x + attention(x))
    post = norm2(y + ffn(y))
    return block_around(*case.args.values()) if isinstance(result, Tensor) and same(result, post) else result


def _bare_case(size, seed, shown=False) -> Case:
    x, norms = some_numbers(1 if shown else 2, 2, size, seed=seed), (nn.LayerNorm(size), nn.LayerNorm(size))
    return _bare(x, Part(), Bent(), _filled(norms[0], seed + 1), _filled(norms[1], seed + 5), shown=shown)


NO_WAY = FindError(
    name="no way round",
    task="write the block again, with residuals and norms, pre-norm or post-norm.",
    why="An article's TransformerBlock. What it stacks has no way round: all must pass through every layer.",
    program=(
        "def block(x, attention, ffn, norm1, norm2):      # each part: [B, T, D] -> [B, T, D]",
        "    return ffn(attention(x))",
    ),
    line=2,
    found="nothing leads round the parts, and nothing keeps the numbers in size: residual and norm are missing.",
    innocent={1: "it only names what comes in. Are all of them used?"},
    reference=block_around,
    cases=lambda: [_bare_case(3, 580, shown=True), _bare_case(4, 590), _bare_case(5, 595)],
    returns=("output",),
    run=_pre_or_post,
    hints=(
        "What comes in and is never used?",
        "Each part gets a way round it: x + part(…).",
        "`y = x + attention(norm1(x))`, `return y + ffn(norm2(y))`; or `y = norm1(x + attention(x))`, "
        "`return norm2(y + ffn(y))`.",
    ),
    minutes=4,
    difficulty=2,
    wrong=wrong_answers(
        lambda x, a, f, n1, n2: f(a(x)),
        "Still no residual and no norm.",
        lambda x, a, f, n1, n2: (lambda y: y + f(y))(x + a(x)),
        "Residuals, but no norms: the numbers grow from layer to layer.",
        lambda x, a, f, n1, n2: f(n2(a(n1(x)))),
        "Norms, but no residuals: nothing leads round the parts.",
        lambda x, a, f, n1, n2: n2(f(n1(a(x)))),
        "Norms, but no residuals: nothing leads round the parts.",
        lambda x, a, f, n1, n2: x + f(n2(a(n1(x)))),
        "One way round both parts together. Each part has its own.",
        lambda x, a, f, n1, n2: (lambda y: n2(y) + f(n2(y)))(n1(x) + a(n1(x))),
        "The residual is taken after the norm, so that nothing is carried on untouched: add x itself.",
        lambda x, a, f, n1, n2: (lambda y: x + f(n2(y)))(x + a(n1(x))),
        "The second residual starts from x again, and skips the attention.",
    ),
)
