"""fit() and Run: where a limit lies, to the step; what is noted once; the random states of several devices."""

import math

import pytest
import torch
from torch import nn

from course_kit.training import Run, fit


def scripted(values, **more):
    """A training whose losses are these numbers, whatever the model does."""
    torch.manual_seed(0)
    values = iter(values)
    options = {"steps": 40, "every": 1, "show": False} | more
    return fit(nn.Linear(1, 1), [torch.ones(4, 1)], lambda m, b: m(b).sum() * 0 + next(values), **options)


@pytest.mark.parametrize(("high", "stopped"), [(4, None), (5, "diverged")])
def test_five_exploded_losses_in_a_row_end_a_run_and_four_do_not(high, stopped):
    run = scripted([1.0] * 10 + [1001.0] * high + [1.0] * 5, steps=10 + high + 5)
    assert run.stopped == stopped and ("explodes" in run.message) == (stopped is not None)


def test_after_a_divergence_the_losses_are_those_of_the_steps_that_were_repeated():
    run = scripted([*range(1, 10), math.nan], steps=12, every=4)
    assert run.stopped == "diverged" and run.step == 8 and run.history["loss"][0] == list(range(9))
    again = fit(run.model, [torch.ones(4, 1)], lambda m, b: m(b).sum() * 0 + 0.5, steps=12, resume=run, show=False)
    assert again.history["loss"] == (list(range(12)), [*map(float, range(1, 9)), *[0.5] * 4])


def test_a_number_is_noted_once_for_each_step():
    noted = Run(nn.Linear(1, 1), 9)
    for step, value in ((0, 1.0), (0, 2.0), (4, 3.0), (4, 4.0)):
        noted.step = step
        noted.note("held-out", value)
    assert noted.history["held-out"] == ([0, 4], [1.0, 3.0])
