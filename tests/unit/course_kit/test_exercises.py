"""The exercise engine: survives everything, accepts whatever is right, and says what is wrong in a teacher's words."""

import contextlib
import html.parser
import random
import re
import signal
import subprocess
import sys
import threading
import time
import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from cells import answered
from torch import nn

from course_kit.exercises import check, exercise, find_error, guard, hint, show, solution
from course_kit.exercises.compare import describe
from course_kit.exercises.define import (
    Case,
    Exercise,
    FindError,
    Wrong,
    drawn,
    integers,
    named,
    some_numbers,
    stubs,
    tensors,
    variants,
    wrong_answers,
)
from course_kit.exercises.judge import judge
from course_kit.exercises.show import array, inline, verdict_note
from course_tools.classroom.catalogue import chapters, exercises, find

T = torch.tensor


def mean_and_shares(x):
    """x [K] > 0 -> (mean, shares [K])"""
    return x.mean(), x / x.sum()


SHARES = Exercise(
    name="shares",
    task="The mean, and each one's share.",
    reference=mean_and_shares,
    cases=lambda: [
        Case({"x": T([1.0, 3.0])}, shown=True),
        Case({"x": T([2.0])}),
        Case({"x": T([1.0, 2.0, 3.0, 4.0])}),
    ],
    returns=("mean", "shares"),
    hints=("One.", "Two `x.sum()`.", "Three."),
    minutes=1,
    difficulty=3,
    wrong=(Wrong(lambda x: (x.sum(), x / x.sum()), "This is the sum, not the mean."),),
)

DOUBLE = Exercise(
    name="double",
    task="Twice the input.",
    reference=lambda x: 2 * x,
    cases=lambda: [Case({"x": T([[1.0, 2.0, 3.0], [4.0, 5.0, 6.5]])}, shown=True), Case({"x": T([[7.0, 1.0]])})],
    returns=("doubled",),
    hints=("Add it to itself.",),
    minutes=1,
    difficulty=1,
)


def said(exercise, answer, **options):
    """The whole text of a verdict."""
    verdict = judge(exercise, answer, **options)
    return verdict_note(verdict, exercise.effort, "own").text


def doubled(change):
    """An answer to DOUBLE whose right result is changed."""
    return lambda x: change(2 * x)


class TestUnsolved:
    def test_the_stub(self):
        def stub(x):
            """…"""
            raise NotImplementedError("write me")

        text = said(SHARES, stub)
        assert text.startswith("○ shares: not solved yet · ●●● · 1 minute\nThe mean, and each one's share.")
        assert "It should do this:\n  x       [1, 3]\n  mean    2\n  shares  [0.25, 0.75]" in text
        assert "goes on with the course's own `own`." in text

    def test_torch_saying_not_implemented_is_no_stub(self):
        verdict = judge(DOUBLE, lambda x: torch.nn.functional.softmax((2 * x).int(), 0))
        assert verdict.state == "wrong" and "not implemented" in verdict.text

    def test_a_class_not_written_yet(self):
        class Mine(nn.Module):
            def __init__(self, factor):
                super().__init__()

        assert judge(SCALED, Mine).state == "unsolved"


class TestRight:
    @pytest.mark.parametrize(
        "answer",
        [
            lambda x: (x.mean(), x / x.sum()),
            lambda x: [x.mean(), x / x.sum()],
            lambda y: (x := y.numpy(), (x.mean(), x / x.sum()))[1],
            lambda x: (sum(x.tolist()) / len(x), [one / sum(x.tolist()) for one in x.tolist()]),
            lambda x: (x.double().mean(), [one / x.sum() for one in x]),
            lambda x: (x.half().mean(), x.half() / x.half().sum()),
            lambda x: (x.bfloat16().mean(), x.bfloat16() / x.bfloat16().sum()),
            lambda x, unused=1: (torch.einsum("k->", x) / len(x), torch.einsum("k,->k", x, 1 / x.sum())),
        ],
    )
    def test_any_form(self, answer):
        verdict = judge(SHARES, answer)
        assert verdict.right, verdict.text
        assert "right, on all 3 inputs" in verdict.text

    def test_the_students_own_is_used(self, capsys):
        own = exercise(SHARES)(lambda x: (x.mean(), x / x.sum()))
        assert own is not mean_and_shares and "<lambda>" in own.__name__
        assert capsys.readouterr().out == "✓ shares: right, on all 3 inputs.\n"

    def test_lists_and_arrays_come_back_as_tensors(self, capsys):
        own = exercise(SHARES)(lambda x: (float(x.mean()), (x / x.sum()).tolist()))
        assert "turns its results into tensors" in capsys.readouterr().out
        mean, shares = own(T([5.0, 15.0]))
        assert mean.item() == 10 and torch.equal(shares, T([0.25, 0.75]))

    def test_gradients_flow_through_the_students_own(self):
        with contextlib.redirect_stdout(None):
            own = exercise(DOUBLE)(lambda x: x + x)
        x = torch.ones(2, requires_grad=True)
        own(x).sum().backward()
        assert torch.equal(x.grad, 2 * torch.ones(2))


