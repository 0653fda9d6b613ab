"""A problem: half an hour to an hour, from what a lesson built, judged by a file of pytest: `course problem 05`.

`chapters/chNN/problem/` holds problem.py, which the reader fills in, and test_problem.py, which judges it. A solution
is in neither.

    judging.py    one file, judged in a process of its own     runner.py    the program of that process
    hand_ins.py   a class's files, each in the sandbox of grading/
"""

from pathlib import Path
from typing import Any

from course_kit import files
from course_kit.i18n import t

from .. import workbook
from .hand_ins import judge_all
from .judging import GIVEN, judged

CHAPTERS = Path(__file__).resolve().parents[3] / "chapters"
JUDGE = "test_problem.py"


def run(name: str, hand_ins: str | None = None, out: str = "problem.csv") -> int:
    """Lay a problem down in the workbook, or judge what is there -> exit status, 1 if something is not right.

    hand_ins: a folder of many people's, judged in a sandbox instead; out: their table. Raises ValueError.
    """
    ours = _home(name)
    if hand_ins is not None:
        return judge_all(ours / JUDGE, Path(hand_ins), Path(out))
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
