"""Runs an answer on every case, compares it with the reference, and comes to a verdict."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from course_kit.exercises import gradients
from course_kit.exercises.changed_program import changes, feedback, unchanged
from course_kit.exercises.compare import Misfit, NothingReturned, cloned, converted, kind, untouched
from course_kit.exercises.define import Case, Exercise, FindError, Wrong
from course_kit.exercises.definitions import definition_of
from course_kit.exercises.diagnose import Evidence, Outcome, Verdict, diagnose
from course_kit.exercises.guard import (
    LOOKING,
    SECONDS,
    TookTooLong,
    its_own_name,
    plain_torch,
    quiet,
    time_limit,
    world_unchanged,
)  # fmt: skip
from course_kit.exercises.trouble import Trouble, begun, clean, own_line, trouble
from course_kit.i18n import t

PRINTS = 20  # printed lines that are shown


def judge(exercise: Exercise, answer: Any, seconds: float = SECONDS) -> Verdict:
    """The verdict on an answer. Never raises what the answer raises, and leaves no trace of it.

    An answer can return things whose own methods raise. Whatever they do to the check, it ends with a verdict.
    """
    with plain_torch():
        try:
            cases = list(exercise.cases())
            wanted = [expected(exercise, case) for case in cases]
        except Exception as error:
            why = f"{type(error).__name__}: {error}"
            text = t("The course's own check failed here, not your answer: {why}. Please report it.", why=why)
            return Verdict(exercise.name, "unchecked", text)
        try:
            return _judged(exercise, answer, cases, wanted, seconds)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            name = type(error).__name__
            text = t("What it returns cannot be looked at: that raises {name}. Needed: plain tensors.", name=name)
            return Verdict(exercise.name, "wrong", text)


def _judged(exercise: Exercise, answer: Any, cases: list[Case], wanted: list, seconds: float) -> Verdict:
    if not callable(answer):
        text = t("This is {kind}. Needed: a function (or class) written below the line with the @.", kind=kind(answer))
        return Verdict(exercise.name, "wrong", text)
    with its_own_name(answer):
        untried = isinstance(exercise, FindError) and unchanged(exercise, definition_of(answer))
        with world_unchanged() as changed:
            outcomes = [] if untried else outcomes_of(exercise, answer, cases, wanted, seconds)
        if untried or (outcomes[0].trouble and outcomes[0].trouble.kind == "unsolved"):
            verdict = _unsolved(exercise, not untried and begun(answer))
        elif all(not mine.spoilt and mine.like(Outcome(want)) for mine, want in zip(outcomes, wanted, strict=True)):
            torches = all(_is_torch(mine.raw, want) for mine, want in zip(outcomes, wanted, strict=True))
            listed = not torches and all(
                _is_torch(mine.raw, want) or _is_listed(mine.raw, want)
                for mine, want in zip(outcomes, wanted, strict=True)
            )
            text = t("right, on all {count} inputs.", count=len(cases))
            cuts = gradients.cut_off(exercise, answer, cases[0])
            converts = not torches and not listed
            verdict = Verdict(exercise.name, "right", text, converts=converts, listed=listed, cuts=cuts)
            wrong = "" if cuts else gradients.wrong(exercise, answer, cases)
            if exercise.returns == ("loss",) and (cuts or not isinstance(outcomes[0].raw, Tensor)):
                wrong = gradients.NONE_OF_A_LOSS
            if wrong:
                verdict = Verdict(exercise.name, "wrong", wrong, known=Wrong(answer, wrong))
        else:
            verdict = _explained(Evidence(exercise, answer, cases, wanted, outcomes, functools.partial(run, exercise)))
    notes = verdict.notes + _notes(verdict, changed, outcomes)
    return replace(verdict, notes=notes, outcomes=tuple(outcomes), expected=tuple(wanted))


def _unsolved(exercise: Exercise, written: bool) -> Verdict:
    note = t("There is code, but the line `raise NotImplementedError` is still in it. Delete that line.")
    return Verdict(exercise.name, "unsolved", exercise.task, notes=(note,) if written else ())


def _explained(evidence: Evidence) -> Verdict:
    try:
        with quiet(), time_limit(LOOKING, LOOKING):
            return diagnose(evidence)
    except TookTooLong:
        with quiet():
            plain = replace(evidence.exercise, wrong=(), properties=())
            return diagnose(replace(evidence, exercise=plain, run=lambda *_: Outcome(trouble=Trouble("slow"))))


def outcomes_of(
    exercise: Exercise, answer: Callable, cases: list[Case], wanted: list, seconds: float = SECONDS, again: bool = True
) -> list[Outcome]:
    """One outcome per case. After the time is up, or if the first says "not written yet", the rest is not run.
    again: the first case is run a second time, to see that the same question gets the same answer."""
    outcomes: list[Outcome] = []
    try:
        with time_limit(seconds):
            for case, want in zip(cases, wanted, strict=True):
                outcomes.append(run(exercise, answer, case, want))
                if outcomes[-1].trouble and outcomes[-1].trouble.kind == "unsolved":
                    break
            if again and not any(outcome.trouble and outcome.trouble.kind != "misfit" for outcome in outcomes):
                second = run(exercise, answer, cases[0], wanted[0])
                if not second.like(outcomes[0]):
                    text = t(
                        "Asked the same thing twice, it gives two different answers. Does something in it draw random "
                        "numbers, or remember the last call?"
                    )
                    outcomes[0] = replace(outcomes[0], trouble=Trouble("misfit", message=text))
    except TookTooLong as stop:
        slow = Trouble("slow", type(stop).__name__, f"{seconds:g}", own_line(answer, stop.__traceback__))
        outcomes = outcomes[: len(cases) - 1] + [Outcome(trouble=slow, printed=stop.printed)]
    return outcomes + outcomes[-1:] * (len(cases) - len(outcomes))


def expected(exercise: Exercise, case: Case) -> Any:
    """What the reference gives on a case, in the form in which results are compared."""
    result = exercise.run(exercise.reference, replace(case, args=cloned(case.args)))
    if isinstance(result, tuple):
        result = tuple(result)
    return converted(result, result, exercise.returns)


def run(exercise: Exercise, answer: Callable, case: Case, want: Any) -> Outcome:
    """What an answer does with one case; want: what is expected, whose form the result should have."""
    mine = replace(case, args=cloned(case.args), keywords=cloned(case.keywords))
    with quiet() as printed:
        try:
            raw = exercise.run(answer, mine)
        except TookTooLong as stop:
            stop.printed = printed.whole_lines
            raise
        except KeyboardInterrupt:
            raise
        except Misfit as error:  # of an exercise with a `run` of its own, which looks at what came back
            return Outcome(trouble=Trouble("misfit", type(error).__name__, str(error)), printed=printed.whole_lines)
        except BaseException as error:
            return Outcome(trouble=trouble(answer, error, mine), printed=printed.whole_lines)
    spoilt: tuple[str, ...] = ()
    try:
        spoilt = tuple(name for name in case.args if not untouched(case.args[name], mine.args[name]))
        value = converted(raw, want, exercise.returns)
        return Outcome(value, spoilt=spoilt, raw=raw, printed=printed.whole_lines)
    except (KeyboardInterrupt, TookTooLong):
        raise
    except BaseException as error:  # no form to compare; or what it returned, or did to its inputs, raises on its own
        text = t("What it returns cannot be looked at: that raises {name}.", name=type(error).__name__)
        why = Trouble("misfit", type(error).__name__, str(error) if isinstance(error, Misfit) else text)
        return Outcome(trouble=why, spoilt=spoilt, raw=raw, printed=printed.whole_lines)


def _notes(verdict: Verdict, changed: list[str], outcomes: list[Outcome]) -> tuple[str, ...]:
    notes = []
    if changed:
        notes.append(t("It changed {changed}; the check has put that back.", changed=t(" and ").join(changed)))
    if verdict.converts:
        notes.append(t("It does not return tensors like the course's; the notebook turns its results into such: "
                       "with float64 in it, say, a model would go on in float64."))  # fmt: skip
    if verdict.cuts:
        notes.append(t("No gradient passes through it: numpy, `.detach()`, `.item()` and `torch.tensor(…)` cut it off. "
                       "Where the notebook trains, it takes the course's function."))  # fmt: skip
    if verdict.state == "wrong" and verdict.here is not None and (shown := outcomes[verdict.here]).printed:
        lines = [clean(line, 120) for line in shown.printed.splitlines()]
        printed = "\n".join([*lines[:PRINTS], *(["…"] if len(lines) > PRINTS else [])])
        notes.append(t("On this input it printed:") + f"\n{printed}")
        if shown.trouble and shown.trouble.error == NothingReturned.__name__:
            notes.append(t("Printing shows a result; `return` hands it on."))
    return tuple(notes)


def _is_torch(raw: Any, want: Any) -> bool:
    if isinstance(want, tuple):
        return isinstance(raw, tuple) and all(map(_is_torch, raw, want))
    return not isinstance(want, Tensor) or (type(raw) is Tensor and not _is_wider(raw, want))


def _is_listed(raw: Any, want: Any) -> bool:
    """Whether these are whole numbers in a list, which is as good as a tensor of them: no model computes with them."""
    whole = isinstance(want, Tensor) and want.dim() == 1 and not want.is_floating_point()
    return whole and type(raw) is list and all(type(x) is int for x in raw)


def _is_wider(raw: Tensor, want: Tensor) -> bool:
    """Whether a model's numbers would become float64 by it."""
    return raw.dtype == torch.float64 and want.dtype == torch.float32


