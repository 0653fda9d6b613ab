"""A problem: half an hour to an hour, from what a lesson built, judged by a file of pytest: `course problem 05`.

`chapters/chNN/problem/` holds problem.py, which the reader fills in, and test_problem.py, which judges it. A solution
is in neither.
"""

from pathlib import Path
from typing import Any

from course_kit import files
from course_kit.i18n import t

from . import workbook
from .problem_judge import judged, seconds_of

CHAPTERS = Path(__file__).resolve().parents[2] / "chapters"
GIVEN, JUDGE = "problem.py", "test_problem.py"


def run(name: str, hand_ins: str | None = None, out: str = "problem.csv") -> int:
    """Lay a problem down in the workbook, or judge what is there -> exit status, 1 if something is not right.

    hand_ins: a folder of many people's, judged in a sandbox instead; out: their table. Raises ValueError.
    """
    ours = _home(name)
    if hand_ins is not None:
        from .grading import problem_hand_ins

        return problem_hand_ins.run(ours / JUDGE, seconds_of(ours / JUDGE), judged, Path(hand_ins), Path(out))
    where = (files.workbook_folder() or workbook.place()) / f"problem_{ours.parent.name[2:]}"
    new = not (where / GIVEN).exists()
    where.mkdir(parents=True, exist_ok=True)
    for one in (GIVEN, JUDGE) if new else (JUDGE,):  # an update brings a judge, and leaves what is the reader's
        files.write_atomically(where / one, (ours / one).read_bytes())
    if new:
        print(t("Written: {path}. It says what is asked; the same command judges it.", path=where / GIVEN))
        return 0
    tests = judged(ours / JUDGE, where / GIVEN)
    print(in_words(tests))
    return 0 if all(one["state"] == "right" for one in tests) else 1


def _home(name: str) -> Path:
    found = {path.parent.parent.name[2:]: path.parent for path in sorted(CHAPTERS.glob(f"ch??/problem/{GIVEN}"))}
    if (number := name.zfill(2)) not in found:
        raise ValueError(
            t("There is no problem {name}; needed: one of {names}.", name=name, names=", ".join(sorted(found)))
        )
    return found[number]


def in_words(tests: list[dict[str, Any]]) -> str:
    """What a judge found, for the screen."""
    if all(one["state"] == "open" for one in tests):
        return t("Not written yet: each test needs a function that is still a stub.")
    lines = []
    for one in tests:
        said = one["said"] or (t("not written yet") if one["state"] == "open" else "")
        lines.append(f"{'✓' if one['state'] == 'right' else '✗'} {one['title']}".rstrip())
        lines += [f"    {line}" for line in said.splitlines()]
    return "\n".join(lines)
