"""Modules that the first edition had elsewhere: importing one says what to write now. For one edition."""

import importlib.abc
import json
import sys
from pathlib import Path

PACKAGE = "course_utils."


class Moved(importlib.abc.MetaPathFinder):
    """Answers for modules that are no longer there; `moved.json` says where each has gone."""

    def __init__(self):
        self.places = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))

    def find_spec(self, name, path=None, target=None):
        new = self.places.get(name.removeprefix(PACKAGE)) if name.startswith(PACKAGE) else None
        if new:
            raise ModuleNotFoundError(f"{name} has moved in this edition of the course: write `from {new} import …`.")


def install() -> None:
    """Asked last, when no module of that name was found."""
    if not any(isinstance(one, Moved) for one in sys.meta_path):
        sys.meta_path.append(Moved())
