"""One hand-in, from its code to a row of the table. Runs in a process of its own: what goes wrong here ends here."""

import ast
import hashlib
import inspect
import textwrap
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from course_kit.exercises.catalogue import find
from course_kit.exercises.define import Exercise, FindError
from course_kit.exercises.diagnose import Verdict
from course_kit.exercises.guard import TookTooLong, time_limit
from course_kit.exercises.judge import judge as verdict_on
from course_kit.exercises.judge import judge_repair
from course_kit.exercises.repair import unchanged

from ..assignments import Key
from .hand_ins import Answer, HandIn, course, read
from .remote import PATIENCE, TIME, Ended, Remote, Room, by_value, varied

READING = 300  # seconds of computing for this process: a hand-in may be made to be long to read
LOOK = 5.0  # seconds between two looks at how much has been computed
STUCK = 3  # answers that don't come to an end, before the others are left alone
MEMORY = 4 << 30  # bytes on top of what this process has: a result may be made to be multiplied
BORROWED = "hands on the course's own function"
DETOUR = "right on the inputs of the notebook, and wrong on new ones"


@dataclass
class Row:
    """What became of a hand-in. states: exercise -> "right", "wrong", "suspect", "open", "missing", "timed out",
    "ended" or "not run"; said: exercise -> the teacher's words. attempts: exercise -> how many, as the student's record
    says; looked: exercises whose solution was asked for, or unfolded; owner: whose hand-out it is. serious: something
    in it needs a look. mark: the checksum of all its answers."""

    student: str
    file: str
    when: str = ""
    states: dict[str, str] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    attempts: dict[str, int] = field(default_factory=dict)
    looked: set[str] = field(default_factory=set)
    remarks: list[str] = field(default_factory=list)
    serious: bool = False
    mark: str = ""
    owner: str = ""

    def solved(self, exercises: Iterable[str]) -> list[str]:
        """Those of them that are right."""
        return [name for name in exercises if self.states.get(name) == "right"]

    def points(self, exercises: dict[str, float]) -> float:
        """The points of those that are right."""
        return sum(exercises[name] for name in self.solved(exercises))


def prepare() -> None:
    """What a judging process needs, before it sees anything of a student's."""
    torch.set_num_threads(1)
    by_value()
    course()


def judge(path: Path, seconds: float, budget: float, key: Key | None = None) -> Row:
    """The row of one hand-in. seconds: of computing, for one answer; budget: for all of them; key: of its hand-outs."""
    import resource  # Windows has none, and says above that it has no sandbox

    with open("/proc/self/statm") as file:
        limit = int(file.read().split()[0]) * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CPU, (READING, READING))
    work = read(path, course(), key)
    row = Row(work.student, path.name, work.when, remarks=list(work.remarks))
    row.serious, row.owner = bool(work.remarks), work.owner
    room, seen, looked, spent = Room(), {}, time.monotonic(), 0.0
    try:
        for name in course().exercises:
            if name not in work.answers:
                row.states[name] = "open" if name in work.open else "missing"
            elif list(row.states.values()).count("timed out") >= STUCK or spent > budget:
                row.states[name] = "not run"
            else:
                answer = work.answers[name]
                row.states[name], row.said[name] = _one(answer, find(name), room, seconds, seen)
            if time.monotonic() - looked > LOOK:
                looked, spent = time.monotonic(), room.computed()
    finally:
        room.close()
    row.attempts = {name: one["attempts"] for name, one in work.claims.items() if type(one.get("attempts")) is int}
    row.looked = work.unfolded | {name for name, one in work.claims.items() if one.get("solution") is True}
    _remark(row, work, seen)
    return row


