"""Chapter 2: linear attention, and padding and causal mask together."""

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from course_kit.exercises import properties
from course_kit.exercises.compare import Misfit
from course_kit.exercises.define import (
    Case,
    Exercise,
    call,
    named,
    normal,
    tensors,
    variants,
    where_the_answer_is,
    wrong_answers,
)
from course_kit.i18n import mark, t
from course_utils.attention import padding_mask


def linear_output(phi_q, phi_k, values):
    """phi_q [Q, m], phi_k [K, m], both ≥ 0, values [K, Dv] -> output [Q, Dv]."""
    above = phi_q @ (phi_k.T @ values)
    below = phi_q @ phi_k.sum(0)
    return above / below[:, None]


class _Largest(TorchDispatchMode):
    """Remembers how many numbers the largest tensor holds that is made."""

    numbers = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        made = function(*args, **(kwargs or {}))
        for x in made if isinstance(made, tuple | list) else (made,):
            if isinstance(x, Tensor):
                self.numbers = max(self.numbers, x.untyped_storage().nbytes() // x.element_size())
        return made


@where_the_answer_is
def _in_little_room(answer, case: Case):
    """Runs an answer, and refuses one that makes a table of many queries and keys."""
    queries, keys = len(case.args["phi_q"]), len(case.args["phi_k"])
    with _Largest() as largest:
        result = call(answer, case)
    if queries * keys > 1000 and largest.numbers >= queries * keys:
        table = t("a table of {queries} × {keys} numbers, one for each query and key", queries=queries, keys=keys)
        raise Misfit(
            t("It makes {table}. Multiply φ(K)ᵀ by V first: that is [m, Dv], however long the text is.", table=table)
        )
    return result


_linear = named("phi_q", "phi_k", "values")


@variants
def _wrong_linear(phi_q, phi_k, values, *, below):
    """Linear attention with something else below the line."""
    return phi_q @ (phi_k.T @ values) / below(phi_q, phi_k)


LINEAR = Exercise(
    name=mark("linear attention"),
    task=t(
        "The average of the values with the weights φ(q)·φ(k) / Σⱼ φ(q)·φ(kⱼ): phi_q [Q, m], phi_k [K, m], values [K, "
        "Dv] -> output [Q, Dv]. Do it without ever forming a [Q, K] matrix."
    ),
    reference=linear_output,
    cases=lambda: [
        _linear(*tensors([[1.0, 2], [3, 1]], [[1.0, 0], [1, 1]], [[4.0], [8.0]]), shown=True),
        _linear(normal(2, 3, seed=71).exp(), normal(4, 3, seed=72).exp(), normal(4, 2, seed=73)),
        _linear(normal(3, 3, seed=74).exp(), normal(3, 3, seed=75).exp(), normal(3, 3, seed=76)),
        _linear(normal(60, 3, seed=77).exp(), normal(60, 3, seed=78).exp(), normal(60, 2, seed=79)),
    ],
    returns=("output",),
    run=_in_little_room,
    used=t("Yours is compared in [Can attention cost less?](#Can-attention-cost-less?)"),
    hints=(
        t(
            "Start with the numerator, φ(Q) (φ(K)ᵀ V). The brackets hold a small matrix, [m, Dv], and it is the same "
            "for all queries."
        ),
        t(
            "The denominator of a query is φ(q) · Σⱼ φ(kⱼ). The sum over the keys, `phi_k.sum(0)`, is a vector of m "
            "numbers, so `phi_q @ phi_k.sum(0)` has one number for each query: [Q]."
        ),
        t("Divide each row of the numerator, [Q, Dv], by its own number. `[:, None]` turns [Q] into a column, [Q, 1]."),
    ),
    minutes=7,
    difficulty=3,
    properties=(
        properties.averages("values"),
        properties.any_order("phi_k", "values"),
        properties.queries_are_independent("phi_q"),
    ),
    wrong=wrong_answers(
        _wrong_linear(below=lambda phi_q, phi_k: 1),
        t(
            "The division is missing: the weights φ(q)·φ(k) don't sum to 1, so this is a sum and not an average. "
            "Divide by φ(q)·Σφ(k)."
        ),
        _wrong_linear(below=lambda phi_q, phi_k: phi_q @ phi_k.sum(0)),
        t(
            "Each number is divided by the sum of another query: [Q, Dv] / [Q] lines up from the right, so the sums "
            "lie along the columns. Turn them into a column, [Q, 1], with `[:, None]`."
        ),
        lambda phi_q, phi_k, values: torch.softmax(phi_q @ phi_k.T, -1) @ values,
        t("You take a softmax of φ(q)·φ(k), but φ has the exponential in it already. Divide by the sum, nothing else."),
        _wrong_linear(below=lambda phi_q, phi_k: phi_k.sum()),
        t(
            "You divide by the sum of all features of all keys, the same number for every query. The sum of the "
            "weights depends on the query, too: φ(q)·Σφ(k)."
        ),
        lambda phi_q, phi_k, values: (phi_q @ phi_k.T).tril() @ values / (phi_q @ phi_k.sum(0))[:, None],
        t(
            "Above the line each query sees only the keys up to its own position. There is no causal mask here: sum "
            "over all keys."
        ),
        lambda phi_q, phi_k, values: (phi_q / phi_q.sum(-1, keepdim=True)) @ ((phi_k / phi_k.sum(0)).T @ values),
        t(
            "You normalise φ(q) and φ(k) separately. A product of two shares is not the share of the product; divide "
            "once, at the end."
        ),
    ),
)


def decoder_mask(lengths, size):
    """lengths [B], size T -> [B, T, T] bool: padding and what comes later are hidden."""
    at = torch.arange(size)
    causal = at <= at[:, None]  # [T, T]: row = query
    real = at < lengths[:, None]  # [B, T]: keys that are no padding
    return causal & real[:, None, :]


@variants
def _wrong_mask(
    lengths, size, *, causal=torch.ge, real=lambda q, k, length: k < length, join=torch.logical_and, kind=torch.clone
):
    """The mask of (query, key, length), each [B, T, T] when broadcast, with another rule, joint or kind of number."""
    query, key, length = torch.arange(size)[:, None], torch.arange(size), lengths[:, None, None]
    return kind(join(causal(query, key), real(query, key, length)).expand(len(lengths), size, size))


def _sees_later(run, case, mine, want):
    return mine.shape == want.shape and bool((mine == 1).triu(1).any())


def _sees_padding(run, case, mine, want):
    padded = torch.arange(case.args["size"]) >= case.args["lengths"][:, None, None]
    return mine.shape == want.shape and bool(((mine == 1) & padded).any())


MASK = Exercise(
    name=mark("padding and causal mask"),
    task=t(
        "For a batch of sequences padded to T: position t may attend to positions 0 … t, and never to padding. "
        "lengths [B], size T -> mask [B, T, T] bool, True = may be attended."
    ),
    reference=decoder_mask,
    cases=lambda: [
        Case({"lengths": torch.tensor([3, 2]), "size": 3}, shown=True),
        Case({"lengths": torch.tensor([1, 4, 0]), "size": 4}),
        Case({"lengths": torch.tensor([2]), "size": 2}),
        Case({"lengths": torch.tensor([1, 2]), "size": 4}),
    ],
    returns=("mask",),
    used=t("Yours is printed in [Two masks at once?](#Two-masks-at-once?)"),
    hints=(
        t("There are two masks, and a pair is allowed only if both say yes: `&`."),
        t(
            "The causal one is `torch.ones(size, size, dtype=torch.bool).tril()`. Its rows are queries, and its "
            "diagonal is True, because a position may attend to itself."
        ),
        t(
            "Padding hides *keys*, the last axis. `torch.arange(size) < lengths[:, None]` is [B, T], True for real "
            "keys. Give it an axis for the queries, [B, 1, T], and broadcasting does the rest."
        ),
    ),
    minutes=6,
    difficulty=2,
    properties=(
        properties.Property(
            t(
                "A position may attend to a later one. Row t is the query, so everything to the right of the diagonal "
                "must be False."
            ),
            _sees_later,
        ),
        properties.Property(
            t(
                "Padding may be attended to. The keys of a sequence from number `lengths` on are padding: these "
                "columns must be False."
            ),
            _sees_padding,
        ),
    ),
    wrong=wrong_answers(
        _wrong_mask(join=torch.logical_or),
        t("You join the two with *or*: a key is allowed as soon as one of them says yes. Both must say yes: `&`."),
        _wrong_mask(causal=torch.gt),
        t(
            "A position may not attend to itself in your mask, and the first one may attend to nothing. The diagonal "
            "stays True."
        ),
        _wrong_mask(real=lambda query, key, length: query < length),
        t(
            "Padding is hidden on the wrong axis: the rows of padded *queries* are empty, but it is padded *keys* "
            "that must be hidden, the last axis. (What padded queries output, the loss throws away anyway.)"
        ),
        _wrong_mask(kind=lambda mask: torch.zeros(mask.shape).masked_fill(~mask, -torch.inf)),
        t(
            "This is a mask to be *added* to the scores (0 and −∞). In this course a mask is boolean, True = may be "
            "attended."
        ),
        lambda lengths, size: padding_mask(lengths, size),
        t("This is only the padding, [B, 1, T]. The causal part is missing, and with it the axis of the queries."),
        _wrong_mask(real=lambda query, key, length: key < length - 1),
        t("One key too few: the last real word is hidden. It is at lengths − 1, so use `< lengths`."),
    ),
)
