"""The table of a class: as CSV for a spreadsheet, as a few lines for the screen."""

import csv
import io
import os
import unicodedata
from collections import Counter
from pathlib import Path

from course_tools.classroom.handing_in import write_for_user

from .judging import Row

SHOWN = 60  # letters of a name and of a remark on the screen


def points(file: Path | None, chosen: list[str], known: list[str]) -> dict[str, float]:
    """Exercise -> its points, for those that count: from a CSV file with the columns exercise, points; without: one
    point for each that is chosen. Raises ValueError for a file that cannot be read, or an unknown name."""
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


def finish(rows: list[Row]) -> list[Row]:
    """One row for each student, in the order of their names: of several hand-ins the last one counts, and says so."""
    several: dict[str, list[Row]] = {}
    for row in rows:
        several.setdefault(unicodedata.normalize("NFC", row.student).casefold(), []).append(row)
    kept = []
    for same in several.values():
        same.sort(key=lambda row: (row.when, row.file))
        if len(same) > 1:
            others = ", ".join(row.file for row in same[:-1])
            same[-1].remarks.insert(0, f"handed in {len(same)} times, counted: {same[-1].file}, not: {others}")
            same[-1].serious = True
        kept.append(same[-1])
    for what, words in (
        ("owner", "the hand-out of {}, as that of "),
        ("mark", "the same answers, letter for letter, as "),
    ):
        for row in kept:
            mine = getattr(row, what)
            if others := [x.student for x in kept if mine and getattr(x, what) == mine and x is not row]:
                row.remarks.append(words.format(mine) + ", ".join(others))
                row.serious = True
    return sorted(kept, key=lambda row: unicodedata.normalize("NFKD", row.student).casefold())


def write(rows: list[Row], exercises: dict[str, float], file: Path) -> None:
    """The table; exercises: those that count, with their points. Raises ValueError if the file cannot be written."""
    head = ["student", "hand-out of", "handed in", "solved", "of", "points", "possible", "attempts", "solutions"]
    head += ["remarks", *exercises, "file"]
    body = [
        [row.student, row.owner, row.when, len(row.solved(exercises)), len(exercises)]
        + [_number(row.points(exercises)), _number(sum(exercises.values()))]
        + [sum(row.attempts.get(name, 0) for name in exercises), len(row.looked & exercises.keys())]
        + ["; ".join(row.remarks)]
        + [row.states.get(name, "not run") for name in exercises]
        + [row.file]
        for row in rows
    ]
    _write_table(file, [head, *body])


def write_words(rows: list[Row], file: Path) -> None:
    """What the checks say of each answer, one line each. Raises ValueError if the file cannot be written."""
    words = [[row.student, name, row.states[name], text] for row in rows for name, text in row.said.items()]
    _write_table(file, [["student", "exercise", "state", "words"], *words])


def _number(x: float) -> float:
    """A whole number as int."""
    return int(x) if x == int(x) else x


def _write_table(file: Path, table: list[list]) -> None:
    """A CSV file that no spreadsheet takes for formulas. Raises ValueError if it cannot be written."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([[_cell(x) for x in line] for line in table])
    write_for_user(file, "\ufeff" + text.getvalue(), "--out FILE")  # the mark tells spreadsheets that it is UTF-8


def _cell(x: object) -> object:
    """Spreadsheets take a text that begins so for a formula, and run it: also after blanks, and in full width."""
    if not isinstance(x, str):
        return x
    x = "".join(letter if letter.isprintable() else " " for letter in x)
    return f"'{x}" if unicodedata.normalize("NFKC", x).lstrip()[:1] in tuple("=+-@") else x


def summary(rows: list[Row], exercises: dict[str, float], file: Path) -> str:
    """For the screen: who has solved how many, and what needs a look."""
    wide = max(len("student"), *(min(len(row.student), SHOWN) for row in rows))
    lines = [f"{'student'.ljust(wide)}  right  wrong  open  remarks"]
    for row in rows:
        name = _short(row.student).ljust(wide)
        count = Counter(row.states.get(one, "not run") for one in exercises)
        unfinished = count["open"] + count["missing"]
        wrong = count.total() - count["right"] - unfinished
        more = f" (and {len(row.remarks) - 1} more)" if len(row.remarks) > 1 else ""
        remark = "".join(_short(x) for x in row.remarks[:1]) + more
        lines.append(f"{name}  {count['right']:5}  {wrong:5}  {unfinished:4}  {remark}".rstrip())
    serious = sum(row.serious for row in rows)
    look = f"{serious} of them with a remark that needs a look" if serious else "none needs a look"
    return "\n".join(
        [*lines, "", f"{len(rows)} hand-ins, {len(exercises)} exercises; {look}. Table: {os.fspath(file)}"]
    )


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
