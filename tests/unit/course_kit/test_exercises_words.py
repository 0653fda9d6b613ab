"""What is said of a wrong result or an error: which remark it is, told by a word or two of it."""

import re

import pytest
import torch
import torch.nn.functional as F
from small_exercises import DOUBLE, SHARES, T, in_cell, small, words
from torch import nn

from course_kit.exercises.compare import describe
from course_kit.exercises.define import some_numbers
from course_kit.exercises.judge import judge


def said(got, want):
    return describe(("x",), [(got, want)], everything=True)


RESULTS = [  # what is done to a right result of DOUBLE, and what is said
    (lambda x: None, "`return`"),
    (lambda x: "2x", "a text"),
    (lambda x: {"x": x}, "a dict"),
    (lambda x: (one for one in x), "`yield`"),
    (lambda x: lambda: x, "a function"),
    (lambda x: nn.Linear, "the class `Linear`"),
    (lambda x: object(), "`object`"),
    (lambda x: ..., "`...`"),
    (lambda x: x.shape, "a shape"),
    (lambda x: [[1.0], [2.0, 3.0]], "no regular array"),
    (lambda x: (x, x), "2 things"),
    (lambda x: (x,), "a comma"),
    (lambda x: x.T, "transposed"),
    (lambda x: x.T + 1, "seem to have changed places"),
    (lambda x: x[None], "axis of size 1"),
    (lambda x: x.flatten(), "Its shape is [6], needed: [2, 3]"),
    (lambda x: x.sum(-1), "An axis has gone"),
    (lambda x: x[..., None] * torch.ones(4), "an axis too many"),
    (lambda x: x[:, :2], "after each step"),
    (lambda x: x * float("nan"), "NaN, in all"),
    (lambda x: x.masked_fill(x == x.max(), float("nan")), "NaN, in 1 of 6"),
    (lambda x: x / 0, "infinite"),
    (lambda x: x.int(), "`torch.int32`"),
    (lambda x: x + 0j, "The right entries, but complex"),
    (lambda x: x + 1j, "Complex numbers"),
    (lambda x: x * 2, "twice"),
    (lambda x: x / 2, "half"),
    (lambda x: x * 0.3, "0.3 times"),
    (lambda x: -x, "opposite sign"),
    (lambda x: x + 1, "1 too large"),
    (lambda x: x - 0.25, "0.25 too small"),
    (lambda x: 1 - x, "1 minus"),
    (lambda x: x.flip(1), "another order"),
    (lambda x: torch.full_like(x, 3), "3 everywhere. Does what comes in"),
    (lambda x: x.log(), "the logarithm"),
    (lambda x: x.exp(), "e to the power"),
    (lambda x: x**2, "the square of"),
    (lambda x: x**0.5, "the square root"),
    (lambda x: x**3, "6 of 6 numbers differ, the first in row 0, column 0"),
]


@pytest.mark.parametrize(("change", "word"), RESULTS, ids=[word for _, word in RESULTS])
def test_any_wrong_result_is_described(change, word):
    verdict = judge(DOUBLE, lambda x: change(2 * x))
    assert verdict.state == "wrong" and word in verdict.text, verdict.text


BATCH = some_numbers(1, 3, 3, seed=1).expand(2, 3, 3)
SEVERAL = some_numbers(2, 3, 3, seed=2)
LONG = some_numbers(2, 6, seed=4)
CUBE = torch.arange(24.0).reshape(1, 3, 2, 4)
ROW = torch.randn(2, 4, generator=torch.Generator().manual_seed(1))
NEAR = some_numbers(2, 3, seed=3) + 5
SHAPES = [  # a result, the right one, and what is said
    (CUBE.transpose(1, 2), CUBE, "axes 1 and 2"),
    (CUBE.reshape(2, 2, 2, 3).transpose(0, 1), CUBE.reshape(2, 2, 2, 3), "axes 0 and 1"),
    (CUBE.permute(0, 2, 3, 1), CUBE, "axes are in another order"),
    (ROW.roll(1, 1), ROW, "One place too far along axis 1"),
    (ROW.roll(-1, 1), ROW, "One place short along axis 1"),
    (ROW.roll(2, 1), ROW, "another order"),
    (T([7.0, 2.0, 2.0]), T([2.0, 2.0, 2.0]), "differ"),  # of equal numbers none has a place
    (BATCH[:1], BATCH, "axis 0 has size 1"),
    (BATCH[0], BATCH, "axis 0 is missing"),
    (SEVERAL[:1], SEVERAL, "first of 2 along axis 0"),
    (SEVERAL[:1] + 1, SEVERAL, "after each step"),
    (LONG.reshape(2, 3, 2), LONG, "still to be joined, with"),
    (LONG.flatten(), LONG, "all in a row"),
    (LONG.reshape(3, 4), LONG, "other rows"),
    (LONG[:, None], LONG, "axis of size 1"),
    (NEAR + T([[0.004, 0, -0.002], [0.001, 0, 0.003]]), NEAR, "by no more than 0.004"),
    (NEAR + T([[1.0, 0, 0], [0, 2, 0]]), NEAR, "2 of 6 numbers differ, the first"),
]