class Scale(nn.Module):
    """x -> factor · x"""

    def __init__(self, factor):
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(float(factor)))

    def forward(self, x):
        return self.factor * x


SCALED = Exercise(
    name="scale",
    task="A module.",
    reference=Scale,
    cases=lambda: [Case({"x": T([1.0, -2.0])}, init=(3,), shown=True), Case({"x": T([1.0])}, init=(0.5,))],
    returns=("scaled",),
    hints=("…",),
    minutes=2,
    difficulty=2,
)


class TestClasses:
    def test_right(self, capsys):
        @exercise(SCALED)
        class Mine(nn.Module):
            def __init__(self, factor):
                super().__init__()
                self.factor = factor

            def forward(self, x):
                return x * self.factor

        assert Mine.__name__ == "Mine" and "✓ scale" in capsys.readouterr().out

    def test_wrong(self, capsys):
        @exercise(SCALED)
        class Mine(nn.Module):
            def __init__(self, factor):
                super().__init__()

            def forward(self, x):
                return x.wrong

        assert Mine is Scale
        assert "        return x.wrong".strip() in capsys.readouterr().out

    def test_constructor_cannot_be_called(self):
        class Mine(nn.Module):
            pass

        Mine.__init__ = lambda self: nn.Module.__init__(self)
        assert "cannot be called as the notebook does" in judge(SCALED, Mine).text


class TestWriting:
    """The helpers with which an exercise is written."""

    def test_wrong_answers_are_an_answer_and_a_hint_in_turn(self):
        found = wrong_answers(abs, "No sign.", max, "The largest.")
        assert found == (Wrong(abs, "No sign."), Wrong(max, "The largest."))

    @pytest.mark.parametrize("given", [(abs,), (abs, max), ("No sign.", abs), (abs, "No sign.", "Twice.", max)])
    def test_wrong_answers_that_do_not_alternate_are_refused(self, given):
        with pytest.raises(TypeError, match="a function, a text"):
            wrong_answers(*given)

    def test_variants_of_an_answer_have_other_options(self):
        @variants
        def scaled(x, *, factor=1, offset=0):
            return factor * x + offset

        assert [scaled()(3), scaled(2)(3), scaled(2, 1)(3), scaled(offset=5)(3)] == [3, 6, 7, 8]
        with pytest.raises(ValueError, match="zip"):
            scaled(1, 2, 3)

    def test_inputs_are_named_and_always_the_same(self):
        case = named("x", "size", x="some numbers")
        assert case(4, 2) == Case({"x": 4, "size": 2}, given={"x": "some numbers"})
        made = case(4, 2, shown=True, given={"size": "two"}, width=3)
        assert made.shown and made.keywords == {"width": 3} and made.given == {"x": "some numbers", "size": "two"}
        with pytest.raises(ValueError, match="zip"):
            case(4)
        first, second = drawn(7, (2, 3), (4,))
        assert torch.equal(first, some_numbers(2, 3, seed=7)) and torch.equal(second, some_numbers(4, seed=8))
        assert integers(5, 2, 3, seed=1).shape == (2, 3) and tensors([1.0], [True])[1].dtype == torch.bool

    def test_a_word_may_be_spelt_in_any_way(self):
        word = replace(DOUBLE, reference=lambda x: "encoder-only", returns=("kind",), words=True, wrong=())
        assert judge(word, lambda x: "Encoder only").right
        verdict = judge(word, lambda x: "decoder-only")
        assert verdict.text == "Expected 'encoder-only', got 'decoder-only'."
        mistaken = replace(word, wrong=wrong_answers(lambda x: "decoder-only", "The other one."))
        assert judge(mistaken, lambda x: "Decoder Only").text == "The other one."

    def test_line_1_of_a_program_only_names_what_comes_in(self):
        given = {name: getattr(DOUBLE, name) for name in ("name", "task", "reference", "cases", "returns", "hints")}
        lines = ("def double(x):", "    return x")
        puzzle = FindError(**given, minutes=1, difficulty=1, program=lines, line=2)
        assert puzzle.innocent == {1: "it only names what comes in."}
        assert FindError(**given, minutes=1, difficulty=1, program=lines, line=1).innocent == {}


def _said(got, want):
    return describe(("x",), [(got, want)], everything=True)


