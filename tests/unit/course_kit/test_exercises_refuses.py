"""Whatever an answer does, raises or returns: the cell ends well, with a verdict, and nothing else is changed."""

import contextlib
import os
import random
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
from torch import nn
from unit.small_exercises import DOUBLE, SCALE, T, in_cell, small

from course_kit.exercises import check, exercise
from course_kit.exercises.define import Case
from course_kit.exercises.diagnose import Diagnosis
from course_kit.exercises.judge import judge


class TestUnsolved:
    def test_the_stub_and_a_class_not_written_yet(self):
        def stub(x):
            """…"""
            raise NotImplementedError("write me")

        class Mine(nn.Module):
            def __init__(self, factor):
                super().__init__()

        verdict = judge(DOUBLE, stub)
        assert verdict.state == "unsolved" and verdict.text == DOUBLE.task and not verdict.notes
        assert judge(SCALE, Mine).state == "unsolved"

    def test_a_forward_that_an_editor_has_put_inside_init(self):
        class Mine(nn.Module):
            def __init__(self, factor):
                super().__init__()

                def forward(self, x):
                    return factor * x

        verdict = judge(SCALE, Mine)
        assert verdict.state == "wrong" and verdict.text.startswith("There is no `forward`: does it stand inside")

    def test_torch_saying_not_implemented_is_no_stub(self):
        assert judge(DOUBLE, lambda x: torch.nn.functional.softmax((2 * x).int(), 0)).state == "wrong"

    def test_a_raise_left_below_ones_own_code_is_told(self, capsys):
        for body, told in (("y = 1", True), ('"""What it does."""', False)):
            in_cell(f"@exercise(one)\ndef f(x):\n    {body}\n    raise NotImplementedError", one=DOUBLE)
            shown = capsys.readouterr().out
            assert shown.startswith("○") and ("Delete that line" in shown) == told


# ---- hostile and strange ones


def raising(error):
    def answer(x):
        raise error

    return answer


class Mute(Exception):
    def __str__(self):
        raise RuntimeError("no words")


class Odd:
    def raises(self, *args, **options):
        raise RuntimeError

    __eq__ = __len__ = __repr__ = __array__ = raises
    __hash__ = None
    shape = property(raises)


def wrapped(x):
    raise ValueError("from inside")


wrapped.__wrapped__ = wrapped
STRANGE = {
    "an exception without words": raising(Mute()),
    "a function that wraps itself": wrapped,
    "it ends the program": lambda x: sys.exit(3),
    "a million million numbers": lambda x: torch.ones(1).expand(10**12),
    "an object that answers nothing": lambda x: Odd(),
    "itself": lambda x: STRANGE,
    "no function": 3,
    "nothing": None,
}


def test_there_is_a_verdict_and_the_name_is_bound(capsys):
    for name, answer in STRANGE.items():
        verdict = judge(DOUBLE, answer)
        assert verdict.state == "wrong" and verdict.text.strip(), name
        bound = exercise(DOUBLE)(answer)
        assert bound is DOUBLE.reference and "✗" in capsys.readouterr().out, name


@pytest.mark.parametrize("ours", [{"cases": lambda: 1 / 0}, {"reference": lambda x: 1 / 0}])
def test_an_error_of_the_courses_own_is_not_told_as_the_readers(ours, capsys):
    task = replace(DOUBLE, **ours)
    assert exercise(task)(DOUBLE.reference) is task.reference
    said = capsys.readouterr().out
    assert "! " in said and "not your answer: ZeroDivisionError: division by zero. Please" in said and "✗" not in said


def test_the_button_reaches_the_student():
    with pytest.raises(KeyboardInterrupt):
        check(DOUBLE, lambda x: signal.raise_signal(signal.SIGINT))


# ---- those that never end


def forever(x):
    while True:
        pass


def stubborn(x):
    while True:
        with contextlib.suppress(Exception):
            forever(x)


class TestHangs:
    @pytest.mark.parametrize("answer", [forever, stubborn, lambda x: time.sleep(60)])
    def test_is_stopped(self, answer):
        verdict = judge(DOUBLE, answer, seconds=0.2)
        assert verdict.outcomes[0].trouble.kind == "slow" and verdict.arrays == {}
        assert verdict.text.startswith("Still running" if answer in (forever, stubborn) else "It waits")
        assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
        if answer is not stubborn:
            assert verdict.code

    def test_in_another_thread_and_where_there_is_no_alarm(self, monkeypatch):
        found = []
        thread = threading.Thread(target=lambda: found.append(judge(DOUBLE, forever, seconds=0.2)))
        thread.start()
        thread.join()
        monkeypatch.delattr(signal, "setitimer")
        found.append(judge(DOUBLE, forever, seconds=0.2))
        assert [verdict.outcomes[0].trouble.kind for verdict in found] == ["slow", "slow"]
        assert judge(DOUBLE, lambda x: x + x).right
        with pytest.raises(KeyboardInterrupt):
            judge(DOUBLE, lambda x: signal.raise_signal(signal.SIGINT))

    def test_looking_further_ends_in_time(self, monkeypatch):
        """An answer that takes its time on each call is judged, and looked at no longer than the engine allows."""
        assert judge(DOUBLE, lambda x: torch.ones_like(x).cumsum(-1)).look is Diagnosis.an_unused_input
        monkeypatch.setattr("course_kit.exercises.judge.LOOKING", 0.02)
        verdict = judge(DOUBLE, lambda x: (sum(range(10**6)), torch.ones_like(x).cumsum(-1))[1])
        assert verdict.look is Diagnosis.the_result and "doubled, yours" in verdict.arrays, "not that x has no effect"