@pytest.mark.parametrize(("got", "want", "word"), SHAPES, ids=[word for *_, word in SHAPES])
def test_shapes_and_places_are_told(got, want, word):
    assert word in said(got, want)


@pytest.mark.parametrize(
    ("place", "word"),
    [
        ((2,), "in row 2 (counted from 0). There you have 0"),
        ((slice(None), 1), "in column 1"),
        ((slice(None), slice(1, None, 2)), "odd columns"),
        ((range(4), range(4)), "on the diagonal"),
        (([0, 1, 2], [0, 2, 1]), "first in row 0, column 0"),
    ],
)
def test_where_the_numbers_differ_is_told(place, word):
    want = some_numbers(4, 4, seed=7) + 10
    got = want.clone()
    got[place] = 0
    assert word in said(got, want)
    got[place] = 1.5
    assert "There you have 0" not in said(got, want)


def test_of_rows_that_should_sum_to_one():
    rows = small(
        lambda x: x / x.sum(-1, True),
        {"x": T([[1.0, 2.0], [3.0, 3.0]])},
        {"x": T([[1.0, 5.0], [2.0, 2.0], [3.0, 1.0]])},
    )
    for answer, word in (
        (lambda x: x / x.sum(0), "columns do"),
        (lambda x: x / x.sum(), "All of it together"),
        (lambda x: x, "first sums to 3"),
    ):
        text = judge(rows, answer).text
        assert word in text and ("columns" in text) == (word == "columns do"), text


def test_of_masks():
    mask = small(lambda n: torch.ones(n, n).tril() > 0, {"n": 3}, {"n": 4})
    for answer, word in (
        (lambda n: torch.ones(n, n).tril() == 0, "other way round"),
        (lambda n: torch.ones(n, n).tril(-1) > 0, "on the diagonal"),
        (lambda n: torch.ones(n, n).triu() > 0, "transposed"),
        (lambda n: torch.ones(n, n).tril(), "The right entries"),
        (lambda n: torch.ones(n, n) > 0, "1 everywhere"),
    ):
        assert word in judge(mask, answer).text


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (lambda x: (x / x.sum(), x.mean()), "order: return `mean, shares`"),
        (lambda x: x.mean(), "2 are asked for: `mean, shares`"),
        (lambda x: (x, x, x), "3 things"),
        (lambda x: (x.mean(), None), "`shares` is None"),
        (lambda x: {"mean": x.mean(), "shares": x}, "in this order"),
        (lambda x: (x.max(), x / x.sum()), "In `mean`: "),
        (lambda x: (x.max(), 3 * x / x.sum()), "In `shares`: "),
        # single numbers of several inputs are judged together
        (lambda x: (2 * x.mean(), x / x.sum()), "In `mean`: Right, but twice"),
        (lambda x: (x.mean() + 1, x / x.sum()), "In `mean`: Right, but 1 too"),
        (lambda x: (T(7.0), x / x.sum()), "In `mean`: It gives 7"),
        (lambda x: (x.max() * x.sum(), x / x.sum()), ", expected "),  # each is some factor away, but no two the same
    ],
)
def test_of_two_results(answer, word):
    assert word in judge(SHARES, answer).text


def test_of_plain_numbers():
    count = small(lambda x: float(x.sum()), *(case.args for case in DOUBLE.cases()))
    assert "half" in judge(count, lambda x: float(x.sum()) / 2).text
    assert "1 too large" in judge(count, lambda x: float(x.sum()) + 1).text
    assert "231.125, expected 21.5" in judge(count, lambda x: float(x.sum()) ** 2 / 2).text


