"""Chapter 5, find-the-errors: two that run: a mask as a product, keys from the wrong sentence."""

import torch
from torch import Tensor

from course_kit.exercises.compare import same
from course_kit.exercises.define import FindError, Property, drawn, named, variants, wrong_answers
from course_kit.exercises.properties import blind_to_later, rows_sum_to_one
from course_kit.i18n import mark, t
from course_utils.attention import causal_mask, scaled_dot_product_attention


def masked_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """q, k, v [T, d] -> causal attention [T, d]."""
    return scaled_dot_product_attention(q, k, v, causal_mask(len(q)))[0]


def scaled_scores(q, k):
    return q @ k.mT / q.shape[-1] ** 0.5


def hide_future(scores, diagonal=0):
    """Scores with −∞ where the future is."""
    allowed = torch.ones(scores.shape[-2:], dtype=torch.bool).tril(diagonal)
    return scores.masked_fill(~allowed, -torch.inf)


def _plain(scores):
    return torch.softmax(scores, -1)


@variants
def _attend(q, k, v, *, scores=scaled_scores, masked=hide_future, after=lambda weights: weights):
    return after(_plain(masked(scores(q, k)))) @ v


def _ones(scores):
    return torch.ones(scores.shape[-2:]).tril()


_inputs = named("q", "k", "v")

PRODUCT = FindError(
    name=mark("program 5.1"),
    title=t("a mask as a product"),
    task=t("write the function again, causal attention, q, k, v [T, d] -> [T, d]."),
    program=(
        "def masked_attention(q, k, v):  # [T, d] each",
        "    scores = q @ k.T / q.shape[-1] ** 0.5",
        "    mask = torch.ones(len(q), len(q)).tril()  # 1: may be seen",
        "    scores = scores * mask",
        "    return torch.softmax(scores, dim=-1) @ v",
    ),
    line=4,
    found=t(
        "a masked score becomes 0, and exp(0) = 1: the future still gets its share, and more than a past whose scores "
        "are negative. Masked scores must be −∞."
    ),
    innocent={
        2: t("these are scaled dot products, as they should be."),
        3: t("this is the right triangle, with its diagonal. What is done with it?"),
        5: t("a softmax along the keys, and the mean of the values."),
    },
    reference=masked_attention,
    cases=lambda: [
        _inputs(torch.eye(2), torch.eye(2), torch.tensor([[1.0, 0], [0, 100]]), shown=True),
        _inputs(*drawn(610, (3, 2), (3, 2), (3, 2))),
        _inputs(*drawn(620, (4, 3), (4, 3), (4, 3))),
    ],
    returns=("output",),
    properties=(blind_to_later("q", "k", "v"),),
    hints=(
        t("The first word may see itself alone. What should its output be? What is it?"),
        t("exp of which number is 0?"),
        t('Instead of a product, `scores.masked_fill(…, float("-inf"))`, where the mask is 0.'),
    ),
    minutes=6,
    difficulty=1,
    wrong=wrong_answers(
        _attend(masked=lambda s: s * _ones(s)),
        t("The future still leaks: a score of 0 gives exp(0) = 1. It must be −∞ before the softmax."),
        _attend(masked=lambda s: s, after=lambda w: w * _ones(w)),
        t("The product comes after the softmax now: the future's share is lost, and the rows sum to less than 1."),
        _attend(masked=lambda s: s + (1 - _ones(s)) * -torch.inf),
        t("0 · −∞ is not 0 but NaN. Fill in −∞ where it belongs: `masked_fill`."),
        _attend(masked=lambda s: hide_future(s, -1)),
        t("Strictly before: the first row is empty, and its softmax 0/0 = NaN. The diagonal may be seen."),
        _attend(masked=lambda s: s.masked_fill(_ones(s).bool(), -torch.inf)),
        t("Filled in where the mask is 1: now the past is hidden, and the future is seen. Fill where it is 0."),
        _attend(scores=lambda q, k: q @ k.mT),
        t("The scale is missing now: divide by √d, as before."),
    ),
)