def chosen(exercise: Exercise, answer: Any, verdict: Verdict) -> Any:
    """What the notebook goes on with: the student's own if it is right, else the reference. The results of an answer
    in numpy or lists are turned into tensors, since the next cell may need them; where a gradient is asked for that
    the answer would cut off, the reference gives it."""
    if not verdict.right:
        return exercise.reference
    converts = verdict.converts or verdict.listed
    if isinstance(answer, type) or not (converts or verdict.cuts):
        return answer
    with plain_torch():
        form = expected(exercise, exercise.cases()[0])

    @functools.wraps(answer)
    def usable(*args: Any, **keywords: Any) -> Any:
        if verdict.cuts and gradients.is_wanted((args, *keywords.values())):
            return exercise.reference(*args, **keywords)
        result = answer(*args, **keywords)
        return _as(converted(result, form, exercise.returns), form) if converts else result

    return usable


def _as(result: Any, form: Any) -> Any:
    """A result whose float64 are float32, where the form's are."""
    if isinstance(form, tuple):
        return tuple(map(_as, result, form))
    return result.float() if isinstance(form, Tensor) and _is_wider(result, form) else result


def replayed(exercise: Exercise, answer: Any, here: int) -> tuple[Any, Case]:
    """The answer as the check called it, and its case with this number."""
    with plain_torch():
        case = list(exercise.cases())[here]
        if isinstance(answer, type):
            with contextlib.suppress(Exception):
                answer = answer(*case.init)
    return functools.partial(answer, **case.keywords) if case.keywords else answer, case


def judge_repair(puzzle: FindError, answer: Any) -> Verdict:
    """The verdict on a repaired program."""
    return feedback(puzzle, judge(puzzle, answer), changes(puzzle, definition_of(answer)))