class TestWrong:
    """What any wrong result is told."""

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (lambda x: None, "It returns None. Is a `return` missing?"),
            (lambda x: "2x", "It returns a text; needed: `doubled`, a tensor."),
            (lambda x: {"x": x}, "It returns a dict"),
            (lambda x: (one for one in x), "a generator (is it `yield` instead of `return`?)"),
            (lambda x: lambda: x, "It returns a function"),
            (lambda x: nn.Linear, "It returns the class `Linear`"),
            (lambda x: object(), "something of the type `object`"),
            (lambda x: ..., "It returns `...`"),
            (lambda x: x.shape, "a shape, not numbers"),
            (lambda x: [[1.0], [2.0, 3.0]], "a list that makes no regular array"),
            (lambda x: (x, x), "It returns 2 things; one is asked for: doubled."),
            (lambda x: (x,), "a comma too many after `return`"),
            (lambda x: x.T, "transposed: rows and columns have changed places"),
            (lambda x: x.T + 1, "Rows and columns seem to have changed places"),
            (lambda x: x[None], "an axis of size 1 too many"),
            (lambda x: x.flatten(), "Its shape is [6], needed: [2, 3]"),
            (lambda x: x.sum(-1), "An axis has gone"),
            (lambda x: x[..., None] * torch.ones(4), "There is an axis too many"),
            (lambda x: x[:, :2], "Print the shape after each step"),
            (lambda x: x * float("nan"), "NaN, in all of it"),
            (lambda x: x.masked_fill(x == x.max(), float("nan")), "NaN, in 1 of 6 numbers"),
            (lambda x: x / 0, "Some numbers are infinite"),
            (lambda x: x.int(), "whole numbers (`torch.int32`) instead of decimal numbers"),
            (lambda x: x + 0j, "The right entries, but complex numbers (`torch.complex64`)"),
            (lambda x: x + 1j, "Complex numbers (`torch.complex64`) instead of decimal numbers"),
            (lambda x: x * 2, "Right, but twice what it should be"),
            (lambda x: x / 2, "Right, but half what it should be"),
            (lambda x: x * 0.3, "Right, but 0.3 times what it should be"),
            (lambda x: -x, "the opposite sign"),
            (lambda x: x + 1, "Right, but 1 too large everywhere"),
            (lambda x: x - 0.25, "Right, but 0.25 too small everywhere"),
            (lambda x: 1 - x, "Exactly 1 minus what it should be"),
            (lambda x: x.flip(1), "The right numbers in another order"),
            (lambda x: torch.full_like(x, 3), "It gives 3 everywhere. Does what comes in"),
            (lambda x: x.log(), "It is the logarithm of what it should be: is an exp missing"),
            (lambda x: x.exp(), "It is e to the power of what it should be: is there an exp too many"),
            (lambda x: x**2, "It is the square of what it should be"),
            (lambda x: x**0.5, "It is the square root of what it should be"),
            (lambda x: x**3, "6 of 6 numbers differ, the first in row 0, column 0 (counted from 0)"),
        ],
    )
    def test_is_described(self, change, words):
        verdict = judge(DOUBLE, doubled(change))
        assert verdict.state == "wrong" and words in verdict.text, verdict.text

    def test_rows_and_columns(self):
        def rows(answer):
            def shares(x):
                return x / x.sum(-1, keepdim=True)

            square = [T([[1.0, 2.0], [3.0, 3.0]]), T([[1.0, 5.0], [2.0, 2.0], [3.0, 1.0]])]
            cases = [Case({"x": x}, shown=i == 0) for i, x in enumerate(square)]
            task = {"task": "…", "returns": ("shares",), "hints": ("…",), "minutes": 1, "difficulty": 1}
            return judge(Exercise("rows", reference=shares, cases=lambda: cases, **task), answer).text

        assert "rows don't sum to 1, but the columns do" in rows(lambda x: x / x.sum(0))
        assert "All of it together sums to 1" in rows(lambda x: x / x.sum())
        assert "the first sums to 3" in rows(lambda x: x)
        assert "columns" not in rows(lambda x: torch.eye(3)[: len(x), :1].expand(-1, 2) / 2 + T([[0.0, 0.5]]) * 0)

    def test_axes_in_another_order(self):
        x = torch.arange(24.0).reshape(1, 3, 2, 4)
        for want, got in ((x, x.transpose(1, 2)), (x.reshape(2, 2, 2, 3), x.reshape(2, 2, 2, 3).transpose(0, 1))):
            assert "axes {} and {} have changed places".format(*((1, 2) if want is x else (0, 1))) in _said(got, want)
        assert "its axes are in another order" in _said(x.permute(0, 2, 3, 1), x)

    def test_one_place_too_far_or_short(self):
        x = torch.randn(2, 4, generator=torch.Generator().manual_seed(1))
        assert "One place too far along axis 1: what should be at 0 is at 1" in _said(x.roll(1, 1), x)
        assert "One place short along axis 1: what should be at 1 is at 0" in _said(x.roll(-1, 1), x)
        assert "another order" in _said(x.roll(2, 1), x) and "another order" in _said(x.roll(1, 0), x)
        assert "One place" not in _said(T([7.0, 2.0, 2.0]), T([2.0, 2.0, 2.0])), "of equal numbers none has a place"

    def test_single_numbers_of_several_inputs_make_no_row(self):
        """Together they may sum to 1, or each be the one before: that says nothing."""
        numbers = [0.2, 0.3, 0.5]
        cases = [Case({"i": i}, shown=i == 0) for i in range(3)]
        task = {"task": "…", "returns": ("share",), "hints": ("…",), "minutes": 1, "difficulty": 1}
        one = Exercise("share", reference=lambda i: numbers[i], cases=lambda: cases, **task)
        assert "sum to 1" not in judge(one, lambda i: numbers[i] ** 3 + 0.1).text
        assert judge(one, lambda i: [0.9, 0.2, 0.3][i]).text.startswith("0.9, expected 0.2")

    def test_masks(self):
        def mask(answer):
            task = {"task": "…", "returns": ("mask",), "hints": ("…",), "minutes": 1, "difficulty": 1}
            cases = [Case({"size": n}, shown=n == 3) for n in (3, 4)]
            one = Exercise("m", reference=lambda n: torch.ones(n, n).tril() > 0, cases=lambda: cases, **task)
            return judge(one, answer).text

        assert "other way round" in mask(lambda n: torch.ones(n, n).tril() == 0)
        assert "Right except on the diagonal." in mask(lambda n: torch.ones(n, n).tril(-1) > 0)
        assert "transposed: rows should be queries" in mask(lambda n: torch.ones(n, n).triu() > 0)
        assert "The right entries, but decimal numbers" in mask(lambda n: torch.ones(n, n).tril())
        assert "1 everywhere" in mask(lambda n: torch.ones(n, n) > 0)

    def test_pairs(self):
        assert "wrong order: return `mean, shares`" in judge(SHARES, lambda x: (x / x.sum(), x.mean())).text
        assert (
            "It returns one thing, a tensor of shape []; 2 are asked for: `mean, shares`"
            in judge(SHARES, lambda x: x.mean()).text
        )
        assert "It returns 3 things" in judge(SHARES, lambda x: (x, x, x)).text
        assert "Its `shares` is None" in judge(SHARES, lambda x: (x.mean(), None)).text
        assert "in this order" in judge(SHARES, lambda x: {"mean": x.mean(), "shares": x}).text
        text = judge(SHARES, lambda x: (x.max(), x / x.sum())).text
        assert text.startswith("In `mean`:")
        text = judge(SHARES, lambda x: (x.max(), 3 * x / x.sum())).text
        assert text.startswith("In `shares`: ") and "The rest is right" not in text

    @pytest.mark.parametrize(
        ("answer", "words"),
        [
            (lambda x: 2 * x.mean(), "In `mean`: Right, but twice what it should be"),
            (lambda x: x.mean() + 1, "In `mean`: Right, but 1 too large everywhere"),
            (lambda x: T(7.0), "In `mean`: It gives 7 everywhere"),
            (lambda x: x.max(), ", expected "),  # each is some factor away, but no two the same
        ],
    )
    def test_single_numbers_are_judged_together(self, answer, words):
        verdict = judge(SHARES, lambda x: (answer(x), x / x.sum()))
        assert words in verdict.text, verdict.text

    def test_plain_numbers(self):
        count = replace(DOUBLE, reference=lambda x: float(x.sum()), returns=("sum",), wrong=())
        assert "Right, but half what it should be" in judge(count, lambda x: float(x.sum()) / 2).text
        assert "Right, but 1 too large everywhere" in judge(count, lambda x: float(x.sum()) + 1).text
        assert "231.125, expected 21.5" in judge(count, lambda x: float(x.sum()) ** 2 / 2).text

    def test_what_the_shown_input_cannot_tell_the_others_say(self):
        single = replace(DOUBLE, cases=lambda: [Case({"x": T([[1.0]])}, shown=True), Case({"x": T([[2.0, 3.0]])})])
        assert "Right, but half what it should be" in judge(single, lambda x: x).text

    def test_known_mistakes_come_first_and_are_compared_by_output(self):
        verdict = judge(SHARES, lambda x: (np.add.reduce(x.numpy()), [v / sum(x) for v in x]))
        assert verdict.known is SHARES.wrong[0] and verdict.text == "This is the sum, not the mean."
        half = judge(SHARES, lambda x: (x.sum() if len(x) < 3 else x.max(), x / x.sum()))
        assert half.known is None

    def test_the_smallest_input_that_shows_it(self):
        text = said(SHARES, lambda x: (x.mean() if len(x) < 3 else x.max(), x / x.sum()))
        assert "Right on 2 of 3 inputs; this is the smallest that shows it.\n  x                 [1, 2, 3, 4]" in text
        assert "  mean, expected    2.5\n  mean, yours       4\n" in text

    def test_a_result_that_is_the_same_everywhere_shows_no_factor(self):
        """Any other number would be some factor, and some offset, away."""
        ones = replace(DOUBLE, cases=lambda: [Case({"x": torch.ones(2, 2)}, shown=True)])
        assert judge(ones, lambda x: 3 * x).text.startswith("4 of 4 numbers differ")

    def test_what_is_said_holds_for_every_input(self):
        text = judge(DOUBLE, lambda x: 4 * x if len(x) > 1 else x**3).text
        assert "twice" not in text and "6 of 6 numbers differ" in text

    def test_small_differences_are_written_out(self):
        text = said(DOUBLE, lambda x: 2 * x + 4.5e-4 * (x < 1.5))
        assert "2.0004" in text

    def test_not_a_function(self):
        for thing in (3, None, "x", [1]):
            assert "Needed: a function (or class)" in judge(DOUBLE, thing).text

    def test_two_answers_to_one_question(self):
        calls = iter(range(100))
        assert "two different answers" in judge(DOUBLE, lambda x: 2 * x + (next(calls) > 1)).text