def test_numbers_that_make_no_row_have_neither_sum_nor_order():
    numbers = [0.2, 0.3, 0.5]
    one = small(lambda i: numbers[i], *({"i": i} for i in range(3)))
    assert "sum to 1" not in judge(one, lambda i: numbers[i] ** 3 + 0.1).text
    assert judge(one, lambda i: [0.9, 0.2, 0.3][i]).text.startswith("0.9, expected 0.2")
    checks = small(lambda q: (q.sum(), True, False), {"q": T([1.0, 2.0])}, returns=("sum", "one", "other"))
    assert "another order" not in judge(checks, lambda q: (q.sum() + 1, True, True)).text


class TestOverAllInputs:
    def test_what_the_shown_input_cannot_tell_the_others_say(self):
        one = small(lambda x: 2 * x, {"x": T([[1.0]])}, {"x": T([[2.0, 3.0]])})
        assert "half" in judge(one, lambda x: x).text
        small_one, large = some_numbers(3, 1, seed=5), some_numbers(4, 3, seed=6)
        text = describe(("x",), [(x.flatten(), x) for x in (small_one, large)], everything=True)
        assert text.startswith("Its shape is [3], needed: [3, 1].") and "all in a row" in text

    def test_what_is_said_holds_for_every_input(self):
        text = judge(DOUBLE, lambda x: 4 * x if len(x) > 1 else x**3).text
        assert "twice" not in text and "6 of 6 numbers differ" in text

    def test_a_result_that_is_the_same_everywhere_shows_no_factor(self):
        """Any other number would be some factor, and some offset, away."""
        ones = small(lambda x: 2 * x, {"x": torch.ones(2, 2)})
        assert judge(ones, lambda x: 3 * x).text.startswith("4 of 4 numbers differ")

    def test_a_shape_that_is_right_by_chance_is_shown_on_another_input(self):
        mean = small(lambda k: k.mean(), {"k": T([[1.0, 2.0]])}, {"k": T([[3.0, 5.0], [4.0, 4.5]])})
        text = judge(mean, lambda k: k.mean(-1)).text
        assert text.startswith("Its shape is [1], needed: []. On another input it is [2]")

    def test_one_number_everywhere_on_one_input_is_no_input_that_is_not_read(self):
        sums = small(lambda k: k.cumsum(-1), {"k": T([[1.0, 2.0]])}, {"k": T([[3.0, 5.0]])})
        asks = "Does what comes in"
        assert asks not in judge(sums, lambda k: k.cumsum(-1) if k.max() > 2 else torch.full_like(k, 0.5)).text
        assert asks in judge(sums, lambda k: torch.full_like(k, 0.5)).text

    def test_the_smallest_input_that_shows_it_is_shown(self):
        verdict = judge(SHARES, lambda x: (x.mean() if len(x) < 3 else x.max(), x / x.sum()))
        assert verdict.here == 2 and verdict.lead.startswith("Right on 2 of 3 inputs; this is the smallest")
        assert list(verdict.arrays) == ["x", "mean, expected", "mean, yours", "shares, expected", "shares, yours"]
        assert (verdict.arrays["mean, expected"], verdict.arrays["mean, yours"]) == (2.5, 4)


# ---- errors


ERRORS = [  # a line with x [2, 3] that raises, and what is advised
    ("undefined", "and imported?"),
    ("math.exp(1)", "`import math`"),
    ("np.exp(1)", "`import numpy"),
    ("x.dubble()", "spelt right?"),
    ("real_math.exp(x)", "`math` takes one"),
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
    ("min(x, 1) * 2", "`torch.relu(x)`"),
    ("torch.ones(2, 3) / torch.ones(2, 3).sum(-1)", "`keepdim=True`"),
    ("len(nn.Linear(1, 1).parameters())", "list of it"),
    ("F.cross_entropy(torch.ones(1, 3, 5), torch.ones(1, 3).long())", "axis 1"),
    ("F.cross_entropy(torch.ones(3, 5), torch.ones(1, 3).long())", "flatten both"),
    ("torch.cat([torch.ones(1, 2), torch.ones(2)], -1)", "`squeeze()`"),
    ("x[9]", "from 0 to n − 1"),
    ("{[1]: x}", "a tuple"),
    ("x @ 0", "`torch.zeros(…)`"),
    ("torch.tanh(0)", "`torch.zeros(…)`"),
    ("x.reshape(2, 6 / 2)", "write `//`"),
    ("x[: 4 / 2]", "write `//`"),
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
    import math

    space = in_cell(f"def answer(x):\n    return {line}\n", F=F, nn=nn, real_math=math)
    verdict = judge(DOUBLE, space["answer"])
    assert verdict.look == "an_error" and word in verdict.text, verdict.text
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
