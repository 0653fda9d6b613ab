"""Chapter 5: the feed-forward network, add and norm, the encoder block; and an article's block that lacks both."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call

from ..attention import causal_mask, padding_mask
from ..blocks import AddNorm, EncoderBlock, PositionwiseFFN
from ..multihead import MultiHeadAttention
from .definition import Case, Exercise, FindError, Wrong, call
from .inputs import some_numbers
from .values import same

# ---- position-wise ffn ----------------------------------------------------------------------------------------------


def position_wise(x: Tensor, W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor) -> Tensor:
    """x [B, T, D], W1 [D, F], b1 [F], W2 [F, D], b2 [D] -> [B, T, D]: PositionwiseFFN with these weights."""
    with torch.random.fork_rng(devices=[]):
        network = PositionwiseFFN(*W1.shape)
    given = {"widen.weight": W1.T, "widen.bias": b1, "narrow.weight": W2.T, "narrow.bias": b2}
    return functional_call(network, given, (x,))


def _ffn_cases() -> list[Case]:
    names, numbers = ("x", "W1", "b1", "W2", "b2"), torch.tensor

    def random(batch, time, size, wide, seed) -> Case:
        shapes = (batch, time, size), (size, wide), (wide,), (wide, size), (size,)
        values = (some_numbers(*shape, seed=seed + i) for i, shape in enumerate(shapes))
        return Case(dict(zip(names, values, strict=True)))

    shown = (
        *(numbers([[[1.0, 2], [3, -1]]]), numbers([[1.0, 0, -1], [0, 1, 1]]), numbers([0.0, -3, 1])),
        *(numbers([[1.0, 0], [1, 1], [0, 2]]), numbers([0.0, -3])),
    )
    return [
        Case(dict(zip(names, shown, strict=True)), shown=True),
        random(2, 3, 2, 4, 550),
        random(1, 2, 3, 6, 560),
    ]


_FFN_WRONG = (
    Wrong(
        lambda x, W1, b1, W2, b2: (x @ W1 + b1) @ W2 + b2,
        "There is no non-linearity between the two layers, so they are one: x (W1 W2) + constant. A ReLU belongs "
        "between them.",
    ),
    Wrong(
        lambda x, W1, b1, W2, b2: torch.relu((x @ W1 + b1) @ W2 + b2),
        "The ReLU is at the end: nothing negative could be added to x any more, and the two layers are still one. It "
        "belongs between them.",
    ),
    Wrong(
        lambda x, W1, b1, W2, b2: torch.relu(torch.relu(x @ W1 + b1) @ W2 + b2),
        "One ReLU too many: the second layer is linear, so that it can also take something away.",
    ),
    Wrong(
        lambda x, W1, b1, W2, b2: (torch.relu(x @ W1) + b1) @ W2 + b2,
        "The first bias comes after the ReLU; it belongs inside: max(0, x W1 + b1).",
    ),
    Wrong(
        lambda x, W1, b1, W2, b2: x + position_wise(x, W1, b1, W2, b2),
        "The residual is added here already. The block adds it; with both, x would count twice.",
    ),
    Wrong(lambda x, W1, b1, W2, b2: torch.relu(x @ W1) @ W2, "The biases b1 and b2 are not used."),
    Wrong(
        lambda x, W1, b1, W2, b2: F.gelu(x @ W1 + b1) @ W2 + b2,
        "This is a GELU, which BERT and GPT have. The Transformer of 2017 has a ReLU: max(0, ·).",
    ),
)

FFN = Exercise(
    name="position-wise ffn",
    task="Two layers with a ReLU between them, the same for each position: max(0, x W1 + b1) W2 + b2; x [B, T, D], "
    "W1 [D, F], b1 [F], W2 [F, D], b2 [D] -> [B, T, D].",
    why="With F = 4 D, two thirds of an encoder block's weights sit here; and no word sees another one in it.",
    reference=position_wise,
    cases=_ffn_cases,
    returns=("output",),
    hints=(
        "A matrix product with the last axis leaves batch and time alone: nothing needs to be reshaped.",
        "`x @ W1 + b1` is [B, T, F]. Then the ReLU.",
        "`torch.relu(x @ W1 + b1) @ W2 + b2`",
    ),
    minutes=4,
    difficulty=1,
    wrong=_FFN_WRONG,
)

TWO_LAYERS = FindError(
    name="two layers that are one",
    task="write the network of 2017 again, with a ReLU: x [B, T, D] -> [B, T, D].",
    why="An article's feed-forward network. Two matrices, and not one function more than with a single one.",
    program=(
        "def network(x, W1, b1, W2, b2):       # [B, T, D], [D, F], [F], [F, D], [D]",
        "    wide = x @ W1 + b1                # [B, T, F]",
        "    hidden = wide                     # straight on",
        "    return hidden @ W2 + b2           # [B, T, D]",
    ),
    line=3,
    found="between the layers nothing happens, and (x W1) W2 = x (W1 W2): one layer. A ReLU belongs there.",
    innocent={1: "it only names what comes in.", 2: "the first layer is linear.", 4: "so is the second."},
    reference=position_wise,
    cases=_ffn_cases,
    returns=("output",),
    hints=(
        "Multiply out: (x W1 + b1) W2 + b2. How many matrices does x meet?",
        "What has to stand between two linear layers?",
        "`hidden = torch.relu(wide)`",
    ),
    minutes=3,
    difficulty=1,
    wrong=_FFN_WRONG,
)

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


def _norm_cases() -> list[Case]:
    def case(x, part, says, gain, bias, norm_first, shown=False) -> Case:
        args = {"x": x, "part": part, "gain": gain, "bias": bias, "norm_first": norm_first}
        return Case(args, given={"part": says}, shown=shown)

    moves, bends = "a layer that moves each feature one place on, the last to the front", "a layer: relu(x W)"
    small = torch.tensor([[[1.0, 2, 6], [0, -1, 4]]])
    plain, other = (torch.ones(3), torch.zeros(3)), (torch.tensor([1.0, 2, 1]), torch.tensor([0.0, 0, 1]))
    wide = some_numbers(4, seed=571), some_numbers(4, seed=572)
    return [
        case(small, Part(), moves, *plain, True, shown=True),
        case(small, Part(), moves, *other, False),
        case(3 * some_numbers(2, 3, 4, seed=573), Bent(), bends, *wide, True),
        case(3 * some_numbers(2, 3, 4, seed=574), Bent(), bends, *wide, False),
    ]


def _norm(dims=-1, unbiased=False, centre=True, affine=True, root=True):
    def norm(x, gain, bias):
        mean = x.mean(dims, keepdim=True) if centre else 0
        variance = x.var(dims, keepdim=True, unbiased=unbiased) if centre else (x * x).mean(dims, keepdim=True)
        scaled = (x - mean) / (variance + 1e-5) ** (0.5 if root else 1)
        return scaled * gain + bias if affine else scaled

    return norm


def _wrong_norm(
    norm=None,
    pre=lambda x, part, norm: x + part(norm(x)),
    post=lambda x, part, norm: norm(x + part(x)),
):
    """Add and norm with one thing done differently."""
    norm = norm or _norm()

    def add_norm(x, part, gain, bias, norm_first):
        return (pre if norm_first else post)(x, part, lambda y: norm(y, gain, bias))

    return add_norm


def _pre(x, part, norm):
    return x + part(norm(x))


def _post(x, part, norm):
    return norm(x + part(x))


ADD_NORM = Exercise(
    name="add and norm",
    task="A residual and a layer norm around a part: x + part(norm(x)) if norm_first, else norm(x + part(x)). The norm "
    "makes each token's D features mean 0 and variance 1 (+ 1e-5 under the root), then times gain, plus bias: "
    "x [B, T, D], gain, bias [D] -> [B, T, D].",
    why="It is what makes deep stacks trainable; and over which axis one normalises decides whether padding counts.",
    reference=add_and_norm,
    cases=_norm_cases,
    returns=("output",),
    hints=(
        "First the norm alone: mean and variance of the last axis, `keepdim=True`. No batch, no time.",
        "`F.layer_norm(x, gain.shape, gain, bias)` does it, or by hand with `x.var(-1, keepdim=True, unbiased=False)`.",
        "`x + part(norm(x)) if norm_first else norm(x + part(x))`",
    ),
    minutes=5,
    difficulty=2,
    wrong=(
        Wrong(
            _wrong_norm(_norm(1)),
            "The norm runs over time: each feature's mean over the words is subtracted, and every word's numbers "
            "depend on the length. Each token is normalised alone, over its features: `dim=-1`.",
        ),
        Wrong(
            _wrong_norm(_norm((0, 1))),
            "The norm runs over the whole batch, feature by feature: that is batch norm. Padding and the other "
            "sentences would count. Normalise over the features, `dim=-1`.",
        ),
        Wrong(
            _wrong_norm(_norm((1, 2))),
            "One mean for the whole sentence: the norm runs over time and features. Each token for itself: `dim=-1`.",
        ),
        Wrong(
            _wrong_norm(_norm(unbiased=True)),
            "Nearly: the variance is divided by D − 1, torch's default. Layer norm divides by D: `unbiased=False`.",
        ),
        Wrong(
            _wrong_norm(_norm(centre=False)),
            "The mean is not subtracted. That is RMSNorm, which many later models use; here the mean goes first.",
        ),
        Wrong(_wrong_norm(_norm(root=False)), "Divided by the variance. Its root is missing."),
        Wrong(_wrong_norm(_norm(affine=False)), "gain and bias are not used."),
        Wrong(
            _wrong_norm(pre=lambda x, part, norm: norm(x) + part(norm(x))),
            "In pre-norm the residual is taken after the norm. What is carried on is x itself, untouched from the "
            "first layer to the last.",
        ),
        Wrong(
            _wrong_norm(post=lambda x, part, norm: x + norm(part(x))),
            "In post-norm only what the part wrote is normalised. The norm comes after the sum: norm(x + part(x)).",
        ),
        Wrong(
            _wrong_norm(pre=lambda x, part, norm: part(norm(x)), post=lambda x, part, norm: norm(part(x))),
            "There is no residual: x must be added to what the part writes.",
        ),
        Wrong(
            _wrong_norm(pre=lambda x, part, norm: x + part(x), post=lambda x, part, norm: x + part(x)),
            "There is no norm.",
        ),
        Wrong(_wrong_norm(pre=_post, post=_pre), "Pre-norm and post-norm are swapped."),
        Wrong(_wrong_norm(pre=_post), "Always post-norm: norm_first is not used."),
        Wrong(_wrong_norm(post=_pre), "Always pre-norm: norm_first is not used."),
    ),
)

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


def _block_cases() -> list[Case]:
    def case(size, heads, x, mask, seed, shown=False) -> Case:
        args = {
            "x": x,
            "mask": mask,
            "attention": _filled(MultiHeadAttention(size, heads), seed),
            "ffn": _filled(PositionwiseFFN(size, 2 * size), seed + 20),
            "norm1": _filled(nn.LayerNorm(size), seed + 40),
            "norm2": _filled(nn.LayerNorm(size), seed + 60),
        }
        says = {"attention": f"multi-head attention, {heads} heads: (q, k, v, mask) -> (output, weights)"}
        says |= {"ffn": "a feed-forward network", "norm1": "a layer norm", "norm2": "another layer norm"}
        return Case(args, given=says, shown=shown)

    padded = padding_mask(torch.tensor([3, 2]), 3)
    return [
        case(4, 2, some_numbers(1, 2, 4, seed=689), torch.tensor([[[True, False]]]), 600, shown=True),
        case(4, 2, some_numbers(2, 3, 4, seed=690), padded, 700),
        case(6, 3, some_numbers(1, 3, 6, seed=691), causal_mask(3), 800),
    ]


def _wrong_block(first=None, second=None):
    """An encoder block with another first or second half."""
    first = first or (lambda x, mask, attention, norm: x + attention(norm(x), norm(x), norm(x), mask)[0])
    second = second or (lambda x, y, ffn, norm1, norm2: y + ffn(norm2(y)))

    def block(x, mask, attention, ffn, norm1, norm2):
        return second(x, first(x, mask, attention, norm1), ffn, norm1, norm2)

    return block


def _ask(attention, x, mask):
    return attention(x, x, x, mask)[0]


BLOCK = Exercise(
    name="encoder block",
    task="Put the four parts together, pre-norm: y = x + attention(norm1(x)), then y + ffn(norm2(y)). Queries, keys "
    "and values are all norm1(x); attention(q, k, v, mask) gives (output, weights); x [B, T, D] -> [B, T, D].",
    why="BERT is a stack of such blocks; so is GPT, with another mask.",
    reference=encoder_block,
    cases=_block_cases,
    returns=("output",),
    hints=(
        "Two halves of the same kind: norm, part, add.",
        "`h = norm1(x)`, and `attention(h, h, h, mask)` gives two things; the first is the output.",
        "`y = x + attention(h, h, h, mask)[0]`, then `y + ffn(norm2(y))`",
    ),
    minutes=6,
    difficulty=2,
    wrong=(
        Wrong(_wrong_block(lambda x, m, a, n: x + _ask(a, n(x), None)), "The mask is not handed to the attention."),
        Wrong(
            _wrong_block(lambda x, m, a, n: x + a(n(x), x, x, m)[0]),
            "Only the queries are normalised. Keys and values are norm1(x), too.",
        ),
        Wrong(
            _wrong_block(lambda x, m, a, n: n(x) + _ask(a, n(x), m)),
            "The first residual is taken after the norm: add x itself.",
        ),
        Wrong(_wrong_block(lambda x, m, a, n: _ask(a, n(x), m)), "The first residual is missing: x + …"),
        Wrong(
            _wrong_block(second=lambda x, y, ffn, n1, n2: ffn(n2(y))),
            "The second residual is missing: y + …",
        ),
        Wrong(
            _wrong_block(second=lambda x, y, ffn, n1, n2: x + ffn(n2(y))),
            "The second residual starts from x again: what the attention wrote is skipped. Add to y.",
        ),
        Wrong(
            _wrong_block(second=lambda x, y, ffn, n1, n2: y + ffn(n2(x))),
            "The network reads x instead of y. Then both halves work side by side (some later models do so), and the "
            "network does not see what the attention found.",
        ),
        Wrong(_wrong_block(second=lambda x, y, ffn, n1, n2: y + ffn(n1(y))), "norm1 is used twice, norm2 never."),
        Wrong(
            _wrong_block(second=lambda x, y, ffn, n1, n2: y + ffn(y)),
            "The network reads y without a norm: norm2 is not used.",
        ),
        Wrong(
            lambda x, m, a, ffn, n1, n2: (lambda y: n2(y + ffn(y)))(n1(x + _ask(a, x, m))),
            "This is post-norm, the order of 2017. Asked for is pre-norm: the norm stands before each part.",
        ),
        Wrong(
            lambda x, m, a, ffn, n1, n2: (lambda y: y + _ask(a, n1(y), m))(x + ffn(n2(x))),
            "The network comes first. Attention gathers, then the network digests.",
        ),
        Wrong(
            lambda x, m, a, ffn, n1, n2: x + a(n1(x), n1(x), n1(x), m),
            "The attention gives two things, output and weights. Take the first: `attention(h, h, h, mask)[0]`.",
        ),
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
    args = {"x": some_numbers(1 if shown else 2, 2, size, seed=seed), "attention": Part(), "ffn": Bent()}
    args |= {"norm1": _filled(nn.LayerNorm(size), seed + 1), "norm2": _filled(nn.LayerNorm(size), seed + 5)}
    says = {"attention": "any layer", "ffn": "another layer", "norm1": "a layer norm", "norm2": "another layer norm"}
    return Case(args, given=says, shown=shown)


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
    wrong=(
        Wrong(lambda x, a, f, n1, n2: f(a(x)), "Still no residual and no norm."),
        Wrong(
            lambda x, a, f, n1, n2: (lambda y: y + f(y))(x + a(x)),
            "Residuals, but no norms: the numbers grow from layer to layer.",
        ),
        Wrong(
            lambda x, a, f, n1, n2: f(n2(a(n1(x)))),
            "Norms, but no residuals: nothing leads round the parts.",
        ),
        Wrong(lambda x, a, f, n1, n2: n2(f(n1(a(x)))), "Norms, but no residuals: nothing leads round the parts."),
        Wrong(
            lambda x, a, f, n1, n2: x + f(n2(a(n1(x)))),
            "One way round both parts together. Each part has its own.",
        ),
        Wrong(
            lambda x, a, f, n1, n2: (lambda y: n2(y) + f(n2(y)))(n1(x) + a(n1(x))),
            "The residual is taken after the norm, so that nothing is carried on untouched: add x itself.",
        ),
        Wrong(
            lambda x, a, f, n1, n2: (lambda y: x + f(n2(y)))(x + a(n1(x))),
            "The second residual starts from x again, and skips the attention.",
        ),
    ),
)