class TestRaises:
    def test_the_students_own_line_without_places(self):
        def broken(x):
            y = 2 * x
            return y.reshape(77)

        text = said(DOUBLE, broken)
        assert "It stops with RuntimeError: shape '[77]' is invalid" in text and "\n    return y.reshape(77)\n" in text
        assert "Print the shapes just before this line." in text
        assert not re.search(r"/\w+/|0x[0-9a-f]{4}", text)

    def test_the_line_is_the_students_even_deep_inside(self):
        def helper(x):
            return torch.nn.functional.linear(x, T([[1.0, 2.0]]))

        def broken(x):
            return helper(x)

        assert judge(DOUBLE, broken).code == "return torch.nn.functional.linear(x, T([[1.0, 2.0]]))"

    @pytest.mark.parametrize(
        ("answer", "words"),
        [
            (lambda: 1, "cannot be called as the notebook does"),
            (lambda x: undefined, "Is it spelt right, and imported?"),  # noqa: F821
            (lambda x: math.exp(1), "`import math` in a line above it."),  # noqa: F821
            (lambda x: x.dubble(), "Is it spelt right?"),
            (lambda x: __import__("math").exp(x), "`math` takes one number"),
            (lambda x: x.sum(7), "count from the end"),
            (lambda x: x ^ 2, "write `**`"),
            (lambda x: not torch.ones(2, 2), "for tensors there are `~`, `&`, `|`"),
            (lambda x: torch.ones(1, 2, 3) @ torch.ones(1, 2, 3), "Is a transpose missing?"),
            (lambda x: torch.ones(2, 2) > torch.ones(2, 2).max(0), "the numbers are in `.values`"),
            (lambda x: x @ torch.ones(3, dtype=torch.float64), "Two dtypes meet here"),
            (lambda x: x / x.sum, "Are the brackets missing after a method's name"),
            (lambda x: x(2), "is a `*` missing, or should they be square?"),
            (lambda x: ~x, "with `== 0` or `.bool()`"),
            (lambda x: torch.softmax(x), "Along which axis?"),
            (lambda x: torch.mean(x, x), "got (Tensor, Tensor). It is given something that it does not take"),
            (lambda x: torch.ones(2, 3)[torch.ones(1, 3) > 0], "the mask must have exactly the shape of `x`"),
            (lambda x: torch.max(0, x), "`torch.max` and `torch.min` compare two tensors"),
            (
                lambda x: torch.ones(2, 3) / torch.ones(2, 3).sum(-1),
                "`[:, None]`, or a sum its `keepdim=True`?",
            ),
            (lambda x: len(nn.Linear(1, 1).parameters()), "Make a list of it first"),
            (lambda x: F.cross_entropy(torch.ones(1, 3, 5), torch.ones(1, 3).long()), "the classes on axis 1"),
            (lambda x: F.cross_entropy(torch.ones(3, 5), torch.ones(1, 3).long()), "flatten both"),
            (lambda x: torch.cat([torch.ones(1, 2), torch.ones(2)], -1), "Is there a `squeeze()` without a number?"),
            (lambda x: x[9], "Places are counted from 0"),
            (lambda x: sys.exit(3), "It ends with `exit()`"),
            (lambda x: [][0], "IndexError"),
            (lambda x: (_ for _ in ()).throw(Exception), "It stops with Exception."),
            (lambda x: 1 / 0, "ZeroDivisionError: division by zero."),
        ],
    )
    def test_survived_and_named(self, answer, words):
        assert words in judge(DOUBLE, answer).text

    def test_a_variable_without_a_first_value(self):
        def answer(x):
            for number in x:
                total += number  # noqa: F821
            return total

        assert "`total = 0` before a loop" in judge(DOUBLE, answer).text

    def test_recursion(self):
        def again(x):
            return again(x)

        assert "RecursionError" in judge(DOUBLE, again).text

    def test_long_and_dirty_messages_are_cut(self):
        class Strange(Exception):
            def __str__(self):
                return f"<thing at 0x7f00deadbeef> in /home/somebody/deep/file.py {'x' * 5000}\nsecond line"

        def raises(x):
            raise Strange

        text = judge(DOUBLE, raises).text
        assert "0x7f" not in text and "somebody" not in text and "second line" not in text and len(text) < 300

    def test_the_button_reaches_the_student(self):
        def pressed(x):
            signal.raise_signal(signal.SIGINT)

        with pytest.raises(KeyboardInterrupt):
            check(DOUBLE, pressed)


