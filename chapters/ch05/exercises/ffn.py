"""Chapter 5: the feed-forward network, and an article's network that is one layer."""

import torch
import torch.nn.functional as F
from torch import Tensor

from course_kit.exercises.define import Case, Exercise, drawn, named, tensors, variants, wrong_answers


def position_wise(x: Tensor, W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor) -> Tensor:
    """x [B, T, D], W1 [D, F], b1 [F], W2 [F, D], b2 [D] -> [B, T, D]."""
    return torch.relu(x @ W1 + b1) @ W2 + b2


def _ffn_cases() -> list[Case]:
    case = named("x", "W1", "b1", "W2", "b2")
    first = [[1.0, 0, -1], [0, 1, 1]], [0.0, -3, 1]
    second = [[1.0, 0], [1, 1], [0, 2]], [0.0, -3]
    return [
        case(*tensors([[[1.0, 2], [3, -1]]], *first, *second), shown=True),
        case(*drawn(550, (2, 3, 2), (2, 4), (4,), (4, 2), (2,))),
        case(*drawn(560, (1, 2, 3), (3, 6), (6,), (6, 3), (3,))),
    ]


@variants
def _network(
    *inputs,
    first=lambda x, W1, b1: x @ W1 + b1,
    bend=lambda h, b1: torch.relu(h),
    second=lambda h, W2, b2: h @ W2 + b2,
    end=lambda x, y: y,
):
    """The feed-forward network."""
    x, W1, b1, W2, b2 = inputs
    return end(x, second(bend(first(x, W1, b1), b1), W2, b2))


_FFN_WRONG = wrong_answers(
    _network(bend=lambda h, b1: h),
    "There is no non-linearity between the two layers, so they are one: x (W1 W2) + constant. A ReLU belongs "
    "between them.",
    _network(bend=lambda h, b1: h, end=lambda x, y: torch.relu(y)),
    "The ReLU is at the end: nothing negative could be added to x any more, and the two layers are still one. It "
    "belongs between them.",
    _network(end=lambda x, y: torch.relu(y)),
    "One ReLU too many: the second layer is linear, so that it can also take something away.",
    _network(first=lambda x, W1, b1: x @ W1, bend=lambda h, b1: torch.relu(h) + b1),
    "The first bias is added after the ReLU. It belongs inside: max(0, x W1 + b1).",
    _network(end=lambda x, y: x + y),
    "The residual is added here already. The block adds it; with both, x would count twice.",
    _network(first=lambda x, W1, b1: x @ W1, second=lambda h, W2, b2: h @ W2),
    "The biases b1 and b2 are not used.",
    _network(first=lambda x, W1, b1: x @ W1),
    "b1 is not used. It shifts the point from which the ReLU lets a number through.",
    _network(second=lambda h, W2, b2: h @ W2),
    "b2 is not used: it is added at the end.",
    _network(bend=lambda h, b1: F.gelu(h)),
    "This is a GELU, which BERT and GPT have. The Transformer of 2017 has a ReLU: max(0, ·).",
    _network(bend=lambda h, b1: torch.sigmoid(h)),
    "This is a sigmoid. The network of 2017 has a ReLU, max(0, ·), which leaves positive numbers as they are.",
    _network(bend=lambda h, b1: torch.tanh(h)),
    "This is a tanh. The network of 2017 has a ReLU, max(0, ·), which leaves positive numbers as they are.",
    _network(bend=lambda h, b1: h.abs()),
    "These are absolute values. A ReLU turns negative numbers into 0.",
    _network(bend=lambda h, b1: h.amax(-1, keepdim=True).expand_as(h)),
    "This is the largest hidden number of each word. max(0, ·) compares each number with 0: `torch.relu`.",
    _network(bend=lambda h, b1: torch.relu(-h)),
    "This keeps the negative numbers, turned round. A ReLU keeps the positive ones.",
)

FFN = Exercise(
    name="position-wise ffn",
    task="Two layers, each a matrix and a bias, with a ReLU between them, the same for each position: x [B, T, D], "
    "W1 [D, F], b1 [F], W2 [F, D], b2 [D] -> [B, T, D].",
    reference=position_wise,
    cases=_ffn_cases,
    returns=("output",),
    hints=(
        "A matrix product works on the last axis and leaves batch and time alone. Does anything need a reshape?",
        "`x @ W1 + b1` is [B, T, F]. What does max(0, ·) do to each of its numbers? `torch.relu` is that.",
        "The hidden layer is `torch.relu(x @ W1 + b1)`. The second layer is a product and a bias, too, but has "
        "nothing after it.",
    ),
    minutes=5,
    difficulty=1,
    used="Your `ffn` is run in the next cell, with the parameters of the trained model.",
    wrong=_FFN_WRONG,
)
