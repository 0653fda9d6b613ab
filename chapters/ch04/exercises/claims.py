"""Chapter 4's errata in words: claims of widely used slides and articles, one of them wrong in each list."""

import math

import torch
from torch import Tensor, nn

from chapters.ch04.experiments import convolutions_between, multiply_adds
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
def _shuffled(layer, x, order, *, moved, otherwise="neither"):
    """moved(before, after, order) -> bool: "equivariant"?"""
    before, after = layer(x), layer(x[order])
    if torch.allclose(before, after, atol=1e-5):
        return "invariant"
    return "equivariant" if moved(before, after, order) else otherwise


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

LOG = FindError(
    name="claims 4.2",
    title="log n, plainly",
    task="count for ordinary convolutions, each of which sees its own word and the k − 1 before it: after how many "
    "layers does the last of n words depend on the first? n, k -> a number.",
    claims=True,
    program=(
        "Self-attention: one step, whatever n.",
        "Recurrent network: about n steps.",
        "Ordinary convolutions: about log n steps.",
        "Short paths are meant to make links between distant words easier to learn.",
    ),
    line=3,
    found="that is true only if gaps grow from layer to layer (dilated convolutions), or of a pyramid. An ordinary "
    "convolution moves k − 1 positions, so it takes about n / (k − 1) layers.",
    innocent={
        1: "every word sees every other.",
        2: "the state is handed on from word to word.",
        4: "that is the hope behind them; chapter 3 measured the gradients.",
    },
    reference=convolutions_between,
    cases=lambda: [
        Case({"n": 9, "k": 3}, shown=True),
        Case({"n": 9, "k": 5}),
        Case({"n": 12, "k": 5}),
        Case({"n": 100, "k": 7}),
        Case({"n": 26, "k": 6}),
        Case({"n": 1, "k": 3}),
    ],
    returns=("layers",),
    hints=(
        "In the lab with nine words and kernel 3: how many positions does the marked path move in one layer?",
        "The path has n − 1 steps, and a layer takes k − 1 of them.",
        "`math.ceil` rounds up: the rest of the path needs a whole layer, too.",
    ),
    minutes=4,
    difficulty=2,
    wrong=wrong_answers(
        lambda n, k: math.ceil(math.log(n, k)),
        "log n needs gaps that grow from layer to layer. Without them each layer moves the same few positions.",
        lambda n, k: math.ceil(n / k),
        "A kernel of k sees its own word and k − 1 before it: a layer takes k − 1 of the path's n − 1 steps.",
        lambda n, k: n - 1,
        "That is a kernel of 2, or a recurrent network. A wider kernel takes more steps at once.",
        lambda n, k: math.ceil((n - 1) / k),
        "The kernel's own word is one of the k, so a layer moves k − 1 positions.",
        lambda n, k: (n - 1) // (k - 1),
        "Round up: the rest of the path needs a whole layer.",
        lambda n, k: math.ceil(n / (k - 1)),
        "From the first of n words to the last there are n − 1 steps, not n.",
    ),
)


def cheaper(n: int, d: int) -> str:
    """Which layer multiplies less for n words of d features: "attention", "recurrent" or "equal"."""
    attention, recurrent = (multiply_adds(kind, n, d) for kind in ("attention", "recurrent"))
    return "equal" if attention == recurrent else "attention" if attention < recurrent else "recurrent"


@variants
def _compared(n, d, *, attention, recurrent):
    a, r = attention(n, d), recurrent(n, d)
    return "equal" if a == r else "attention" if a < r else "recurrent"


LOWERED = FindError(
    name="claims 4.3",
    title="lowered and raised",
    task='count: which layer multiplies less, for n words of d features? n, d -> "attention", "recurrent" or "equal".',
    claims=True,
    program=(
        "Attention, without its projections: n² scores of d products, n means of n vectors, 2 n² d in all.",
        "A recurrent layer: two matrices with d² numbers, for each word: 2 n d² in all.",
        "So attention lowers the complexity, however long the text is.",
        "In attention no word waits for another.",
    ),
    line=3,
    found="2 n² d is less than 2 n d² only while n < d. For longer texts it is more. So attention can lower or raise "
    "the complexity, depending on n and d.",
    innocent={
        1: "the count is right (its projections cost the same for each word, whatever n is).",
        2: "one matrix is for the word, one for the state.",
        4: "this is true, and often worth more than saving multiplications.",
    },
    reference=cheaper,
    cases=lambda: [
        Case({"n": 12, "d": 128}, shown=True),
        Case({"n": 128, "d": 128}),
        Case({"n": 1000, "d": 64}),
        Case({"n": 513, "d": 512}),
        Case({"n": 5000, "d": 64}),
        Case({"n": 10, "d": 64}),
    ],
    returns=("cheaper",),
    words=True,
    hints=(
        "Divide both counts by 2 n d. What is left?",
        "One count leaves n, the other d.",
        "There are three answers: n is smaller than d, larger, or equal to it.",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        lambda n, d: "attention",
        "This is “attention” for every text. Try one of 1,000 words with 64 features.",
        lambda n, d: "recurrent",
        "This is “recurrent” for every text. Try a sentence of 12 words with 128 features.",
        _compared(lambda n, d: d, lambda n, d: n),
        "The two layers are exchanged: it is attention whose count grows with n².",
        _compared(lambda n, d: n * n, lambda n, d: n * d * d),
        "The d is missing in attention's count: each score is a sum of d products.",
        lambda n, d: "attention" if n <= d else "recurrent",
        "Where n equals d, neither is cheaper.",
    ),
)


CLAIMS = (INVARIANT, LOG, LOWERED)