def forever(x):
    while True:
        pass


def stubborn(x):
    while True:
        try:
            while True:
                pass
        except Exception:
            pass


class TestHangs:
    @pytest.mark.parametrize("answer", [forever, stubborn, lambda x: time.sleep(60)])
    def test_is_stopped(self, answer):
        before = time.monotonic()
        verdict = judge(DOUBLE, answer, seconds=0.4)
        assert time.monotonic() - before < 20
        assert "Still running after 0.4 s" in verdict.text and verdict.arrays == {}
        assert signal.getitimer(signal.ITIMER_REAL)[0] == 0

    def test_swallowing_once_is_not_enough(self):
        def swallows(x):
            try:
                forever(x)
            except:  # noqa: E722
                forever(x)

        assert "Still running" in judge(DOUBLE, swallows, seconds=0.3).text

    def test_five_seconds_by_default(self):
        before = time.monotonic()
        assert "Still running after 5 s" in check(DOUBLE, forever).text
        assert 4.9 < time.monotonic() - before < 7

    def test_the_line_that_was_running(self):
        assert judge(DOUBLE, lambda x: forever(x), seconds=0.3).code in ("while True:", "pass")

    def test_an_alarm_of_somebody_else_survives(self):
        rung = []
        before = signal.signal(signal.SIGALRM, lambda *_: rung.append(1))
        signal.setitimer(signal.ITIMER_REAL, 0.6)
        try:
            judge(DOUBLE, forever, seconds=0.3)
            time.sleep(0.8)
        finally:
            signal.signal(signal.SIGALRM, before)
        assert rung == [1]

    def test_in_another_thread(self):
        found = []
        thread = threading.Thread(target=lambda: found.append(judge(DOUBLE, forever, seconds=0.3)))
        thread.start()
        thread.join(5)
        assert found and "Still running" in found[0].text

    def test_where_there_is_no_alarm(self, monkeypatch):
        monkeypatch.delattr(signal, "setitimer")
        assert "Still running" in judge(DOUBLE, forever, seconds=0.3).text
        assert judge(DOUBLE, lambda x: x + x).right
        with pytest.raises(KeyboardInterrupt):
            judge(DOUBLE, lambda x: signal.raise_signal(signal.SIGINT))

    def test_endless_prints(self):
        def chatty(x):
            while True:
                print("hello")

        verdict = judge(DOUBLE, chatty, seconds=0.3)
        assert verdict.notes[0].startswith("On this input it printed:\nhello\n") and verdict.notes[0].endswith("…")


