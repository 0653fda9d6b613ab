"""Chapter 4, find the error: claims of a widely used slide, which a test of layers settles."""

import torch
from torch import Tensor, nn

from course_kit.exercises.define import Case, FindError, some_numbers, variants, wrong_answers
from course_utils.attention import scaled_dot_product_attention
from course_utils.positions import sinusoidal_encoding


class Mixing(nn.Module):
    """Self-attention without weights, [T, D] -> [T, D]; with positions; or the mean of what comes out, [D]."""

    def __init__(self, positions: bool = False, pooled: bool = False):
        super().__init__()
        self.positions, self.pooled = positions, pooled

    def forward(self, x: Tensor) -> Tensor:
        if self.positions:
            x = x + sinusoidal_encoding(*x.shape)
        mixed = scaled_dot_product_attention(x, x, x)[0]
        return mixed.mean(0) if self.pooled else mixed


def under_shuffling(layer: nn.Module, x: Tensor, order: Tensor) -> str:
    """What a layer does when its words are shuffled: "invariant" (nothing), "equivariant" (the outputs move along) or
    "neither"; layer: [T, D] -> tensor, x [T, D], order [T]."""
    before, after = layer(x), layer(x[order])
    if torch.allclose(before, after, atol=1e-5):
        return "invariant"
    return "equivariant" if torch.allclose(before[order], after, atol=1e-5) else "neither"


def _shuffle_case(says: str, seed: int, shown=False, order=(2, 0, 3, 1), **how) -> Case:
    args = {"layer": Mixing(**how), "x": some_numbers(4, 4, seed=seed), "order": torch.tensor(order)}
    return Case(args, given={"layer": says}, shown=shown)


@variants
def _shuffled(layer, x, order, *, moved):
    """moved(before, after, order) -> bool: "equivariant"?"""
    before, after = layer(x), layer(x[order])
    if torch.allclose(before, after, atol=1e-5):
        return "invariant"
    return "equivariant" if moved(before, after, order) else "neither"


INVARIANT = FindError(
    name="claims 4.4",
    title="invariant or equivariant",
    task='write the test: layer, x [T, D], an order [T] of the words -> "invariant" if the output stays as it is, '
    '"equivariant" if the outputs move along with the words, else "neither".',
    claims=True,
    program=(
        "Self-attention compares every word with every other.",
        "A word's position plays no part in its scores.",
        "So self-attention is permutation invariant: shuffle the words, and the output stays the same.",
        "If each word's vector also held its position, attention could use the order.",
    ),
    line=3,
    found="the outputs move along with the words: *equivariant*. Their mean is invariant; that takes a pooling.",
    innocent={
        1: "self-attention does this.",
        2: "neither query nor key knows the position, as long as none is added.",
        4: "attention could, and would then be neither invariant nor equivariant.",
    },
    reference=under_shuffling,
    cases=lambda: [
        _shuffle_case("self-attention", 610, shown=True),
        _shuffle_case("self-attention", 614, order=(1, 0, 2, 3)),
        _shuffle_case("the mean of self-attention's outputs", 611, pooled=True),
        _shuffle_case("self-attention with positions", 612, positions=True),
        _shuffle_case("the mean of self-attention's outputs, with positions", 613, positions=True, pooled=True),
    ],
    returns=("kind",),
    words=True,
    hints=(
        "Run the layer twice: on x, and on x[order]. What do you compare with what?",
        "If the outputs move along, then `layer(x[order])` equals `layer(x)[order]`.",
        "`torch.allclose(a, b, atol=1e-5)` compares two tensors. First ask whether nothing has changed, then whether "
        "the rows have moved.",
    ),
    minutes=4,
    difficulty=2,
    wrong=wrong_answers(
        lambda layer, x, order: "invariant",
        "The slide's answer. Print the outputs: the rows have moved.",
        lambda layer, x, order: {"invariant": "equivariant", "equivariant": "invariant"}.get(
            under_shuffling(layer, x, order), "neither"
        ),
        "You exchanged the two words: an *invariant* output stays as it is, an *equivariant* output moves along.",
        lambda layer, x, order: "equivariant",
        "This is “equivariant” for every layer. A mean throws the order away, and positions bring it in.",
        _shuffled(lambda before, after, order: torch.allclose(before[order.argsort()], after, atol=1e-5)),
        "You compare with the reverse of the shuffle: `order` belongs to the output of x, `layer(x)[order]`.",
        _shuffled(lambda *_: True),
        "An output that has changed has not always moved along: with positions its numbers are different ones.",
        _shuffled(lambda *_: False),
        "The outputs may have moved along: compare `layer(x[order])` with `layer(x)[order]`, too.",
    ),
)