def cross_attention(written: Tensor, source: Tensor, Wq: Tensor, Wk: Tensor, Wv: Tensor):
    """written [T, D], source [S, D], three W [D, D] -> output [T, D], weights [T, S]."""
    return scaled_dot_product_attention(written @ Wq, source @ Wk, source @ Wv)


_crossed = named("written", "source", "Wq", "Wk", "Wv")


@variants
def _asked(
    *inputs,
    query=lambda w, s: w,
    key=lambda w, s: s,
    value=lambda w, s: s,
    power=0.5,
    weigh=lambda scores: torch.softmax(scores, -1),
):
    """Cross-attention."""
    written, source, Wq, Wk, Wv = inputs
    q, k, v = query(written, source) @ Wq, key(written, source) @ Wk, value(written, source) @ Wv
    weights = weigh(q @ k.T / q.shape[-1] ** power)
    return weights @ v, weights


KEYS = FindError(
    name=mark("program 5.17"),
    title=t("keys from the target"),
    task=t("write it again: written [T, D], source [S, D] -> (output [T, D], weights [T, S])."),
    program=(
        "def cross_attention(written, source, Wq, Wk, Wv):     # Je t'aime [T, D], I love you [S, D]",
        "    q = written @ Wq",
        "    k, v = written @ Wk, written @ Wv",
        "    weights = torch.softmax(q @ k.T / q.shape[-1] ** 0.5, dim=-1)",
        "    return weights @ v, weights",
    ),
    line=3,
    found=t(
        "queries come from the French words, keys and values from the English sentence. In the program the source is "
        "never read."
    ),
    innocent={
        1: t("it only names what comes in. Are all of them used?"),
        2: t("the queries come from the French words, as they should."),
        4: t("scaled, and a softmax along the keys."),
        5: t("the mean of the values, and the weights."),
    },
    reference=cross_attention,
    cases=lambda: [
        _crossed(*drawn(1340, (2, 2), (3, 2), (2, 2), (2, 2), (2, 2)), shown=True),
        _crossed(*drawn(930, (1, 3), (4, 3), (3, 3), (3, 3), (3, 3))),
        _crossed(*drawn(940, (3, 2), (3, 2), (2, 2), (2, 2), (2, 2))),
    ],
    returns=("output", "weights"),
    properties=(
        rows_sum_to_one(part=1),
        Property(
            t(
                "The weights are right, the output is not. It is the mean of the *source's* values, `weights @ (source "
                "@ Wv)`, and no more."
            ),
            lambda run, case, mine, want: same(mine[1], want[1]) and not same(mine[0], want[0]),
        ),
        Property(
            t(
                "The weights are others. Each compares a query of the target, `written @ Wq`, with a key of the "
                "source, `source @ Wk`: their product over √D, then a softmax along the keys."
            ),
            lambda run, case, mine, want: mine[1].shape == want[1].shape and not same(mine[1], want[1]),
            any_shape=True,
        ),
    ),
    hints=(
        t("What would the translation be, if the source were another sentence?"),
        t("Which sentence do queries come from, and which one is read?"),
        t("Only line 3 has to change: which of the two inputs do Wk and Wv belong to?"),
    ),
    minutes=4,
    difficulty=1,
    wrong=wrong_answers(
        _asked(key=lambda w, s: w, value=lambda w, s: w),
        t("The target still reads itself: change the source, and nothing changes."),
        _asked(query=lambda w, s: s),
        t("Now the source reads itself, and what was written is not used: queries come from the target."),
        _asked(query=lambda w, s: s, key=lambda w, s: w, value=lambda w, s: w),
        t("The wrong way round: English reads French, with one row for each English word."),
        _asked(power=0),
        t("The scale is missing."),
        _asked(weigh=lambda scores: torch.softmax(scores, 0)),
        t("The softmax runs over the queries."),
    ),
)
