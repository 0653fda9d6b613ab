"""Trainings take the course's function where the reader's is right, and would learn nothing or take far too long."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from typing import Any

from course_kit import shell
from course_kit.exercises.define import Exercise, FindError
from course_kit.exercises.guard import TookTooLong, quiet, time_limit, world_unchanged
from course_kit.exercises.show import display, note_of, sentence
from course_kit.i18n import t

SLOW = 4  # times as long as the course's: right, but a training cannot wait for it
SHORTEST = 2.0  # seconds that an attempt may always compute

KNOWN: dict[int, tuple[Any, Exercise, bool]] = {}  # id of a right answer -> it, its exercise, whether it cuts gradients


def remember(task: Exercise, answer: Any, verdict: Any = None) -> str:
    """A right answer, which the notebook goes on with -> "": there is nothing to say of it."""
    if (verdict is None or verdict.right) and not isinstance(task, FindError):
        KNOWN[id(answer)] = answer, task, verdict is not None and verdict.cuts
    return ""


def for_training(attempt: Callable[[], Any], space: dict[str, Any] | None = None) -> None:
    """Looks whether the reader's functions can train, and says so where one cannot: then its name means the course's
    from here on. Put it above the cell that makes the model; with nothing solved it does nothing.

        def one_step():
            model = Transformer(TransformerConfig(TOKENS, TOKENS, size=64))
            return train_step(model, torch.optim.Adam(model.parameters()), *copy_or_reverse(64))

        for_training(one_step)

    attempt: makes and computes what one step of the training does, from the notebook's names as they are then. It runs
    with the course's functions, and with the reader's. space: the names, by default the notebook's.
    """
    ipython = shell.ipython()
    space = (ipython.user_ns if ipython else {}) if space is None else space
    known = {name: found for name, thing in list(space.items()) if (found := _known(thing))}
    yours = {name: space[name] for name in known}
    course = {name: task.reference for name, (_, task, _) in known.items()}
    if not yours:
        return
    troubles = {name: t("lets no gradient through") for name, (_, _, cuts) in known.items() if cuts}
    seconds, trouble = _tried(attempt, space, course, yours, None)
    if trouble:
        raise trouble
    limit = max(SLOW * seconds, 0.01)
    rest = {name: thing for name, thing in yours.items() if name not in troubles}
    took, trouble = _tried(attempt, space, course | rest, yours, limit)
    if trouble or took > limit:
        for name, thing in rest.items():
            took, trouble = _tried(attempt, space, course | {name: thing}, yours, limit)
            if trouble or took > limit:
                troubles[name] = _words(took, seconds, trouble)
    space.update({name: course[name] for name in troubles})
    if troubles:
        said = [t("`{name}` (yours is right, but {why})", name=name, why=why) for name, why in troubles.items()]
        display(note_of([sentence(t("Training takes the course's {said}.", said=" and ".join(said)))], "dotted"))


def _known(thing: Any) -> tuple[Any, Exercise, bool] | None:
    """The answer that a name means, if it is the reader's."""
    try:
        answer = inspect.unwrap(thing) if callable(thing) else thing
    except ValueError:
        return None
    known = KNOWN.get(id(answer))
    return known if known and known[0] is answer else None


def _tried(
    attempt: Callable, space: dict[str, Any], chosen: dict[str, Any], before: dict[str, Any], limit: float | None
) -> tuple[float, BaseException | None]:
    """The seconds that it computes with these functions, the better of two runs; and what stopped it."""
    took = []
    try:
        space.update(chosen)
        with world_unchanged(), quiet():
            for _ in range(2):
                started = time.process_time()
                with time_limit(60.0 if limit is None else max(2 * limit, SHORTEST)):
                    attempt()
                took.append(time.process_time() - started)
    except (Exception, TookTooLong) as error:
        return (float("inf"), None) if isinstance(error, TookTooLong) and limit else (0.0, error)
    finally:
        space.update(before)
    return min(took), None


def _words(took: float, seconds: float, trouble: BaseException | None) -> str:
    if trouble:
        return t("here it stops with {name}", name=type(trouble).__name__)
    if took == float("inf"):
        return t("takes far longer")
    return t("takes {took} times as long", took=f"{took / seconds:.0f}")
