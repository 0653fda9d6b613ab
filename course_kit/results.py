"""Results that take longer than a lesson: made by a program, kept in data/results/, shown as recorded.

`course results` makes all of them again, `course results scores` those whose name begins so.
"""

import json
from pathlib import Path

from course_kit.files import course_folder
from course_kit.i18n import Aside, t
from course_kit.programs.arguments import string


class Recorded(dict):
    """The figures of one file, with `.about`: a line that says by which command, on what, and when."""

    @property
    def about(self) -> Aside:
        """One short line to print under a figure; the device and the minutes stand in the file."""
        command = self["command"].replace(", at ", t(", at "))  # a commit
        return Aside(t("Recorded {date}: {command}.", date=self["date"], command=command))


def load(name: str) -> Recorded:
    """data/results/NAME.json. Raises FileNotFoundError if there is none of that name, and lists those there are."""
    path = place(name)
    if not path.is_file():
        known = sorted(one.stem for one in path.parent.glob("*.json"))
        there = f"there are: {', '.join(known)}. `course results {name}` makes it, if the course has a program for it."
        raise FileNotFoundError(f"data/results/{name}.json is not there; {there}")
    return Recorded(json.loads(path.read_text(encoding="utf-8")))


def place(name: str) -> Path:
    """The path of data/results/NAME.json, whether it is there or not."""
    return course_folder() / "data" / "results" / f"{string('name', name)}.json"
