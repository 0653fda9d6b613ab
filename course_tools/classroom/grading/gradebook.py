"""nbgrader's side: its folders, its roster, and what of a verdict goes where its feedback and its marks come from."""

from __future__ import annotations

import functools
import glob
import warnings
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
from dateutil.tz import gettz
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps.baseapp import NbGrader
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy.exc import SAWarning

from course_kit.i18n import mark, t

from ..assignments import slug

if TYPE_CHECKING:
    from .judging import Row

SIGNS = {"right": "✓", "open": "○", "missing": "○"}
STATES = {
    "open": mark("No answer yet."),
    "missing": mark("Its cell is not in the notebook."),
    "timed out": mark("Stopped: it did not come to an end."),
    "not run": mark("Not run: too much before it had to be stopped, or the notebook could not be read."),
}


EAST, WEST = timedelta(hours=14), timedelta(hours=-12)  # the first and the last place to begin a day


class Course:
    """nbgrader's side of a class, in the folder that it works in. roster: its students; zone: of the platform's clock,
    None if nobody has said it. Raises ValueError for a zone that is none."""

    def __init__(self) -> None:
        self.app = NbGrader()
        self.app.log.setLevel("ERROR")
        self.app.load_config_file()
        self.folders = CourseDirectory(parent=self.app)
        self.zone = self._zone()

    @functools.cached_property
    def roster(self) -> list[Any]:
        with self.book() as book:
            students = book.students
            book.db.expunge_all()
        return students

    def _zone(self) -> tzinfo | None:
        """`c.Platform.timezone` of nbgrader_config.py. (nbgrader's own `Exchange.timezone` is none: it writes CEST, and
        reads that as UTC.)"""
        name = self.app.config.get("Platform", {}).get("timezone", "")
        if name and (not isinstance(name, str) or gettz(name) is None):
            raise ValueError(t("nbgrader_config.py: {name} is no time zone; needed: a name such as Europe/Berlin.",
                               name=repr(name)))  # fmt: skip
        return gettz(name) if name else None

    def book(self) -> Gradebook:
        """The gradebook, open."""
        return Gradebook(self.folders.db_url, self.folders.course_id)

    def due(self, assignment: str) -> datetime | None:
        """When something has to be handed in, in UTC, if the gradebook says so."""
        with self.book() as book:
            try:
                return book.find_assignment(assignment).duedate
            except MissingEntry:
                return None

    def late(self, clock: datetime, due: datetime | None) -> list[str]:
        """What is to be said of a time by the platform's clock, as a list; due: in UTC. Nobody is late by a guess:
        where the zone of that clock is not known, only who is late by the clock of every place."""
        if due is None:
            return []
        told: dict[str, Any] = {"clock": f"{clock:%Y-%m-%d %H:%M}", "line": 'c.Platform.timezone = "Europe/Berlin"'}
        if self.zone:
            local = clock.replace(tzinfo=self.zone)
            time = local.astimezone(UTC).replace(tzinfo=None) - due
            words = t("late by {time}: {clock} {zone}, says the platform", time=time, zone=local.tzname(), **told)
            return [words] if time > timedelta() else []
        if clock - EAST > due:
            return [t("late in every time zone: {clock}, says the platform. To say by how much, add its zone to "
                      "nbgrader_config.py, such as `{line}`, and grade again", **told)]  # fmt: skip
        if clock - WEST > due:
            return [t("handed in at {clock} by the platform's clock, late or not: add its zone to nbgrader_config.py, "
                      "such as `{line}`, and grade again", **told)]  # fmt: skip
        return []


