"""Chapter 5: the feed-forward network, and an article's network that is one layer."""

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.func import functional_call

from course_utils.exercises.definition import Case, Exercise, FindError, wrong_answers
from course_utils.exercises.inputs import drawn, named, tensors
from course_utils.models.blocks import PositionwiseFFN

# ---- position-wise ffn ----------------------------------------------------------------------------------------------


def position_wise(x: Tensor, W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor) -> Tensor:
    """x [B, T, D], W1 [D, F], b1 [F], W2 [F, D], b2 [D] -> [B, T, D]: PositionwiseFFN with these weights."""
    with torch.random.fork_rng(devices=[]):
        network = PositionwiseFFN(*W1.shape)
    given = {"widen.weight": W1.T, "widen.bias": b1, "narrow.weight": W2.T, "narrow.bias": b2}
    return functional_call(network, given, (x,))


def _ffn_cases() -> list[Case]:
    case = named("x", "W1", "b1", "W2", "b2")
    first = [[1.0, 0, -1], [0, 1, 1]], [0.0, -3, 1]
    second = [[1.0, 0], [1, 1], [0, 2]], [0.0, -3]
    return [
        case(*tensors([[[1.0, 2], [3, -1]]], *first, *second), shown=True),
        case(*drawn(550, (2, 3, 2), (2, 4), (4,), (4, 2), (2,))),
        case(*drawn(560, (1, 2, 3), (3, 6), (6,), (6, 3), (3,))),
    ]


_FFN_WRONG = wrong_answers(
    lambda x, W1, b1, W2, b2: (x @ W1 + b1) @ W2 + b2,
    "There is no non-linearity between the two layers, so they are one: x (W1 W2) + constant. A ReLU belongs "
    "between them.",
    lambda x, W1, b1, W2, b2: torch.relu((x @ W1 + b1) @ W2 + b2),
    "The ReLU is at the end: nothing negative could be added to x any more, and the two layers are still one. It "
    "belongs between them.",
    lambda x, W1, b1, W2, b2: torch.relu(torch.relu(x @ W1 + b1) @ W2 + b2),
    "One ReLU too many: the second layer is linear, so that it can also take something away.",
    lambda x, W1, b1, W2, b2: (torch.relu(x @ W1) + b1) @ W2 + b2,
    "The first bias comes after the ReLU; it belongs inside: max(0, x W1 + b1).",
    lambda x, W1, b1, W2, b2: x + position_wise(x, W1, b1, W2, b2),
    "The residual is added here already. The block adds it; with both, x would count twice.",
    lambda x, W1, b1, W2, b2: torch.relu(x @ W1) @ W2,
    "The biases b1 and b2 are not used.",
    lambda x, W1, b1, W2, b2: F.gelu(x @ W1 + b1) @ W2 + b2,
    "This is a GELU, which BERT and GPT have. The Transformer of 2017 has a ReLU: max(0, ·).",
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
    innocent={2: "the first layer is linear.", 4: "so is the second."},
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
