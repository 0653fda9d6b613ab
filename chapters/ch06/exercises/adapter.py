"""Chapter 6: a bottleneck adapter."""

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.func import functional_call

from course_utils.exercises.definition import Case, Exercise, variants, wrong_answers
from course_utils.exercises.inputs import drawn, named, tensors


def bottleneck(x: Tensor, W_down: Tensor, b_down: Tensor, W_up: Tensor, b_up: Tensor) -> Tensor:
    """x [B, T, D], W_down [D, R], b_down [R], W_up [R, D], b_up [D] -> [B, T, D]: Adapter with these weights, that is
    x + gelu(x W_down + b_down) W_up + b_up."""
    from chapters.ch06.adapters import Adapter

    with torch.random.fork_rng(devices=[]):
        adapter = Adapter(*W_down.shape)
    given = {"down.weight": W_down.T, "down.bias": b_down, "up.weight": W_up.T, "up.bias": b_up}
    return functional_call(adapter, given, (x,))


def _cases() -> list[Case]:
    case = named("x", "W_down", "b_down", "W_up", "b_up")
    small = tensors([[[1.0, 2, -1], [0, 1, 3]]], [[1.0], [0], [1]], [-1.0], [[1.0, 0, 2]], [0.0, 0, 1])
    *fresh, _, _ = drawn(1580, (1, 2, 4), (4, 2), (2,), (2, 4), (4,))
    return [
        case(*small, shown=True),
        case(*drawn(1570, (2, 3, 6), (6, 2), (2,), (2, 6), (6,))),
        case(*fresh, torch.zeros(2, 4), torch.zeros(4)),
    ]


@variants
def _other(
    *inputs, start=lambda x: x, act=F.gelu, add=lambda x, y: x + y, read=lambda x: x, end=lambda y: y, biases=(1, 1)
):
    x, W_down, b_down, W_up, b_up = inputs
    x = start(x)
    return end(add(x, act(read(x) @ W_down + biases[0] * b_down) @ W_up + biases[1] * b_up))


ADAPTER = Exercise(
    name="bottleneck adapter",
    task="Down to R features, a GELU, up again, and added to x: x [B, T, D], W_down [D, R], b_down [R], W_up [R, D], "
    "b_up [D] -> [B, T, D].",
    why="A few of these learn the new task, and all of the big model stays as it is: one copy of it for a hundred "
    "tasks.",
    reference=bottleneck,
    cases=_cases,
    returns=("output",),
    hints=(
        "What should come out before anything is learnt, when W_up and b_up are 0? Exactly x.",
        "`small = F.gelu(x @ W_down + b_down)` is [B, T, R]: a few features for what is new.",
        "`x + small @ W_up + b_up`",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        _other(add=lambda x, y: y),
        "x is not added. Put in fresh, with W_up = 0, this adapter would wipe out all that the model knew.",
        _other(act=lambda y: y),
        "There is no GELU: down and up are one matrix then, which is what LoRA does, beside a weight. Between "
        "them an adapter has a non-linearity.",
        _other(act=torch.relu),
        "This is a ReLU. Many adapters have one; asked for is BERT's own, the GELU.",
        _other(act=lambda y: F.gelu(y, approximate="tanh")),
        "This is the approximation by tanh, which GPT-2 has. BERT's GELU is the exact one: `F.gelu(x)`.",
        _other(end=F.gelu, act=lambda y: y),
        "The GELU comes at the very end, and changes x as well. It belongs between down and up.",
        lambda x, W_down, b_down, W_up, b_up: x + F.gelu((x @ W_down + b_down) @ W_up + b_up),
        "The GELU comes after the way up: nothing could be taken away from x. It belongs between down and up.",
        lambda x, W_down, b_down, W_up, b_up: x + F.gelu(F.gelu(x @ W_down + b_down) @ W_up + b_up),
        "One GELU too many: the way up is linear, so that it can also take something away from x.",
        _other(add=lambda x, y: 2 * x + y),
        "x is added twice; once is enough.",
        _other(act=torch.tanh),
        "This is a tanh; asked for is BERT's own, the GELU.",
        _other(biases=(0, 0)),
        "The biases are not used.",
        lambda x, W_down, b_down, W_up, b_up: x + (F.gelu(x @ W_down) + b_down) @ W_up + b_up,
        "The first bias comes after the GELU; it belongs inside.",
        lambda x, W_down, b_down, W_up, b_up: x + F.gelu(F.layer_norm(x, x.shape[-1:]) @ W_down + b_down) @ W_up + b_up,
        "x is normalised first. Some adapters do that; here the block has a norm of its own.",
        lambda x, W_down, b_down, W_up, b_up: x @ W_down,
        "Only the way down: what comes out has R features, and the next layer wants D.",
    ),
)
