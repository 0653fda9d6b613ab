"""Gradients of a right answer: of each result, input and parameter; a detached branch has no place to hide, and a kink,
an inexact formula or an input that nothing is trained through refuse nobody."""

import pytest
import torch
from torch import nn
from unit.small_exercises import T, small

from course_kit.exercises.define import Case, construct
from course_kit.exercises.judge import judge


def bent(x, w):
    """x [K], w [K] -> (output [K], shares [K])"""
    hidden = torch.relu(x) * w
    return x + hidden, hidden.softmax(-1)


HIDDEN = [  # each hides something: no weight at all, a single number, kinks
    {"x": T([1.0, -2.0]), "w": T([0.0, 0.0])}, {"x": T([3.0]), "w": T([2.0])}, {"x": T([0.0, 1.0]), "w": T([1.0, 2.0])},
]  # fmt: skip
BENT = small(bent, *HIDDEN, returns=("output", "shares"))


def other(x, w, of_x=lambda x: x, of_shares=lambda x: x):
    hidden = torch.where(of_x(x) >= 0, of_x(x), 0) * w  # at 0 the slope is 1, and relu's is 0
    return x + hidden, of_shares(hidden.softmax(-1))


@pytest.mark.parametrize(
    ("answer", "word"),
    [(other, ""), (lambda x, w: other(x, w, of_x=torch.detach), "`x`"),
     (lambda x, w: other(x, w.detach()), "from `output` back to `w`"),
     (lambda x, w: other(x, w, of_shares=torch.detach), "from `shares` back to `x`")],
)  # fmt: skip
def test_a_branch_that_is_cut_off_is_found_whatever_an_input_hides(answer, word):
    verdict = judge(BENT, answer)
    assert verdict.right == (not word) and word in verdict.text, verdict.text


class Line(nn.Module):
    def __init__(self):
        super().__init__()
        self.slope, self.start = nn.Parameter(T([2.0])), nn.Parameter(T([1.0]))

    def forward(self, x):
        return self.slope * x + self.start


class Still(Line):
    def forward(self, x):
        with torch.no_grad():
            rise = self.slope * x
        return rise + x * self.slope.detach() * 0 + self.start


class Renamed(nn.Module):
    def __init__(self):
        super().__init__()
        self.rest, self.a, self.unused = Line(), nn.Parameter(T([2.0])), nn.Parameter(T([0.0]))

    def forward(self, x):
        return self.a * x + 1


@pytest.mark.parametrize(("answer", "word"), [(Still, "its parameter `slope`"), (Renamed, "")])
def test_a_parameter_that_would_never_learn_is_named_and_other_names_are_left_in_peace(answer, word):
    line = small(Line, *({"x": T(x)} for x in ([1.0, 5.0], [2.0])), run=lambda answer, case: made(answer, case))
    verdict = judge(line, answer)
    assert verdict.right == (not word) and word in verdict.text, verdict.text


def made(answer, case: Case):
    return construct(answer, case)(*case.args.values())


def test_a_number_that_is_learned_is_given_as_a_tensor_and_an_input_may_be_left_out():
    wide = lambda x, width: x / width  # noqa: E731
    inputs = {"x": T([1.0, 2.0]), "width": 2.0}, {"x": T([3.0]), "width": 0.5}
    as_number, without_x = lambda x, width: x / float(width), lambda x, width: x.detach() / width
    assert judge(small(wide, *inputs), as_number).right
    learned = small(wide, *inputs, learned=("width",))
    assert "back to `width`" in judge(learned, as_number).text and judge(learned, wide).right
    assert judge(small(wide, *inputs, learned=("width",), untrained=("x",)), without_x).right


def test_one_input_at_which_a_formula_is_inexact_refuses_nobody():
    soft = lambda x: x.softmax(-1)  # noqa: E731
    inexact = small(soft, {"x": T([3000.0, 2992.0, 2000.0])}, *({"x": T(x)} for x in ([1.0, 2.0], [0.5, 0.0, 1.0])))
    assert judge(inexact, lambda x: (x - x.logsumexp(-1, keepdim=True)).exp()).right