class TestLeavesNoTrace:
    def test_prints_warnings_and_displays_are_caught(self, capsys):
        def noisy(x):
            print("secret of", object())
            print("error", file=sys.stderr)
            warnings.warn("careful", stacklevel=1)
            return 3 * x

        verdict = judge(DOUBLE, noisy)
        assert capsys.readouterr() == ("", "")
        assert verdict.notes[0].startswith("On this input it printed:\nsecret of <object object>\nerror")
        assert judge(DOUBLE, lambda x: (print("fine"), 2 * x)[1]).notes == ()

    def test_printing_is_not_returning(self):
        assert any("`return` hands it on" in note for note in judge(DOUBLE, lambda x: print(2 * x)).notes)

    @pytest.mark.parametrize("change", [lambda x: x.mul_(2), lambda x: x.__imul__(2), lambda x: x.add_(x)])
    def test_changed_inputs_are_named(self, change):
        verdict = judge(DOUBLE, change)
        assert verdict.state == "wrong"
        assert "The result is right, but it changes its input `x`" in verdict.text

    def test_wrong_and_changed(self):
        verdict = judge(DOUBLE, lambda x: x.mul_(4))
        assert "twice" in verdict.text and verdict.notes == ("It also changes its input `x`; leave that as it is.",)

    def test_a_changed_input_does_not_reach_the_next_check(self):
        case = Case({"x": T([1.0])}, shown=True)
        one = Exercise(**{**vars(DOUBLE), "cases": lambda: [case]})
        judge(one, lambda x: x.mul_(2))
        assert torch.equal(case.args["x"], T([1.0]))

    def test_the_world_is_put_back(self):
        def vandal(x):
            torch.manual_seed(1)
            random.seed(1)
            np.random.seed(1)  # noqa: NPY002
            torch.set_default_dtype(torch.float64)
            torch.set_default_device("meta")
            torch.set_grad_enabled(False)
            warnings.simplefilter("error")
            return 2 * x

        def draw():
            return random.random(), np.random.rand(), torch.rand(1).item()  # noqa: NPY002

        states = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
        wanted = draw()
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002
        torch.set_rng_state(states[2])
        filters = list(warnings.filters)
        verdict = judge(DOUBLE, vandal)
        assert draw() == wanted
        assert torch.get_default_dtype() == torch.float32 and torch.is_grad_enabled() and warnings.filters == filters
        assert torch.ones(1).device.type == "cpu"
        assert (
            verdict.right and "default dtype and torch's default device and torch's gradient mode" in verdict.notes[0]
        )

    def test_even_after_a_hang(self):
        def vandal(x):
            torch.set_default_dtype(torch.float64)
            forever(x)

        judge(DOUBLE, vandal, seconds=0.3)
        assert torch.get_default_dtype() == torch.float32 and sys.stdout.writable()

    def test_a_check_draws_nothing(self):
        torch.manual_seed(0)
        before = torch.get_rng_state()
        for chapter in chapters():
            for one in exercises(chapter):
                check(one, one.reference)
        assert torch.equal(torch.get_rng_state(), before)

    def test_text_is_always_the_same(self):
        answers = [lambda x: object(), lambda x: print(object()), lambda x: x.no, lambda x: x**3]
        for answer in answers:
            assert said(DOUBLE, answer) == said(DOUBLE, answer)


