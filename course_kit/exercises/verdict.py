"""What came of an answer: its outcome on one case, and the verdict on all of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from course_kit.exercises import values
from course_kit.exercises.definition import EXPECTED, MINE, Case, Exercise, Wrong
from course_kit.exercises.trouble import Trouble


@dataclass(frozen=True)
class Outcome:
    """What an answer did with one case. trouble: why there is no result to compare; spoilt: inputs it changed;
    printed: what it printed."""

    value: Any = None
    trouble: Trouble | None = None
    spoilt: tuple[str, ...] = ()
    raw: Any = None
    printed: str = ""

    def like(self, other: Outcome) -> bool:
        """The same result, or the same failure."""
        if self.trouble or other.trouble:
            mine, theirs = self.trouble, other.trouble
            return bool(mine and theirs and (mine.error, mine.message) == (theirs.error, theirs.message))
        return values.same(self.value, other.value)


@dataclass(frozen=True)
class Verdict:
    """state: "right", "wrong" or "unsolved". text: what a teacher says. code: the student's own line. lead: said above
    the arrays, which are name -> array or text. notes: what else was seen. known: the mistake that was recognised.
    converts: it gives no tensors; cuts: it lets no gradient through. here: the number of the case that is shown.
    outcomes: what came of each case."""

    name: str
    state: str
    text: str
    code: str = ""
    lead: str = ""
    arrays: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    known: Wrong | None = None
    converts: bool = False
    cuts: bool = False
    here: int | None = None
    outcomes: tuple[Outcome, ...] = field(default=(), repr=False)

    @property
    def right(self) -> bool:
        return self.state == "right"


def example(exercise: Exercise, case: Case, want: Any, got: Any = None, label: str = EXPECTED) -> dict[str, Any]:
    """The arrays of a case in the order one reads them: inputs, what is expected, what came."""
    shown = {name: case.given.get(name, x) for name, x in (case.args | case.keywords).items()}
    parts = want if isinstance(want, tuple) else (want,)
    mine = got if isinstance(got, tuple) else (got,) * len(parts)
    for name, part, came in zip(exercise.returns, parts, mine, strict=True):
        shown[name + label] = part
        if got is not None:
            shown[name + MINE] = came
    return shown
