"""What is right is right in any form and style, and the notebook goes on with it."""

import pytest
import torch
from torch import nn
from unit.small_exercises import DOUBLE, SCALE, SHARES, Scale, T, in_cell, not_right, small

from course_kit.exercises import check, exercise
from course_kit.exercises.define import Case
from course_kit.exercises.judge import chosen, judge
from course_kit.exercises.registry import chapters, exercises, find


def total(x, power=1):
    """x [K] -> the sum of its powers"""
    return (x**power).sum()


TOTAL = small(
    total,
    Case({"x": T([1.0, 2.0])}, shown=True),
    Case({"x": T([1.0, 2.0, 3.0])}, keywords={"power": 2}),
    name="total",
    returns=("sum",),
)


@pytest.mark.parametrize(
    "answer",
    [lambda x: (x.mean(), x / x.sum()), lambda y: (x := y.numpy(), (x.mean(), x / x.sum()))[1],
     lambda x: (sum(x.tolist()) / len(x), [one / sum(x.tolist()) for one in x.tolist()]),
     lambda x: (x.double().mean(), [one / x.sum() for one in x]),
     lambda x: (x.half().mean(), x.half() / x.half().sum()), lambda x,
     unused=1: (torch.einsum("k->", x) / len(x), torch.einsum("k,->k", x, 1 / x.sum()))],
)  # fmt: skip
def test_any_form_is_right(answer):
    verdict = judge(SHARES, answer)
    assert verdict.right and len(verdict.outcomes) == 3, verdict.text


def test_equal_is_as_close_as_the_coarser_dtype_allows_and_no_closer():
    """Another order of summation is right; a thousandth too much is wrong, except in half precision."""
    for factor, dtype, right in (
        (1 + 1e-4, torch.float32, True),
        (1 + 1e-3, torch.float32, False),
        (1 + 1e-3, torch.float64, False),
        (1 + 2e-3, torch.float16, True),
        (1.02, torch.float16, False),
        (1.02, torch.bfloat16, True),
        (1.1, torch.bfloat16, False),
    ):
        assert judge(DOUBLE, lambda x, f=factor, d=dtype: (2 * x * f).to(d)).right == right, (factor, dtype)
    number = small(lambda x: float(x), {"x": 3.0})
    assert judge(number, lambda x: x * (1 + 1e-5)).right and not judge(number, lambda x: x * 1.001).right
    nothing = small(lambda x: x / x, {"x": T([0.0, 1.0])})
    assert judge(nothing, lambda x: T([float("nan"), 1.0])).right, "NaN where NaN is right"


def test_ones_own_is_used_and_lists_and_arrays_come_back_as_tensors(capsys):
    own = exercise(SHARES)(lambda x: (x.mean(), x / x.sum()))
    assert "<lambda>" in own.__name__ and capsys.readouterr().out.startswith("✓ shares")
    converting = lambda x: (float(x.mean()), (x / x.sum()).tolist())  # noqa: E731
    verdict = judge(SHARES, converting)
    mean, shares = chosen(SHARES, converting, verdict)(T([5.0, 15.0]))
    assert verdict.converts and mean.item() == 10 and torch.equal(shares, T([0.25, 0.75]))


def test_whole_numbers_in_a_list_are_as_good_as_a_tensor_of_them():
    order = small(lambda x: x.argsort(), {"x": T([2.0, 1.0, 3.0])}, {"x": T([1.0])})
    listed = lambda x: x.argsort().tolist()  # noqa: E731
    verdict = judge(order, listed)
    assert verdict.right and not verdict.notes and not verdict.converts
    assert torch.equal(chosen(order, listed, verdict)(T([2.0, 1.0])), T([1, 0]))
    assert judge(order, lambda x: x.argsort().numpy()).converts


@pytest.mark.parametrize(
    "answer",
    [lambda x, power=1: (x.numpy() ** power).sum(), lambda x,
     power=1: torch.tensor(sum(one.item() ** power for one in x))],
)  # fmt: skip
def test_a_right_answer_that_cuts_gradients_off_leaves_training_to_the_course(answer):
    verdict = judge(TOTAL, answer)
    assert verdict.right and verdict.cuts and verdict.notes
    usable = chosen(TOTAL, answer, verdict)
    assert usable(T([1.0, 2.0])) == 3 and isinstance(usable(T([1.0, 2.0])), torch.Tensor)
    weights = nn.Parameter(T([1.0, 2.0]))
    usable(weights, power=2).backward()
    assert weights.grad.tolist() == [2.0, 4.0]


@pytest.mark.parametrize("answer", [total, lambda x, power=1: sum(one**power for one in x)])
def test_nothing_is_said_of_gradients_where_they_pass(answer):
    verdict = judge(TOTAL, answer)
    assert verdict.right and not verdict.cuts and not verdict.notes
    assert chosen(TOTAL, answer, verdict) is answer


def test_classes(capsys):
    @exercise(SCALE)
    class Mine(nn.Module):
        def __init__(self, factor):
            super().__init__()
            self.factor = factor

        def forward(self, x):
            return x * self.factor

    assert Mine.__name__ == "Mine" and "✓" in capsys.readouterr().out
    assert exercise(SCALE)(type("Mine", (Scale,), {"forward": lambda self, x: x.wrong})) is Scale
    other = type("Mine", (nn.Module,), {"__init__": lambda self: nn.Module.__init__(self)})
    assert "cannot be called" in judge(SCALE, other).text


@pytest.mark.parametrize("names", [{}, {"total": total}])
def test_an_answer_that_only_hands_on_is_not_taken_for_the_courses_under_its_name(names, capsys):
    """After a ✗ the name is the course's function."""
    space = in_cell("@exercise(one)\ndef total(x, power=1):\n    return total(x, power)", one=TOTAL, **names)
    assert space["total"] is total and "RecursionError" in capsys.readouterr().out
    source = "@exercise(one)\nclass Scale:\n    def __init__(self, factor): self.inner = Scale(factor)"
    space = in_cell(source, one=SCALE)
    exec(source, space)
    assert space["Scale"] is Scale


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


def test_references_are_right_and_mistakes_wrong_in_whatever_torch_the_notebook_has_set(another_torch):
    """One exercise of each chapter, and those whose modules are made afresh."""
    chosen_ones = [exercises(chapter)[0] for chapter in chapters()] + [
        find(name) for name in ("a decoder block", "program 5.22", "bottleneck adapter", "additive attention step")
    ]
    for one in chosen_ones:
        assert not_right(one, one.reference) == ""
        assert check(one, one.wrong[0].answer).state == "wrong", one.name
    assert check("bottleneck adapter", lambda x, a, b, c, d: x + nn.functional.gelu(x @ a + b) @ c + d).right
    assert another_torch(), "it is put back"