class TestNames:
    def test_near_misses(self):
        with pytest.raises(LookupError, match="'gaussian kernel'"):
            exercise("gausian kernl")
        with pytest.raises(LookupError, match="in brackets"):
            exercise(lambda x: x)
        assert find(" Gaussian  Kernel ").name == "gaussian kernel"

    def test_each_name_once(self):
        names = [one.name for chapter in chapters() for one in exercises(chapter)]
        assert len(names) == len(set(names)) >= 7

    def test_difficulty(self):
        with pytest.raises(ValueError, match="1, 2 or 3"):
            Exercise(**{**vars(DOUBLE), "difficulty": 4})

    def test_definitions_are_complete(self):
        for chapter in chapters():
            for one in exercises(chapter):
                assert one.task and one.hints and one.minutes > 0 and one.cases()[0].shown, one.name
                assert not any(wrong.hint.rstrip()[-1] not in ".?)`" for wrong in one.wrong), one.name

    def test_importing_is_cheap(self):
        code = "import sys, course_kit.exercises; print('torch' in sys.modules, 'numpy' in sys.modules)"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.split() == ["False", "False"]


class Reader(html.parser.HTMLParser):
    """What a page says, and whether each tag is closed."""

    def __init__(self, page):
        super().__init__()
        self.open, self.text, self.roles = [], "", []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)
        self.roles += [value for name, value in attributes if name == "role"]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data + " "


def squeezed(text):
    return re.sub(r"[\s`*]+", "", text)


