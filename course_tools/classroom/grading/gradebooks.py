"""Points, and the table of a class in the forms that learning platforms read: `course grade … --export FOLDER`.

    canvas.csv                Grades → Import: who it is, is the name in the key, or of the hand-in, as *SIS Login ID*
    moodle.csv                Grades → Import → CSV file: mapped by `username`
    gradescope/STUDENT.json   the `results.json` of an autograder, one for each student

Made after what the platforms document: guides.canvas.edu "Import grades", docs.moodle.org "Grade import",
gradescope-autograders.readthedocs.io "Output format". None was tried on a running platform.
"""

import csv
import json
from pathlib import Path

from ..assignments import Key
from ..handing_in import write_for_user
from . import report
from .judging import Row

TITLE = "Attention: exercises"


def points(file: Path | None, key: Key | None, known: list[str]) -> dict[str, float]:
    """Exercise -> its points, for those that count: from a CSV file with the columns exercise, points; else one point
    for each of a key's, or of the course's. Raises ValueError for a file that cannot be read, or an unknown name."""
    chosen = key.exercises if key else known
    if file is None:
        return dict.fromkeys(chosen, 1.0)
    try:
        with open(file, encoding="utf-8-sig", newline="") as opened:
            found = {line["exercise"].strip(): float(line["points"]) for line in csv.DictReader(opened)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{file} cannot be read ({error}); needed: a CSV file with a line `exercise,points`, then one for each."
        ) from None
    if unknown := [name for name in found if name not in known]:
        raise ValueError(f"{file} names {unknown[0]!r}, which is no exercise of the course.")
    if not found or not all(0 < one < 1e6 for one in found.values()):
        raise ValueError(f"{file} has no exercise, or points that are not above 0.")
    return found


def write(rows: list[Row], exercises: dict[str, float], folder: Path) -> None:
    """All of them, into a folder. Raises ValueError if one cannot be written."""
    earned = [report.number(row.points(exercises)) for row in rows]
    canvas = [["Student", "ID", "SIS User ID", "SIS Login ID", "Section", TITLE]]
    canvas += [["    Points Possible", "", "", "", "", report.number(sum(exercises.values()))]]
    canvas += [
        [row.owner or row.student, "", "", row.owner or row.student, "", x] for row, x in zip(rows, earned, strict=True)
    ]
    moodle = [["username", TITLE, "feedback"]]
    for row, x in zip(rows, earned, strict=True):
        moodle.append([row.owner or row.student, x, f"{len(row.solved(exercises))} right"])
    try:
        (folder / "gradescope").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"{folder} cannot be made ({error.strerror}); needed: a folder of yours.") from None
    report.write_table(folder / "canvas.csv", canvas)
    report.write_table(folder / "moodle.csv", moodle)
    for row in rows:
        name = "".join(x if x.isalnum() or x in "-_. " else "_" for x in row.student).strip(". ") or "_"
        write_for_user(folder / "gradescope" / f"{name}.json", _results(row, exercises), "--export FOLDER")


def _results(row: Row, exercises: dict[str, float]) -> str:
    tests = [
        {
            "name": name,
            "score": worth if row.states.get(name) == "right" else 0,
            "max_score": worth,
            "status": "passed" if row.states.get(name) == "right" else "failed",
            "output": row.said.get(name) or row.states.get(name, "not run"),
            "visibility": "after_published",
        }
        for name, worth in exercises.items()
    ]
    whole = {"score": row.points(exercises), "execution_time": round(row.seconds), "tests": tests}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"
