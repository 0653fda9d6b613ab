"""Chapter 6, find-the-error: a whole model, with five errors in it."""

import functools

import torch
import torch.nn.functional as F
from torch import Tensor

from course_kit.exercises import compare
from course_kit.exercises.define import (
    Case,
    FindError,
    construct,
    integers,
    is_class,
    normal,
    tensors,
    variants,
    wrong_answers,
)
from course_kit.exercises.properties import blind_to_padding, rows_sum_to_one


class MaskedModel(torch.nn.Module):
    """A BERT with one layer and one head, and its loss."""

    def __init__(self, words: int, size: int, longest: int):
        super().__init__()
        self.tokens = torch.nn.Embedding(words, size)
        self.segments = torch.nn.Embedding(2, size)
        self.places = torch.nn.Embedding(longest, size)
        self.query, self.key, self.value = (torch.nn.Linear(size, size) for _ in range(3))
        self.norm = torch.nn.LayerNorm(size)

    def forward(self, ids: Tensor, segments: Tensor, real: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """ids, segments, real (True = a token), labels (−100: not asked), all [B, T] -> weights [B, T, T], the mean
        loss of the asked words, a scalar."""
        places = torch.arange(ids.shape[1])
        x = self.norm(self.tokens(ids) + self.segments(segments) + self.places(places))
        scores = self.query(x) @ self.key(x).mT / x.shape[-1] ** 0.5
        weights = torch.softmax(scores.masked_fill(~real[:, None], -torch.inf), dim=-1)
        x = x + weights @ self.value(x)
        logits = x @ self.tokens.weight.T
        return weights, torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten())


def _hidden_before(scores, real, dim):
    return torch.softmax(scores.masked_fill(~real[:, None], -torch.inf), dim)


def _hidden_after(scores, real, dim):
    return torch.softmax(scores, dim) * real[:, None]


@variants
def _model(
    *sizes,
    segments=lambda table, numbers: table(numbers),
    dim=-1,
    hide=_hidden_before,
    scores_of=lambda logits: logits,
    target=lambda ids, labels: labels,
):
    """A MaskedModel with some things done differently."""
    model = MaskedModel(*sizes)

    def forward(ids, numbers, real, labels):
        x = model.tokens(ids) + segments(model.segments, numbers) + model.places(torch.arange(ids.shape[1]))
        x = model.norm(x)
        weights = hide(model.query(x) @ model.key(x).mT / x.shape[-1] ** 0.5, real, dim)
        logits = scores_of((x + weights @ model.value(x)) @ model.tokens.weight.T)
        return weights, F.cross_entropy(logits.flatten(0, 1), target(ids, labels).flatten())

    model.forward = forward
    return model


@functools.cache
def _parameters(sizes: tuple[int, ...]) -> dict[str, Tensor]:
    """The same numbers for every model of these sizes."""
    state = MaskedModel(*sizes).state_dict()
    return {name: normal(*x.shape, seed=1660 + i) for i, (name, x) in enumerate(state.items())}


def _with_parameters(answer, case: Case):
    """Runs a model with the same parameters as all others; the rows of padding may be anything."""
    given = _parameters(case.init)
    with torch.random.fork_rng(devices=[]):
        try:
            model = construct(answer, case, given) if is_class(answer) else answer(*case.init)
            if not is_class(answer):
                model.load_state_dict(given)
        except NotImplementedError:  # not written yet; for Python it is a RuntimeError
            raise
        except (RuntimeError, AttributeError):
            said = "Its parameters are not those of the program. Keep its layers, and their names."
            raise compare.Misfit(said) from None
    real = case.args["real"]
    result = compare.converted(model(*case.args.values()), (real.float(), 0.0), FIVE.returns)
    weights = result[0]
    if weights.shape == (*real.shape, real.shape[1]):
        weights = weights.where(real[..., None] | weights.isnan(), torch.zeros(()))
    return weights, result[1]


def _case(ids, segments, real, labels, shown=False) -> Case:
    args = {"ids": ids, "segments": segments, "real": real, "labels": labels}
    return Case(args, init=(7, 4, 6), shown=shown)


def _batch(lengths: list[int], seed: int) -> Case:
    time = max(lengths)
    real = torch.arange(time) < torch.tensor(lengths)[:, None]
    ids = integers(7, len(lengths), time, seed=seed).masked_fill(~real, 0)
    segments = integers(2, len(lengths), time, seed=seed + 1) * real
    asked = real & (integers(3, len(lengths), time, seed=seed + 2) == 0)
    asked[:, 0] = True
    words = integers(7, len(lengths), time, seed=seed + 3)
    return _case(ids.masked_fill(asked, 1), segments, real, words.masked_fill(~asked, -100))