# ---- what is left behind


class TestLeavesNoTrace:
    def test_prints_and_warnings_are_caught_and_shown_where_it_is_wrong(self, capsys):
        def noisy(x):
            print("secret of", object())
            print("error", file=sys.stderr)
            warnings.warn("careful", stacklevel=1)
            return 3 * x

        verdict = judge(DOUBLE, noisy)
        assert capsys.readouterr() == ("", "")
        assert verdict.notes[0].splitlines()[1:] == ["secret of <object object>", "error"]
        assert judge(DOUBLE, lambda x: (print("fine"), 2 * x)[1]).notes == ()
        assert len(judge(DOUBLE, lambda x: print(2 * x)).notes) == 2, "printing is not returning"

    @pytest.mark.parametrize(("lines", "more"), [(20, []), (500, ["…"])])
    def test_twenty_lines_are_shown(self, lines, more):
        verdict = judge(DOUBLE, lambda x: print(*range(lines), sep="\n"))
        assert verdict.notes[0].splitlines()[1:] == [*map(str, range(20)), *more]

    @pytest.mark.parametrize("change", [lambda x: x.mul_(2), lambda x: x.__imul__(2)])
    def test_a_changed_input_makes_a_right_result_wrong(self, change):
        case = Case({"x": T([1.0])}, shown=True)
        verdict = judge(replace(DOUBLE, cases=lambda: [case]), change)
        assert (verdict.state, verdict.look, verdict.outcomes[0].spoilt) == ("wrong", Diagnosis.a_spoilt_input, ("x",))
        assert torch.equal(case.args["x"], T([1.0])), "the next check begins as this one did"

    @pytest.mark.parametrize(
        ("value", "change"),
        [([1, 2], list.clear), ({"a": 1}, dict.clear), (nn.Linear(1, 1), lambda x: nn.init.zeros_(x.weight))],
    )
    def test_lists_dicts_and_models_are_looked_at_too(self, value, change):
        one = small(lambda x: 1, {"x": value})
        assert judge(one, lambda x: (change(x), 1)[1]).look is Diagnosis.a_spoilt_input
        assert judge(one, lambda x: 1).right

    def test_the_world_is_put_back(self):
        def vandal(x):
            torch.manual_seed(1)
            random.seed(1)
            np.random.seed(1)  # noqa: NPY002
            torch.set_default_dtype(torch.float64)
            torch.set_default_device("meta")
            torch.set_grad_enabled(False)
            warnings.simplefilter("error")
            torch.set_printoptions(precision=2), np.set_printoptions(precision=2), os.chdir(os.sep)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            torch.set_num_threads(threads + 1), np.seterr(all="raise")
            os.environ["PATH"], os.environ["ANOTHER"], sys.modules["numpy"] = "", "1", None
            return 2 * x

        def draw():
            return random.random(), np.random.rand(), torch.rand(1).item()  # noqa: NPY002

        states = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
        wanted = draw()
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002
        torch.set_rng_state(states[2])
        filters, here, digits = list(warnings.filters), os.getcwd(), str(torch.ones(1) / 3)
        threads, errors, variables = torch.get_num_threads(), np.geterr(), dict(os.environ)
        verdict = judge(DOUBLE, vandal)
        assert draw() == wanted
        assert torch.get_default_dtype() == torch.float32 and torch.is_grad_enabled() and warnings.filters == filters
        assert torch.ones(1).device.type == "cpu" and os.getcwd() == here and str(torch.ones(1) / 3) == digits
        assert np.get_printoptions()["precision"] == 8 and sys.modules["numpy"] is np
        assert (torch.get_num_threads(), np.geterr(), dict(os.environ)) == (threads, errors, variables)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        told = "dtype", "device", "gradient mode", "torch's print", "numpy's print", "working folder", "■"
        told += "threads", "of errors", "environment", "modules"
        assert verdict.right and all(part in verdict.notes[0] for part in told)

    def test_exit_is_put_back(self, capsys):
        space = in_cell("@exercise(one)\ndef f(x):\n    exit()", one=DOUBLE)
        assert "exit" not in space and "quit" not in space and "`exit()`" in capsys.readouterr().out
        assert in_cell("@exercise(one)\ndef f(x):\n    quit()", one=DOUBLE, quit="mine")["quit"] == "mine"


def test_two_answers_to_one_question_are_refused():
    calls = iter(range(100))
    verdict = judge(DOUBLE, lambda x: 2 * x + (next(calls) > 1))
    assert verdict.state == "wrong" and verdict.outcomes[0].trouble.kind == "misfit"


def test_what_prints_and_returns_nothing_is_told_of_return():
    notes = judge(DOUBLE, lambda x: print(2 * x)).notes
    assert notes[-2].startswith("On this input it printed:") and "`return` hands it on" in notes[-1]


def test_importing_is_cheap():
    code = "import sys, course_kit.exercises; print('torch' in sys.modules, 'numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"