class TestShown:
    @pytest.mark.parametrize("answer", [lambda x: 2 * x, lambda x: x @ x, lambda x: print("<b>", 3 * x)])
    def test_html_and_text_say_the_same(self, answer):
        note = verdict_note(judge(DOUBLE, answer), DOUBLE.effort, "own")
        reader = Reader(note.page)
        assert reader.open == [] and reader.roles == ["status"]
        page, text = squeezed(reader.text), squeezed(note.text)
        head = re.match("(✓Right,onall.inputs|✗Notyet(:anerror)?)·double", page)[0]  # a line of its own, in the page
        assert page.removeprefix(head) == re.sub("^(✓double:right,onall.inputs.|✗double:notyet.)", "", text)
        assert "<b>" not in note.page
        bundle = note._repr_mimebundle_()
        assert bundle["text/plain"] == note.text == repr(note)

    def test_colours_are_the_page_s(self):
        page = verdict_note(judge(DOUBLE, lambda x: x), DOUBLE.effort, "own").page
        assert "currentColor" in page and "<script" not in page
        assert "#" not in page.replace(show.BRICK, ""), "one that is mixed with the page's ink suits any ground"

    def test_hints_unfold_one_in_the_other(self, capsys):
        hint(SHARES)
        assert capsys.readouterr().out == "Hints: shares\n  1. One.\n  2. Two `x.sum()`.\n  3. Three.\n"
        from course_kit.exercises.show import hints_note

        page = hints_note("shares", SHARES.hints).page
        assert page.count("<details>") == 3 and re.search(r"One\.</p><details>.*Two .*<details>.*Three", page)
        assert Reader(page).open == []

    def test_a_solution_is_the_source_and_nothing_else(self, capsys):
        solution("leave-one-out mask")
        said = capsys.readouterr().out
        assert said.startswith("def ") and "torch.eye(size" in said and "chapters." not in said

    def test_inline(self):
        code = '<code style="white-space:nowrap">a &lt; b</code>'
        assert inline("`a < b` and *not* 2 * 3 * 4") == f"{code} and <em>not</em> 2 * 3 * 4"
        assert inline(f"`{'long ' * 10}`") == f"<code>{'long ' * 10}</code>"

    @pytest.mark.parametrize(
        ("x", "text"),
        [
            (T([1.0, 0.25, -3.0]), "[1, 0.25, −3]"),
            (T([[0.5, 10.0], [100.0, 0.125]]), "[[0.5,    10],\n [100, 0.125]]"),
            (T([True, False]), "[True, False]"),
            (T(2.5), "2.5"),
            (T([1e-7, 2e7, float("nan"), float("inf")]), "[1.00e−07, 2.00e+07, nan, inf]"),
            (torch.arange(30), "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, …]"),
            (torch.zeros(0, 3), "[] (shape [0, 3])"),
            (torch.zeros(1, 1, 2), "[[[0, 0]]]"),
            (torch.zeros(3, 1, 1), "[[[0]],\n\n [[0]],\n …]"),
            (torch.zeros(12, 1), "[" + "[0],\n " * 9 + "[0],\n …]"),
            (3, "3"),
            (0.5, "0.5"),
            ("a model", "a model"),
        ],
    )
    def test_arrays_one_can_read(self, x, text):
        assert array(x) == text

    def test_without_ipython_it_prints(self):
        code = (
            "from chapters.ch01 import exercise, hint\n"
            "@exercise('leave-one-out mask')\ndef mask(size): raise NotImplementedError\n"
            "hint('leave-one-out mask'); print(mask(2).tolist())"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.startswith("○ leave-one-out mask: not solved yet") and "Hints:" in done.stdout
        assert done.stdout.endswith("[[False, True], [True, False]]\n") and done.stderr == ""


class TestNotebookCells:
    SOURCE = (
        'from x import y\n\n\n@exercise("leave-one-out mask")\ndef mine(size):\n    """…"""\n'
        '    raise NotImplementedError\n\n\n@find_error("softmax denominator")\ndef repaired(scores):\n'
        "    raise NotImplementedError\n\nmine(3)"
    )

    def test_stubs(self):
        first, second = stubs(self.SOURCE)
        assert (first.name, first.bound, first.puzzle, first.first, first.last) == (
            "leave-one-out mask",
            "mine",
            False,
            4,
            7,
        )
        assert second.puzzle and find(second.name).line == 7
        assert stubs("%matplotlib inline\nx = 1") == [] == stubs("def f(): pass")

    @pytest.mark.parametrize(("which", "sign"), [("reference", "✓"), (0, "✗"), (3, "✗")])
    def test_answered(self, which, sign, capsys):
        space = {"exercise": exercise, "find_error": find_error}
        source = answered(self.SOURCE, which).replace("from x import y", "")
        exec(source, space)
        assert capsys.readouterr().out.count(f"{sign} ") == 2 and callable(space["repaired"])

    def test_no_such_answer(self):
        with pytest.raises(IndexError):
            answered(self.SOURCE, 99)


def test_a_time_limit_that_is_kept_says_nothing():
    with guard.time_limit(0.2):
        pass
    time.sleep(0.3)


def test_prints_go_where_they_went_whenever_the_time_is_up():
    """The alarm may ring just while what was caught is being let go."""
    stdout, filters = sys.stdout, list(warnings.filters)
    for _ in range(20):
        with guard.world_unchanged(), contextlib.suppress(guard.TookTooLong), guard.time_limit(0.005):
            while True:
                with guard.quiet():
                    pass
        assert sys.stdout is stdout and warnings.filters == filters


@pytest.fixture(params=["float64", "bfloat16", "autocast"])
def another_torch(request):
    """A notebook that computes in other numbers than float32."""
    if request.param == "autocast":
        with torch.autocast("cpu", torch.bfloat16):
            yield lambda: torch.is_autocast_enabled("cpu")
    else:
        dtype = getattr(torch, request.param)
        torch.set_default_dtype(dtype)
        yield lambda: torch.get_default_dtype() == dtype
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("chapter", chapters())
def test_references_are_right_and_mistakes_wrong_in_whatever_torch_the_notebook_has_set(chapter, another_torch):
    for exercise_ in exercises(chapter):
        assert judge(exercise_, exercise_.reference).right, exercise_.name
        for wrong in exercise_.wrong[:1]:
            assert judge(exercise_, wrong.answer).state == "wrong", (exercise_.name, wrong.hint)
    assert another_torch(), "it is put back"


def test_right_wrong_and_open_are_told_apart_at_a_glance():
    stamps = {state: show.stamp(state) for state in show.SIGNS}
    looks = {re.search(r"line-height:1;([^\"]*)", stamp)[1] for stamp in stamps.values()}
    assert len(looks) == 3 and all(show.SIGNS[state] in stamp for state, stamp in stamps.items())