def _segments_left_out(table, numbers):
    return 0


FIVE = FindError(
    name="program 6.6",
    title="five errors in one model",
    task="the class keeps its layers, under the same names. Its `forward` gets ids, segments, real "
    "(True = a token) and labels (−100 where nothing is asked), all [B, T] -> the attention weights [B, T, T], the "
    "mean loss of the masked words.",
    program=(
        "class MaskedModel(torch.nn.Module):             # one layer, one head",
        "    def __init__(self, words, size, longest):",
        "        super().__init__()",
        "        self.tokens = torch.nn.Embedding(words, size)",
        "        self.segments = torch.nn.Embedding(2, size)",
        "        self.places = torch.nn.Embedding(longest, size)",
        "        self.query, self.key, self.value = (torch.nn.Linear(size, size) for _ in range(3))",
        "        self.norm = torch.nn.LayerNorm(size)",
        "    def forward(self, ids, segments, real, labels):             # all [B, T]",
        "        places = torch.arange(ids.shape[1])",
        "        x = self.tokens(ids) + self.places(places)",
        "        x = self.norm(x)",
        "        scores = self.query(x) @ self.key(x).mT / x.shape[-1] ** 0.5",
        "        weights = torch.softmax(scores, dim=1)",
        "        weights = weights * real[:, None]",
        "        x = x + weights @ self.value(x)",
        "        logits = torch.softmax(x @ self.tokens.weight.T, dim=-1)",
        "        rows = logits.flatten(0, 1)",
        "        loss = torch.nn.functional.cross_entropy(rows, ids.flatten())",
        "        return weights, loss",
    ),
    line=(11, 14, 15, 17, 19),
    found="the segments were never added; the softmax ran over the queries; the padding was taken out after the "
    "softmax, so its share was lost; cross-entropy got probabilities instead of logits; and it asked for every word, "
    "with [MASK] itself as an answer.",
    innocent={
        1: "it only names the class.",
        2: "it only names the sizes.",
        3: "every module of torch begins like this.",
        4: "it makes a vector for each word.",
        5: "it makes a vector for each of the two segments. Where are they used?",
        6: "it makes a vector for each position.",
        7: "these are three projections from D features to D.",
        8: "it makes a norm over the features.",
        9: "it only names what comes in. Are all of them used?",
        10: "positions are 0, 1, 2, … up to T − 1.",
        12: "BERT has a norm after its embeddings.",
        13: "these are the scaled dot products.",
        16: "this is the residual connection around attention.",
        18: "it makes a row for each token.",
        20: "it returns the weights and the loss, as asked for.",
    },
    reference=MaskedModel,
    cases=lambda: [
        _case(*tensors([[3, 1, 5]], [[0, 0, 1]], [[True, True, True]], [[-100, 4, -100]]), shown=True),
        _batch([4, 2], 1680),
        _batch([3, 5, 1], 1690),
    ],
    returns=("weights", "loss"),
    run=_with_parameters,
    properties=(
        rows_sum_to_one(part=0),
        blind_to_padding("ids", padded=lambda case: ~case.args["real"], part=1),
    ),
    hints=(
        "Go through `__init__` first: which layer is never called in `forward`? Which of the four things that come in "
        "is never used?",
        "What should a row of the attention weights sum to, and which axis holds the keys? What happens to the share "
        "of padding if it is removed after the softmax?",
        "What does `cross_entropy` want, logits or probabilities? And where in a masked text is the right word: in "
        "`ids`, or in `labels`?",
    ),
    minutes=10,
    difficulty=3,
    wrong=wrong_answers(
        _model(
            segments=_segments_left_out,
            dim=1,
            hide=_hidden_after,
            scores_of=lambda logits: logits.softmax(-1),
            target=lambda ids, labels: ids,
        ),
        "Several of the five errors are still in it.",
        _model(segments=_segments_left_out),
        "The segments are still missing: `self.segments` is made in `__init__`, and never called.",
        _model(dim=1),
        "The softmax still runs over the queries. Each query spreads its weight over the keys, the last axis.",
        _model(hide=_hidden_after),
        "The padding is still taken out after the softmax, so its share is lost and the rows sum to less than 1. Put "
        "−∞ into the scores instead.",
        _model(scores_of=lambda logits: logits.softmax(-1)),
        "There are still two softmaxes: cross-entropy makes probabilities of the logits itself.",
        _model(target=lambda ids, labels: ids),
        "The loss still asks for what is in the input, [MASK] included. The right words are in `labels`.",
    ),
)
