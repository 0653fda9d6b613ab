"""What is said of a wrong result or an error: which remark it is, told by a word or two of it."""

import math
import re

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from unit.small_exercises import DOUBLE, SHARES, T, in_cell, small, words

from course_kit.exercises.define import some_numbers
from course_kit.exercises.describe import describe
from course_kit.exercises.diagnose import Diagnosis
from course_kit.exercises.judge import judge

RESULTS = [  # what is done to a right result of DOUBLE, and what is said
    (lambda x: None, "`return`"),
    (lambda x: {"x": x}, "a dict"),
    (lambda x: (one for one in x), "`yield`"),
    (lambda x: nn.Linear, "the class `Linear`"),
    (lambda x: object(), "`object`"),
    (lambda x: x.shape, "a shape"),
    (lambda x: [[1.0], [2.0, 3.0]], "no regular array"),
    (lambda x: (x, x), "2 things"),
    (lambda x: (x,), "a comma"),
    (lambda x: x.T, "transposed"),
    (lambda x: x[None], "in the right order: is an axis"),
    (lambda x: x.flatten(), "Its shape is [6], needed: [2, 3]"),
    (lambda x: x.sum(-1), "An axis has gone"),
    (lambda x: x[..., None] * torch.ones(4), "an axis too many"),
    (lambda x: x[:, :2], "after each step"),
    (lambda x: x[:1] if len(x) > 1 else x, "first of 2"),
    (lambda x: x.masked_fill(x == x.max(), float("nan")), "NaN, in 1 of 6"),
    (lambda x: x / 0, "infinite"),
    (lambda x: x.int(), "`torch.int32`"),
    (lambda x: x + 0j, "The right entries, but complex"),
    (lambda x: x * 0.3 if len(x) > 1 else x, "0.3 times"),
    (lambda x: -x if len(x) > 1 else x, "opposite sign"),
    (lambda x: x.flip(1), "another order"),
    (lambda x: x**3, "6 of 6 numbers differ, the first in row 0, column 0"),
]


@pytest.mark.parametrize(("change", "word"), RESULTS, ids=[word for _, word in RESULTS])
def test_any_wrong_result_is_described(change, word):
    verdict = judge(DOUBLE, lambda x: change(2 * x))
    assert verdict.state == "wrong" and word in verdict.text, verdict.text


CUBE = torch.arange(24.0).reshape(1, 3, 2, 4)
MASK = torch.ones(3, 3).tril() > 0
ROWS = T([[0.2, 0.8], [0.5, 0.5]])
PAIRS = [  # a result, the right one, and what is said
    (CUBE.transpose(1, 2), CUBE, "axes 1 and 2"),
    (CUBE.permute(0, 2, 3, 1), CUBE, "its axes have"),
    (T([7.0, 2.0, 5.0]), T([2.0, 2.0, 2.0]), "2 of 3 numbers differ, the first at 0"),
    (T([7.0, 2.0, 2.0]), T([2.0, 2.0, 2.0]), "All is right but the beginning of axis 0"),
    (T([[0.5, 0.3, 0.2]]), T([[0.7, 0.2, 0.1]]), "another function of the same scores"),
    (ROWS.T**2 / (ROWS.T**2).sum(0), ROWS, "columns do"),
    (ROWS * 3 + T([[0.1, 0.0], [0.0, 0.0]]), ROWS, "one sums to 3.1"),
    (ROWS * T([[1.0], [0.0]]), ROWS, "is all 0"),
    (ROWS.log() + 2, ROWS, "before the softmax"),
    (ROWS.log(), ROWS, "logarithms"),
    (ROWS * T([[0.7], [0.9]]), ROWS, "by its own sum"),
    (T([1.0, 2.0]).softmax(-1), T([1.0, 2.0]), "is the softmax of"),
    (T([3.0, 2.0]), T([3.5, 2.25]), "rounded"),
    (~MASK, MASK, "other way round"),
    (torch.ones(3, 3).tril(-1) > 0, MASK, "on the diagonal"),
    (MASK.T, MASK, "transposed"),
    (MASK.float(), MASK, "to get a mask"),
    (T(3.0), T(2.0), "3, expected 2."),
    (5, 6, "Expected 6, got 5."),
]


