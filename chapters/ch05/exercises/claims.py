"""Chapter 5, find-the-errors: three claims of an article, an overview and a slide deck."""

import torch
from torch import Tensor

from course_utils.exercises.definition import Case, FindError, variants, wrong_answers
from course_utils.exercises.inputs import drawn, named, tensors
from course_utils.exercises.properties import rows_sum_to_one


def multiplications(length: int, model_size: int, heads: int) -> int:
    """Multiplications in the matrix products of one multi-head self-attention: 4 T D² + 2 T² D, whatever H is."""
    head_size = model_size // heads
    projections = 4 * length * model_size**2
    one_head = 2 * length**2 * head_size
    return projections + heads * one_head


_sizes = named("length", "model_size", "heads")

FEWER = FindError(
    name="claims 5.6",
    title="fewer heads save compute",
    task="write what one multi-head self-attention costs: length T, model size D, heads H -> multiplications in its "
    "matrix products (three projections, scores, means, W_O).",
    why="An article's advice on choosing the number of heads.",
    claims=True,
    program=(
        "Each of H heads works with d = D / H features.",
        "With many heads, a head's queries and keys are short, and each head can tell fewer words apart.",
        "With fewer heads the model computes less.",
        "With one head there is one set of weights for each word; with eight there are eight.",
    ),
    line=3,
    found="H heads of size D / H cost the same for every H: half as many heads are twice as wide.",
    innocent={
        1: "that is how the Transformer does it.",
        2: "many heads do have a price, but it is not computation.",
        4: "there are eight patterns then, which may differ.",
    },
    reference=multiplications,
    cases=lambda: [
        _sizes(3, 4, 2, shown=True),
        _sizes(3, 4, 1),
        _sizes(10, 512, 8),
        _sizes(10, 512, 1),
        _sizes(50, 128, 4),
    ],
    returns=("multiplications",),
    hints=(
        "A product of [a, b] with [b, c] takes a · b · c multiplications. Four of the products are [T, D] with [D, D].",
        "For one head: scores [T, d] with [d, T], and the mean [T, T] with [T, d]. There are H of them, and H · d = D.",
        "The four projections are 4 · T · D². Add both products of all heads, T² · d each. What becomes of H?",
    ),
    minutes=4,
    difficulty=2,
    wrong=wrong_answers(
        lambda T, D, H: H * (4 * T * D**2 + 2 * T**2 * D),
        "This is H times an attention of full size. Each head has D / H features only.",
        lambda T, D, H: 4 * T * D**2 + 2 * T**2 * D * H,
        "The scores of H heads, each with all D features. A head has d = D / H of them.",
        lambda T, D, H: 4 * T * D**2 + 2 * T**2 * (D // H),
        "These are the scores and means of one head. There are H.",
        lambda T, D, H: 3 * T * D**2 + 2 * T**2 * D,
        "W_O is missing: there are four products with [D, D].",
        lambda T, D, H: 4 * T * D**2 + T**2 * D,
        "The scores or the means are missing: each takes T² D.",
        lambda T, D, H: 2 * T**2 * D,
        "The four projections are missing: T D² each.",
        lambda T, D, H: 4 * T * D**2,
        "Scores and means are missing: T² D each.",
        lambda T, D, H: 8 * T * D**2 + 4 * T**2 * D,
        "Twice as many: these are multiplications *and* additions. Count multiplications alone.",
    ),
)


def weights_of_heads(x: Tensor, Wq: Tensor, Wk: Tensor) -> Tensor:
    """x [T, D], Wq and Wk [H, D, d] -> weights [H, T, T]: one function, scaled dot product, for all heads."""
    return torch.softmax((x @ Wq) @ (x @ Wk).mT / Wq.shape[-1] ** 0.5, dim=-1)


@variants
def _projected(
    x,
    Wq,
    Wk,
    *,
    pairs=lambda Wq, Wk: (Wq, Wk),
    root=lambda d, D: d**0.5,
    weigh=lambda scores: torch.softmax(scores, -1),
    report=lambda weights: weights,
):
    """The weights of all heads."""
    Wq, Wk = pairs(Wq, Wk)
    return report(weigh((x @ Wq) @ (x @ Wk).mT / root(Wq.shape[-1], x.shape[-1])))


_headed = named("x", "Wq", "Wk")


def _some_cosine(x, Wq, Wk):
    weights = weights_of_heads(x, Wq, Wk)
    q, k = (torch.nn.functional.normalize(x @ W, dim=-1) for W in (Wq, Wk))
    return torch.cat([weights[:1], torch.softmax(q @ k.mT, -1)[1:]])


FUNCTION = FindError(
    name="claims 5.5",
    title="different or the same",
    task="write the weights of all heads: x [T, D], Wq and Wk [H, D, d], a pair for each head -> [H, T, T].",
    why="An overview of attention, Transformer, BERT and GPT explains with these sentences what makes heads different.",
    claims=True,
    program=(
        "Multi-head attention runs several attentions side by side.",
        "Their alignment functions are different or the same.",
        "Each head projects queries, keys and values with matrices of its own.",
        "The heads' outputs are put side by side, and projected once more.",
    ),
    line=2,
    found="all heads have the same function, the scaled dot product. What differs are the projections, and so what "
    "each head finds alike.",
    innocent={1: "that is what it is.", 3: "here is where heads differ.", 4: "W_O does it, and there the heads meet."},
    reference=weights_of_heads,
    cases=lambda: [
        _headed(*tensors([[1.0, 0], [0, 1]], [[[1.0], [0]], [[0], [2]]], [[[2.0], [0]], [[1], [-1]]]), shown=True),
        _headed(*drawn(950, (3, 4), (2, 4, 2), (2, 4, 2))),
        _headed(*drawn(960, (2, 6), (3, 6, 2), (3, 6, 2))),
        _headed(*drawn(970, (4, 2), (1, 2, 2), (1, 2, 2))),
    ],
    returns=("weights",),
    properties=(rows_sum_to_one(),),
    hints=(
        "One function for all heads: score, scale, softmax. Only the matrices change.",
        "`x @ Wq` is [H, T, d]: torch repeats x for each head.",
        "`(x @ Wq) @ (x @ Wk).mT` are the products of all heads, [H, T, T]. Scale and softmax are those of a single "
        "head.",
    ),
    minutes=4,
    difficulty=2,
    wrong=wrong_answers(
        _some_cosine,
        "The first head uses scaled dot products, the others the cosine: different functions. All heads have the same.",
        _projected(pairs=lambda Wq, Wk: (Wq[:1].expand_as(Wq), Wk[:1].expand_as(Wk))),
        "All heads have the first one's projections: the same head, H times.",
        _projected(report=lambda weights: weights.mean(0)),
        "The heads are averaged: [T, T]. Each keeps its own weights.",
        _projected(root=lambda d, D: 1),
        "The scale is missing: divide by √d.",
        _projected(root=lambda d, D: d),
        "Scaled twice: by d, not √d.",
        _projected(root=lambda d, D: D**0.5),
        "Scaled by √D. A head has d features: `Wq.shape[-1]`.",
        _projected(weigh=lambda scores: torch.softmax(scores, 0)),
        "The softmax runs over the heads. It should run over the keys: `dim=-1`.",
        _projected(weigh=lambda scores: torch.softmax(scores, 1)),
        "The softmax runs over the queries. It should run over the keys: `dim=-1`.",
        _projected(pairs=lambda Wq, Wk: (Wk, Wq)),
        "Queries and keys are swapped: x @ Wq gives the queries, one row for each.",
    ),
)


def family(attentions: list[str]) -> str:
    """Which attentions a model has ("self", "causal self", "cross") -> what it is."""
    if "cross" in attentions:
        return "encoder-decoder"
    return "decoder-only" if "causal self" in attentions else "encoder-only"


def _model(*attentions: str, shown=False) -> Case:
    return Case({"attentions": list(attentions)}, shown=shown)


FAMILY = FindError(
    name="claims 5.4",
    title="no longer an encoder and a decoder",
    task='write what a model is by its attentions: a list of "self", "causal self", "cross" -> "encoder-only" (BERT), '
    '"decoder-only" (GPT) or "encoder-decoder" (T5).',
    why="A slide deck says so on one page, and draws the opposite some pages later.",
    claims=True,
    program=(
        "A Transformer has neither recurrence nor convolution.",
        "It no longer needs an encoder–decoder: attention is enough.",
        "One of its attentions lets the words that are written attend to those that were read.",
        "Self-attention lets the words of one sentence attend to each other.",
    ),
    line=2,
    found="the Transformer of 2017 *is* an encoder–decoder: claim 3 needs both. What it no longer needs is recurrence. "
    "BERT later kept only the encoder, GPT only the decoder.",
    innocent={
        1: "that is what it left out.",
        3: "that is cross-attention. Where are the words that it reads?",
        4: "it does, in both stacks.",
    },
    reference=family,
    cases=lambda: [
        _model("self", "causal self", "cross", shown=True),
        _model("self"),
        _model("causal self"),
        _model("causal self", "cross", "self"),
        _model("self", "self"),
    ],
    returns=("family",),
    words=True,
    hints=(
        "Which attention needs two stacks?",
        "Which attention would make no sense in a model that only reads?",
        'Two questions in this order: `"cross" in attentions`, and then `"causal self" in attentions`.',
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        lambda attentions: "decoder-only" if "causal self" in attentions else "encoder-only",
        "Cross-attention needs something to read: an encoder beside the decoder.",
        lambda attentions: "encoder-decoder" if len(attentions) > 1 else family(attentions),
        "Two attentions don't make two stacks: two layers of self-attention are one encoder.",
        lambda a: {"encoder-only": "decoder-only", "decoder-only": "encoder-only"}.get(family(a), "encoder-decoder"),
        "BERT and GPT are swapped: a model that may not see the future is a decoder.",
        lambda attentions: "encoder-decoder",
        "Not every Transformer: later models kept one of the stacks.",
    ),
)