class Class(Course):
    """An assignment that was handed out. Raises ValueError where that was not done from here."""

    def __init__(self, assignment: str):
        super().__init__()
        self.assignment = assignment
        handed_out = self.folder("release", ".") / f"{assignment}.ipynb"
        try:
            self.page = nbformat.read(handed_out, 4)  # first: opening a gradebook that is not there makes one
            with self.book() as book:
                ids = [one.name for one in book.find_notebook(assignment, assignment).grade_cells]
        except (MissingEntry, OSError):
            raise ValueError(t("{file} is not there, or not in the gradebook; needed: the folder from which {name} was "
                               "handed out. `course assign {name}`, then `nbgrader generate_assignment {name}` make "
                               "it.", file=handed_out, name=assignment)) from None  # fmt: skip
        self.ids = set(ids)

    def folder(self, step: str, student: str) -> Path:
        """submitted/STUDENT/ASSIGNMENT, and so on, as nbgrader is configured."""
        step = getattr(self.folders, f"{step}_directory")
        return Path(self.folders.format_path(step, student, self.assignment))

    def wanted(self, known: list[str]) -> list[str]:
        """Those of the course's exercises that the assignment has."""
        return [name for name in known if slug(name) in self.ids]

    def handed_in(self) -> list[str]:
        """Who has something in submitted/."""
        return sorted(Path(one).parent.name for one in glob.glob(str(self.folder("submitted", "*"))))

    def keep(self, row: Row, clock: datetime | None = None) -> None:
        """Writes a verdict: points into the gradebook, words below the student's own code into autograded/. clock: when
        it was handed in, by the platform's own time."""
        where = {"assignment": self.assignment, "student": row.student, "notebook": self.assignment}
        names = self.assignment, row.student
        with self.book() as book, warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # of nbgrader's own order of adding
            book.update_or_create_student(row.student)
            when = self.folders.get_existing_timestamp(str(self.folder("submitted", row.student)))
            told = {"timestamp": when} if when or clock else {}
            submission = book.update_or_create_submission(*names, **told)
            for name, state in row.states.items():
                grade = book.find_grade(slug(name), self.assignment, *names)
                grade.auto_score = grade.max_score if state == "right" else 0
                grade.needs_manual_grade = grade.manual_score is not None  # the teacher's own mark stays
            book.db.commit()
            late = submission.total_seconds_late
            if clock:
                row.remarks += self.late(clock, submission.duedate)
            elif late:
                row.remarks.append(t("late by {time}", time=timedelta(seconds=round(late))))
        page = nbformat.from_dict(self.page | {"cells": _cells(self.page.cells, row)})
        resources = {"nbgrader": where | {"db_url": self.folders.db_url}}
        AssignLatePenalties(parent=self.app).preprocess(page, resources)
        folder = self.folder("autograded", row.student)
        folder.mkdir(parents=True, exist_ok=True)
        nbformat.write(page, folder / f"{self.assignment}.ipynb")
        for name in ("timestamp.txt", "submission_secret.txt"):  # by which nbgrader's exchange gives feedback back
            if (file := self.folder("submitted", row.student) / name).is_file():
                (folder / name).write_bytes(file.read_bytes())


def _cells(handed_out: list[Any], row: Row) -> list[Any]:
    """The page as it was handed out, with the student's cells in it, and what is said of each below it."""
    written: dict[str, list[str]] = {}
    loose: list[str] = []
    for name, source in row.cells:
        loose.append(source)
        if name:
            written[name], loose = [*written.get(name, []), *loose], []
    noticed = "\n".join(f"# {one}" for one in row.remarks)
    cells = [_code(f"# {t('About this hand-in')}\n{noticed}")] if noticed else []
    for cell in handed_out:
        name = next((one for one in row.states if slug(one) == cell.metadata.get("nbgrader", {}).get("grade_id")), "")
        if name:
            *others, own = written.get(name) or [""]
            cells += map(_code, others)
            said = t("{name}: {text}", name=t(name), text=row.said.get(name) or t(STATES[row.states[name]]))
            text = f"{SIGNS.get(row.states[name], '✗')} {said}\n"
            cell = nbformat.from_dict(cell | {"source": own, "outputs": [nbformat.v4.new_output("stream", text=text)]})
        cells.append(cell)
    return cells + [*map(_code, loose)]


def _code(source: str) -> Any:
    return nbformat.v4.new_code_cell(source)
