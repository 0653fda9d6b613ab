"""Chapter 2, find the error: an article's own attention."""

from dataclasses import replace

import torch
from torch import Tensor

from course_kit.exercises import properties
from course_kit.exercises.define import Case, FindError, drawn, named, normal, tensors, variants, wrong_answers
from course_utils.attention import scaled_dot_product_attention


def own_attention(x: Tensor, Wq: Tensor, Wk: Tensor, Wv: Tensor) -> Tensor:
    """x [T, D], Wq, Wk, Wv [D, D] -> self-attention's output [T, D]."""
    return scaled_dot_product_attention(x @ Wq, x @ Wk, x @ Wv)[0]


def _cases() -> list[Case]:
    case = named("x", "Wq", "Wk", "Wv")
    tokens, asking, swap, values = tensors(
        [[1.0, 0], [0, 1], [1, 1]], [[1.0, 1], [0, 1]], [[0.0, 1], [1, 0]], [[2.0, 0], [0, 1]]
    )
    return [
        case(tokens, asking, swap, values, shown=True),
        case(tokens, torch.tensor([[1.0, -1], [-2, 1]]), swap, values),
        case(*drawn(180, (3, 3), (3, 3), (3, 3), (3, 3), of=normal)),
        case(*drawn(190, (4, 2), (2, 2), (2, 2), (2, 2), of=normal)),
    ]


def plain_projections(x, Wq, Wk, Wv):
    q, k, v = x @ Wq, x @ Wk, x @ Wv
    weights = torch.softmax(q @ k.T / q.shape[-1] ** 0.5, dim=-1)
    return weights @ v


@variants
def _wrong(x, Wq, Wk, Wv, *, query=lambda q: q, key=lambda k: k, averaged=lambda x, k, v: v, scale=True, dim=-1):
    """Self-attention with something done to the queries or keys, another average, no scale, or another axis."""
    q, k, v = query(x @ Wq), key(x @ Wk), x @ Wv
    return torch.softmax(q @ k.T / (q.shape[-1] ** 0.5 if scale else 1), dim) @ averaged(x, k, v)


AVERAGED = FindError(
    name="program 2.10",
    title="what is averaged",
    task="the function should return the output [T, D] of self-attention.",
    program=(
        "def attention(x, Wq, Wk, Wv):               # x [T, D]",
        "    q, k, v = x @ Wq, x @ Wk, x @ Wv",
        "    weights = torch.softmax(q @ k.T / q.shape[-1] ** 0.5, dim=-1)",
        "    return weights @ x",
    ),
    line=4,
    found="the weights should average the values v. Without them the output can only be a mixture of what came in.",
    innocent={
        2: "each token is projected three times, to a query, a key and a value.",
        3: "the softmax runs along the keys, over scores divided by √D.",
    },
    reference=own_attention,
    shown=plain_projections,
    cases=_cases,
    returns=("output",),
    hints=(
        "Line 2 makes three projections. Which of them is never used?",
        "The weights come from queries and keys. What should they average?",
        "In the last line, `x` is what came in. What was made of it to be averaged?",
    ),
    minutes=3,
    difficulty=1,
    properties=(
        replace(
            properties.linear_in("Wv"),
            says="Twice Wv gives twice the values, so it should give twice the output; with yours it does not. What is "
            "averaged?",
        ),
    ),
    wrong=wrong_answers(
        _wrong(averaged=lambda x, k, v: x),
        "The inputs x are averaged. The values, which were computed for this, are not used.",
        _wrong(averaged=lambda x, k, v: k),
        "The keys are averaged. They have done their work in the weights; what is averaged are the values.",
        _wrong(query=torch.relu),
        "There is a relu on the queries: every negative coordinate is cut to 0, and a query can no longer ask for keys "
        "*without* a feature.",
        _wrong(key=torch.relu),
        "There is a relu on the keys: every negative coordinate is cut to 0. Keys are plain projections.",
        _wrong(scale=False),
        "The scale is missing: divide the scores by √D.",
        _wrong(dim=0),
        "The columns sum to 1, not the rows: the softmax should run along the keys, `dim=-1`.",
    ),
)