@pytest.mark.parametrize(("got", "want", "word"), PAIRS, ids=[word for *_, word in PAIRS])
def test_shapes_sums_and_masks_are_told(got, want, word):
    assert word in describe(("x",), [(got, want)], everything=True)


@pytest.mark.parametrize(
    ("answer", "word"),
    [(lambda x: (x / x.sum(), x.mean()), "order: return `mean, shares`"),
     (lambda x: (2 * x, x.max()), "By their shapes, they are in the wrong order: return `mean, shares`"),
     (lambda x: x.mean(), "2 are asked for: `mean, shares`"), (lambda x: (x, x, x), "3 things"),
     (lambda x: (x.mean(), None), "`shares` is None"), (lambda x: {"mean": x.mean(), "shares": x}, "in this order"),
     (lambda x: (x.max(), x.exp()), "In `shares`: "), (lambda x: (x.mean() ** 2 + 1, x / x.sum()), "In `mean`: ")],
)  # fmt: skip
def test_of_two_results(answer, word):
    assert word in judge(SHARES, answer).text


class TestOverAllInputs:
    def test_what_is_said_holds_for_every_input(self):
        assert "differ" in judge(DOUBLE, lambda x: 4 * x if len(x) > 1 else x**3).text
        one = small(lambda x: 2 * x, *({"x": some_numbers(n, 3, seed=n)} for n in (2, 3)))
        assert "another one on each input" in judge(one, lambda x: x / len(x) ** 1.5 + 0 * x.exp()).text

        rounded = [(T([3.0, 2.0]), T([3.5, 2.25])), (T([0.0]), T([1.0]))]
        assert "differ" in describe(("x",), rounded, everything=True)

    def test_a_few_whole_numbers_may_be_chance(self):
        pairs = [(T(2.0), T(2.5)), (T(3.0), T(3.25))]
        assert "rounded" not in describe(("x",), pairs, everything=True)
        assert "rounded" in describe(("x",), [*pairs, (T(1.0), T(1.5)), (T(0.0), T(0.25))], everything=True)

    def test_what_is_right_to_three_places_or_in_a_coarser_dtype(self):
        x = torch.linspace(0.1, 1, 9)
        assert "rounded to 3 places" in describe(("x",), [(x.sin().round(decimals=3), x.sin())], everything=True)
        wave = small(torch.sin, {"x": x})
        assert "nearly right" in judge(wave, lambda x: (x + 0.004).sin()).text
        assert "nearly right" not in judge(wave, lambda x: (x + 0.4).sin()).text

    def test_nan_on_another_input_is_told(self):
        text = judge(DOUBLE, lambda x: x.log() - 1 if len(x) > 1 else x * float("nan")).text
        assert text.startswith("On another input: NaN")

    def test_the_smallest_input_that_shows_it_is_shown(self):
        verdict = judge(SHARES, lambda x: (x.mean() if len(x) < 3 else x.max(), x / x.sum()))
        assert verdict.here == 2 and verdict.lead.startswith("Right on 2 of 3 inputs; this is the smallest")
        assert list(verdict.arrays) == ["x", "mean, expected", "mean, yours", "shares, expected", "shares, yours"]
        assert (verdict.arrays["mean, expected"], verdict.arrays["mean, yours"]) == (2.5, 4)

    @pytest.mark.parametrize(
        ("answer", "said"),
        [
            (lambda x: (x.max() ** 2 + 1, x / x.sum()), True),
            (lambda x: (x.max(), x / x.sum() * (len(x) != 2)), False),  # another input shows more
        ],
    )
    def test_the_rest_is_right_only_where_all_of_it_is(self, answer, said):
        assert judge(SHARES, answer).text.endswith("The rest is right.") == said


