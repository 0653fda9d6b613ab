"""The generic properties: each holds of a right answer, and is violated by an answer with its own mistake."""

from dataclasses import replace

import pytest
import torch
from unit.small_exercises import small

from course_kit.exercises.define import Case, drawn
from course_kit.exercises.judge import judge
from course_kit.exercises.properties import (
    any_order,
    blind_to_later,
    blind_to_padding,
    linear_in,
    queries_are_independent,
    rows_are_independent,
    rows_sum_to_one,
    sees_only,
    shift_changes_nothing,
    violated,
)


def attend(q, k, v, mask):
    """q, k, v [B, T, D], mask [B, T] True = a word -> (output [B, T, D], weights [B, T, T])"""
    weights = (q @ k.mT).masked_fill(~mask[:, None], -torch.inf).softmax(-1)
    return weights @ v, weights


def causal(x):
    """x [B, T, D] -> the mean of each word and those before it"""
    return x.cumsum(1) / torch.arange(1, x.shape[1] + 1)[:, None]


def masks(*lengths):
    return torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]


def attention_cases():
    q, k, v = drawn(1, (2, 3, 4), (2, 3, 4), (2, 3, 4))
    return [
        Case({"q": q[:1], "k": k[:1], "v": v[:1], "mask": masks(3)}, shown=True),
        Case({"q": q, "k": k, "v": v, "mask": masks(3, 2)}),
    ]


ATTEND = small(attend, *attention_cases(), returns=("output", "weights"))
CAUSAL = small(causal, *({"x": x} for x in drawn(3, (1, 2, 3), (2, 4, 3))))
SOFTMAX = small(lambda scores: scores.softmax(-1), *({"scores": x} for x in drawn(5, (2, 3), (3, 4))))
HIDDEN = small(
    lambda scores, mask: scores.masked_fill(~mask, -torch.inf).softmax(-1),
    *({"scores": x, "mask": torch.tensor([True, True, False])} for x in drawn(7, (2, 3), (4, 3))),
)
padded = lambda case: ~case.args["mask"]  # noqa: E731

PROPERTIES = {
    "rows sum to one": (ATTEND, rows_sum_to_one(part=1), lambda q, k, v, m: (attend(q, k, v, m)[0], (q @ k.mT).exp())),
    "columns sum to one": (SOFTMAX, rows_sum_to_one(), lambda scores: scores.softmax(0) * 1.1),
    "sees only": (HIDDEN, sees_only(), lambda scores, mask: scores.masked_fill(mask, -9.0).softmax(-1)),
    "blind to later": (CAUSAL, blind_to_later("x"), lambda x: x.mean(1, keepdim=True) + x),
    "blind to padding": (ATTEND, blind_to_padding("k", "v", padded=padded), lambda q, k, v,
        m: ((q @ k.mT).softmax(-1) @ v, attend(q, k, v, m)[1])),
    "any order": (ATTEND, any_order("k", "v", masks=("mask",)), lambda q, k, v,
        m: (attend(q, k, v * torch.arange(1, 4)[:, None], m)[0], attend(q, k, v, m)[1])),
    "a shift changes nothing": (SOFTMAX, shift_changes_nothing("scores"),
        lambda scores: scores / scores.sum(-1, True)),
    "rows are independent": (CAUSAL, rows_are_independent("x"), lambda x: causal(x) - x.mean()),
    "linear in the values": (ATTEND, linear_in("v"), lambda q, k, v,
        m: (attend(q, k, v, m)[0] + 1, attend(q, k, v, m)[1])),
    "queries are independent": (ATTEND, queries_are_independent("q"), lambda q, k, v,
        m: (attend(q, k, v, m)[0].cumsum(1), attend(q, k, v, m)[1])),
}  # fmt: skip


def broken(exercise, one, answer):
    """The numbers of the cases on which a property is violated."""
    cases = list(exercise.cases())
    run = lambda case: answer(*case.args.values())  # noqa: E731
    mine, wanted = ([f(*case.args.values()) for case in cases] for f in (answer, exercise.reference))
    return [i for _, i in violated((one,), run, cases, mine, wanted)]


@pytest.mark.parametrize("name", PROPERTIES)
def test_holds_of_the_right_answer_and_is_what_is_said_of_a_wrong_one_whatever_else_is_wrong(name):
    exercise, one, wrong = PROPERTIES[name]
    assert broken(exercise, one, exercise.reference) == []
    assert len(broken(exercise, one, wrong)) == 1

    def worse(*inputs):
        result = wrong(*inputs)
        return (result[0] ** 3, result[1]) if isinstance(result, tuple) else result

    judged = replace(exercise, properties=(one,))
    for answer in (wrong, worse):
        verdict = judge(judged, answer)
        assert verdict.state == "wrong" and one.says in (verdict.text, *verdict.notes)
        assert verdict.known is not None and verdict.here is not None
        assert verdict.notes or verdict.text != one.says, "what is generally said of it stands below"


def test_an_answer_that_raises_on_changed_inputs_or_is_another_at_each_call_violates_nothing():
    exercise, one, _ = PROPERTIES["rows are independent"]
    seen = [case.args["x"] for case in exercise.cases()]

    def picky(x):
        if not any(x.shape == one.shape and torch.equal(x, one) for one in seen):
            raise RuntimeError("never seen")
        return causal(x)

    assert broken(exercise, one, picky) == []
    assert broken(exercise, one, lambda x: torch.rand(x.shape)) == []