def _one(answer: Answer, exercise: Exercise, room: Room, seconds: float, seen: dict) -> tuple[str, str]:
    """(state, words). seen: what was seen of answers -> names of their exercises."""
    remote = None
    if isinstance(exercise, FindError) and unchanged(exercise, answer.statements[-1]):
        return "open", ""
    try:
        room.get()
        with time_limit(PATIENCE * seconds):
            remote = Remote(room, answer.written or exercise.name, answer.statements, seconds, public(exercise))
        state, words, verdict = _verdict(remote, exercise, answer.statements[-1], PATIENCE * seconds)
        ended = remote.ended if _stopped(verdict) else ""  # later, while it was looked at, an end is no one's fault
    except TookTooLong:
        room.close()
        state, words, ended = "timed out", "", TIME
    except Ended as error:
        state, words, ended = "ended", str(error), str(error)
    except (RecursionError, MemoryError):
        return "not run", "Too deeply nested, or too large."
    except Exception as error:  # a result that not even the engine expects
        state, words, ended = "wrong", f"What it returns cannot be compared ({type(error).__name__}).", ""
    if ended and state != "right":
        state, words = ("timed out", f"Stopped after {seconds:g} seconds.") if ended == TIME else ("ended", ended)
    if remote and ("channel" in remote.ended or "reply" in remote.ended):
        seen.setdefault("tried to speak in the grader's place", []).append(exercise.name)
    if copied(answer.statements, exercise) or remote and remote.borrows:
        seen.setdefault(BORROWED, []).append(exercise.name)
    if remote:
        remote.close()
    return state, words


def _stopped(verdict: Verdict | None) -> bool:
    """Whether an answer came to no end on one of the inputs. What happens on others, changed to find out what is wrong
    with it, does not count."""
    troubles = [one.trouble for one in verdict.outcomes if one.trouble] if verdict else []
    return any(one.kind == "slow" or one.error == Ended.__name__ for one in troubles)


def _verdict(remote: Remote, exercise: Exercise, source: ast.stmt, patience: float) -> tuple[str, str, Any]:
    if remote.error:
        return "wrong", f"It cannot be run: {': '.join(map(str, remote.error[:2]))}"[:300], None

    def judged(one: Exercise) -> Verdict:
        if isinstance(one, FindError):
            return judge_repair(one, remote, patience, source)
        return verdict_on(one, remote, patience)

    verdict = judged(exercise)
    if verdict.right and not (again := judged(replace(exercise, cases=varied(exercise)))).right:
        return "suspect", DETOUR, again
    return {"unsolved": "open"}.get(verdict.state, verdict.state), verdict.text, verdict


def public(exercise: Exercise) -> str:
    """ "module:name" of a solution that an answer can reach, since it is a public function of the course; else ""."""
    solution = exercise.reference
    hidden = ".exercises" in solution.__module__ or "." in solution.__qualname__
    return "" if hidden else f"{solution.__module__}:{solution.__qualname__}"


def copied(statements: list[ast.stmt], exercise: Exercise) -> bool:
    """Whether an answer is the text of its own solution, word for word."""
    ours = _body(ast.parse(textwrap.dedent(inspect.getsource(exercise.reference))).body[0])
    return len(ours) >= 3 and ours == _body(statements[-1])


def _body(function: ast.stmt) -> list[str]:
    body = getattr(function, "body", [])
    documented = bool(body) and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
    return [ast.dump(x) for x in body[documented:]]


def _remark(row: Row, work: HandIn, seen: dict[str, list[str]]) -> None:
    late = [name for name, state in row.states.items() if state == "not run"]
    for state, words in (("timed out", "timed out"), ("ended", "ended its process"), ("suspect", DETOUR)):
        names = [name for name, one in row.states.items() if one == state]
        if names:
            seen.setdefault(words, []).extend(names)
    claims = lambda name: work.claims.get(name, {}).get("state")  # noqa: E731
    claimed = [x for x, state in row.states.items() if claims(x) == "solved" and state != "right"]
    if claimed:
        seen["its record says solved, and it is not"] = claimed
    if late:
        seen["not run, the others took too long"] = late
    for words, names in seen.items():
        names = list(dict.fromkeys(names))
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        row.remarks.append(f"{words}: {', '.join(names[:3])}{more}")
        row.serious = True
    if len(work.answers) >= 3:
        text = "\n".join(f"{name}\n{one.source}" for name, one in sorted(work.answers.items()))
        row.mark = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