ERRORS = [  # a line with x [2, 3] that raises, and what is advised
    ("undefined", "and imported?"),
    ("math.exp(1)", "`import math`"),
    ("np.exp(1)", "`import numpy"),
    ("x.dubble()", "spelt right?"),
    ("real_math.exp(x)", "take single numbers"),
    ("x.sum(7)", "from the end"),
    ("x ^ 2", "write `**`"),
    ("not torch.ones(2, 2)", "`~`"),
    ("x if x > 0 else -x", "one truth value"),
    ("torch.ones(1, 2, 3) @ torch.ones(1, 2, 3)", "Is a transpose missing"),
    ("torch.ones(2, 2) > torch.ones(2, 2).max(0)", "`.values`"),
    ("x @ torch.ones(3, dtype=torch.float64)", "Two dtypes"),
    ("x / x.sum", "brackets missing"),
    ("x(2)", "`*` missing"),
    ("~x", "`.bool()`"),
    ("(x > 0) & x", "make one with `.bool()`"),
    ("torch.softmax(x)", "which axis"),
    ("torch.mean(x, x)", "does not take"),
    ("torch.ones(2, 3)[torch.ones(1, 3) > 0]", "exactly the shape"),
    ("torch.max(0, x)", "two tensors"),
    ("max(0, x)", "`torch.relu(x)`"),
    ("torch.ones(2, 3) / torch.ones(2, 3).sum(-1)", "`keepdim=True`"),
    ("len(nn.Linear(1, 1).parameters())", "list of it"),
    ("F.cross_entropy(torch.ones(1, 3, 5), torch.ones(1, 3).long())", "axis 1"),
    ("F.cross_entropy(torch.ones(3, 5), torch.ones(1, 3).long())", "flatten both"),
    ("torch.cat([torch.ones(1, 2), torch.ones(2)], -1)", "`squeeze()`"),
    ("x[9]", "from 0 to n − 1"),
    ("{[1]: x}", "a tuple"),
    ("x @ 0", "`torch.zeros(…)`"),
    ("x.reshape(2, 6 / 2)", "write `//`"),
    ("(x, x).sum()", "Take them apart"),
    ("[x, x].sum()", "`torch.stack(…)`"),
    ("(lambda x: x).sum()", "its brackets"),
    ("x.reshape(77)", "Print the shapes"),
    ("1 / 0", "ZeroDivisionError"),
    ("[][0]", "IndexError"),
    ("torch.zeros(10**13)", "more memory"),
    ("[total for total in x if late] or late", "late"),
]


@pytest.mark.parametrize(("line", "word"), ERRORS, ids=[line for line, _ in ERRORS])
def test_an_error_is_named_with_its_line_and_the_advice_that_fits(line, word):
    space = in_cell(f"def answer(x):\n    return {line}\n", F=F, nn=nn, real_math=math)
    verdict = judge(DOUBLE, space["answer"])
    assert verdict.look is Diagnosis.an_error and word in verdict.text, verdict.text
    assert verdict.code == f"return {line}" and not re.search(r"/\w+/|0x[0-9a-f]{4}", verdict.text)


def test_the_line_is_ones_own_even_deep_inside():
    text = "def helper(x):\n    total += F.linear(x, x)\n\ndef answer(x):\n    return helper(x)"
    verdict = judge(DOUBLE, in_cell(text, F=F)["answer"])
    assert verdict.code == "total += F.linear(x, x)" and "`total = 0`" in verdict.text


def test_a_call_with_other_arguments_is_told_from_an_error_inside():
    """Also where an exercise gives the answer more than its cases have."""
    assert judge(DOUBLE, lambda: 1).outcomes[0].trouble.error == "signature"
    model = small(lambda model, x: model * x, {"x": T([1.0])}, run=lambda answer, case: answer(2, case.args["x"]))
    verdict = judge(model, lambda model, x: model + None)
    assert verdict.outcomes[0].trouble.error == "TypeError" and "unsupported operand" in words(verdict)
