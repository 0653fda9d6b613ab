"""Mistakes that follow from the solution: one change of it in one place gives the answer's results."""

import pytest
import torch
from unit.small_exercises import mean_and_shares, small

from course_kit.exercises import judge, mutants
from course_kit.exercises.diagnose import Diagnosis

T = torch.tensor


def scaled(x, mask, size):
    """x [K] -> [K]"""
    hidden = x.masked_fill(~mask, -torch.inf)
    return hidden.softmax(-1) * size**0.5 - x[1:].sum()


SCALED = small(
    scaled,
    {"x": T([1.0, 2.0, 0.5]), "mask": T([True, True, False]), "size": 4},
    {"x": T([0.3, -1.0, 4.0]), "mask": T([False, True, True]), "size": 9},
)


@pytest.mark.parametrize(
    ("change", "said"),
    [(("~mask", "mask"), "`mask` in the place of `~mask`"),
     (("* size", "/ size"), "You divide by `size ** 0.5`, which should multiply."),
     (("- x[1:]", "+ x[1:]"), "You add `x[1:].sum()`, which should be subtracted."),
     ((" * size**0.5", ""), "`size` has no effect"), (("x[1:]", "x[:-1]"), "`x[:-1]` in the place of `x[1:]`"),
     ((".sum()", ".mean()"), "You take the mean of `x[1:]` where `sum` should be."),
     (("**0.5", "**1.0"), "`size` in the place of `size ** 0.5`"),
     (("hidden.softmax", "x.softmax"), "`mask` has no effect")],
)  # fmt: skip
def test_a_change_in_one_place_is_named(change, said):
    body = "hidden = x.masked_fill(~mask, -torch.inf)\n    return hidden.softmax(-1) * size**0.5 - x[1:].sum()"
    space = {"torch": torch}
    exec(f"def answer(x, mask, size):\n    {body.replace(*change)}", space)
    verdict = judge.judge(SCALED, space["answer"])
    assert verdict.state == "wrong" and said in verdict.text, verdict.text


def head(x, outer):
    """x [B, T, D] -> [B, D]"""
    first = torch.tanh(x[:, 0])
    return outer(first) - x.mean(1)


HEAD = small(head, *({"x": torch.randn(2, 3, size, generator=torch.Generator().manual_seed(size)),
                      "outer": torch.sin} for size in (2, 4)))  # fmt: skip


@pytest.mark.parametrize(
    ("change", "said"),
    [(("x[:, 0]", "x.amax(1)"), "You take the largest along axis 1"), (("torch.tanh(", "F.silu("), "is a `silu` where"),
     (("outer(first)", "outer(first).relu()"), "One step too many: `relu`"), (("x.mean(1)", "x.median(1).values"),
     "the median of `x` where `mean`"), (("- x.mean(1)", "- x.mean(1) + first"), "`first` is added to")],
)  # fmt: skip
def test_another_function_and_a_step_too_many_are_named(change, said):
    body = "first = torch.tanh(x[:, 0])\n    return outer(first) - x.mean(1)"
    space = {"torch": torch, "F": torch.nn.functional}
    exec(f"def answer(x, outer):\n    {body.replace(*change)}", space)
    assert said in judge.judge(HEAD, space["answer"]).text


def test_what_is_no_such_change_gets_other_words_and_a_lambda_has_no_text():
    assert "course's solution" not in judge.judge(SCALED, lambda x, mask, size: x.sin() + size).text
    assert list(mutants.mutants(small(lambda x: 2 * x, {"x": T([1.0])}))) == []
    found = [wrong.hint for wrong in mutants.mutants(small(mean_and_shares, {"x": T([1.0, 2.0])}))]
    assert len(found) > 5 and all(hint.endswith((".", "`")) for hint in found)


def test_an_error_that_tells_of_no_size_is_not_taken_for_one():
    verdict = judge.judge(SCALED, lambda x, mask, size: None.dim())
    assert verdict.look is Diagnosis.an_error and verdict.known is None
