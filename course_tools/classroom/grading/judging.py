"""One hand-in, from its code to a row of the table. Runs in a process of its own: what goes wrong here ends here."""

import ast
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from course_kit.exercises.define import Exercise
from course_kit.exercises.diagnose import Verdict
from course_kit.exercises.guard import TookTooLong, time_limit
from course_kit.exercises.judge import judge as verdict_on
from course_kit.exercises.registry import find
from course_kit.i18n import mark, sentences, t

from .collecting import plain, whole
from .hand_in import HandIn, course, read
from .remote import PATIENCE, TIME, Ended, Remote, Room, by_value, varied

READING = 300  # seconds of computing for this process: a hand-in may be made to be long to read
LOOK = 5.0  # seconds between two looks at how much has been computed
STUCK = 3  # answers that don't come to an end, before the others are left alone
MEMORY = 4 << 30  # bytes on top of what this process has: a result may be made to be multiplied
STOPPED = mark("Stopped after {n} seconds. Is there a loop that never ends? A few numbers should take no time at all.")
DETOUR = mark("Right on the inputs of the notebook, and wrong on new ones.")


@dataclass
class Row:
    """What became of a hand-in. states: exercise -> "right", "wrong", "open", "missing", "timed out", "ended" or "not
    run"; said: exercise -> the teacher's words. cells: those of the notebook, each with its exercise or ""; remarks:
    what the teacher should know."""

    student: str
    states: dict[str, str] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    cells: list[tuple[str, str]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def prepare() -> None:
    """What a judging process needs, before it sees anything of a student's."""
    torch.set_num_threads(1)
    by_value()
    course()


def judge(student: str, folder: Path, wanted: list[str], seconds: float, budget: float) -> Row:
    """The row of one hand-in. wanted: the assignment's exercises; seconds: of computing, for one answer; budget: for
    all of them."""
    import resource  # Windows has none, and says above that it has no sandbox

    with open("/proc/self/statm") as file:
        limit = int(file.read().split()[0]) * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CPU, (READING, READING))
    work = read(folder, wanted)
    row = Row(student, cells=work.cells, remarks=work.remarks)
    room, seen, looked, spent = Room(), dict[str, Any](), time.monotonic(), 0.0
    try:
        for name in wanted:
            if name in work.problems:
                row.states[name], row.said[name] = "wrong", t("It cannot be run: {why}.", why=work.problems[name])
            elif name not in work.answers:
                row.states[name] = "missing"
            elif list(row.states.values()).count("timed out") >= STUCK or spent > budget:
                row.states[name] = "not run"
            else:
                row.states[name], words = _with_the_course(work, name, row.states, room, seconds, seen)
                row.said[name] = whole(words)
            if time.monotonic() - looked > LOOK:
                looked, spent = time.monotonic(), room.computed()
    finally:
        room.close()
    for state in (mark("timed out"), mark("ended"), mark("not run")):
        seen[state] = [name for name, one in row.states.items() if one == state]
    told = {words: t(", ").join(map(t, dict.fromkeys(names))) for words, names in seen.items() if names}
    row.remarks += [t("{name}: {text}", name=t(words), text=names) for words, names in told.items()]
    return row


def _with_the_course(
    work: HandIn, name: str, states: dict[str, str], room: Room, seconds: float, seen: dict
) -> tuple[str, str]:
    """(state, words) of one answer. Of the student's earlier answers that it calls, those that are not right are the
    course's meanwhile, as on the page: so one mistake costs one point. states: of the earlier ones."""
    answer, exercise = work.answers[name], find(name)
    used = work.used(name)
    poor = {task: used[task] for task, state in states.items() if state != "right" and task in used}
    if not poor:
        return _one(answer, exercise, room, seconds, seen, work.hides)
    lent = {function: find(task).reference for task, (function, _) in poor.items()}
    without = {id(node) for _, node in poor.values()}
    others = [one for one in answer if id(one) not in without]
    state, words = _one(others, exercise, room, seconds, seen, work.hides, lent)
    if state != "right" and all(states[task] == "wrong" and node for task, (_, node) in poor.items()):
        own = _one(answer, exercise, room, seconds, {}, work.hides)  # it may go with the student's own way
        if own[0] == "right":
            return own
    names = t(", ").join(f"“{t(task)}”" for task in poor)
    return state, sentences(words, t("It calls {names}, where the course's function stood in for yours.", names=names))


def _one(
    answer: list[ast.stmt],
    exercise: Exercise,
    room: Room,
    seconds: float,
    seen: dict,
    hides: Callable[[str], bool],
    lent: dict[str, Any] | None = None,
) -> tuple[str, str]:
    """(state, words). seen: what was seen of answers -> names of their exercises; hides: of a function of the course,
    whether the notebook does not show that it uses it; lent: functions of the course that it
    finds, by name."""
    remote, lent = None, lent or {}
    try:
        room.get()
        with time_limit(PATIENCE * seconds, waiting=PATIENCE * seconds):
            remote = Remote(room, exercise.name, answer, seconds, lent)
        state, words, verdict = _verdict(remote, exercise, PATIENCE * seconds)
        ended = remote.ended if _stopped(verdict) else ""  # later, while it was looked at, an end is no one's fault
    except TookTooLong:
        room.close()
        state, words, ended = "timed out", "", TIME
    except Ended as error:
        state, words, ended = "ended", t(str(error)), str(error)
    except (RecursionError, MemoryError):
        return "not run", t("Too deeply nested, or too large.")
    except Exception as error:  # a result that not even the engine expects
        state, words, ended = "wrong", t("What it returns cannot be compared ({kind}).", kind=type(error).__name__), ""
    if ended and state != "right":
        state, words = ("timed out", t(STOPPED, n=f"{seconds:g}")) if ended == TIME else ("ended", t(ended))
    if remote and ("channel" in remote.ended or "reply" in remote.ended):
        seen.setdefault(t("gave back what cannot be read"), []).append(exercise.name)
    if remote:
        remote.close()
        given = {f"{one.__module__}.{one.__qualname__}" for one in lent.values()}
        for name in filter(hides, sorted(remote.borrowed - given)):
            seen.setdefault(t("borrows the course's {name} unseen", name=plain(name)), []).append(exercise.name)
    return state, words


def _stopped(verdict: Verdict | None) -> bool:
    """Whether an answer came to no end on one of the inputs. What happens on others, changed to find out what is wrong
    with it, does not count."""
    troubles = [one.trouble for one in verdict.outcomes if one.trouble] if verdict else []
    return any(one.kind == "slow" or one.error == Ended.__name__ for one in troubles)


def _verdict(remote: Remote, exercise: Exercise, patience: float) -> tuple[str, str, Any]:
    if remote.error:
        return "wrong", t("It cannot be run: {why}.", why=": ".join(map(str, remote.error[:2]))[:280]), None

    verdict = verdict_on(exercise, remote, patience)
    again = verdict_on(replace(exercise, cases=varied(exercise)), remote, patience) if verdict.right else verdict
    if again.state == "unchecked":
        return "not run", again.text, again
    if verdict.right and not again.right:
        return "wrong", sentences(t(DETOUR), again.text), again
    return {"unsolved": "open"}.get(verdict.state, verdict.state), verdict.text, verdict
