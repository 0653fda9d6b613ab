"""What is solved in a workbook, and what is next: `course progress`."""

from pathlib import Path

from course_kit import files, progress
from course_kit.exercises import record
from course_kit.i18n import t

from . import workbook


def run(folder: str | None = None) -> int:
    """The command -> exit status."""
    print(progress.in_words(place(folder)))
    return 0


def place(folder: str | None = None) -> Path:
    """The workbook that the command reads: the one named, the one here, or the course's own. Raises ValueError if
    there is none."""
    where = Path(folder) if folder else files.workbook_folder() or workbook.place()
    if not any(where.glob("*.ipynb")) and not any((where / name).exists() for name in (files.STATE, record.FILE)):
        raise ValueError(
            t(
                "{folder} is no workbook; needed: one, with your copies of the notebooks. `make lab` makes one; for "
                "another, name its folder behind the command.",
                folder=where,
            )
        )
    return where
