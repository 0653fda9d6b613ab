"""What is solved in a workbook's saved notebooks goes into its package `mine/`, as it does at each ✓.

    course mine

For a workbook of an earlier edition, or after files of the package were deleted. Only what is right goes in; what was
changed there by hand stays as it is, and so do the tests that an earlier edition laid into mine/tests/.
"""

import contextlib
from collections import defaultdict
from pathlib import Path
from typing import Any

from course_kit import cells, files
from course_kit.exercises.define import find
from course_kit.mine import collecting, lookup, readers
from course_kit.mine.needs import CannotTake

from . import catalogue, handing_in, progress

NO_WORKBOOK = "{} is no workbook; needed: a folder with your copies of the notebooks. `make lab` makes one."


def collected(where: Path, notebooks: Path | None = None) -> str:
    """Take what is solved into the package of a workbook -> what to read about it.

    Raises ValueError if it is no workbook, or cannot be written.
    """
    if files.workbook_folder(where) != where.resolve():
        raise ValueError(NO_WORKBOOK.format(where))
    catalogue.load()
    content = handing_in.collect(where, notebooks)
    said, there = content["problems"], defaultdict(list)
    with contextlib.chdir(where):
        lookup.install()
        for one in content["exercises"]:
            if one["kind"] == "exercise" and one["answer"] is not None:
                said += _taken(where, one)
                for file, name in readers.homes(find(one["name"]), where / "mine")[:1]:
                    there[file].append(name)
    listed = [f"mine/{file}: {', '.join(names)}" for file, names in sorted(there.items())]
    if not listed:
        return "\n".join([f"Nothing to collect: no exercise in {where} is solved yet.", *said])
    example = f"{sorted(there)[0].removesuffix('.py')} import {there[sorted(there)[0]][0]}"
    return "\n".join([*listed, *said, f"They need only torch. In {where}: from mine.{example}"])


def _taken(where: Path, one: dict[str, Any]) -> list[str]:
    """Take one answer in -> what has to be said of it."""
    stub = next(x for x in cells.answers(one["cell"]) if cells.text_of(x, one["cell"]) == one["answer"])
    try:
        said = collecting.collect(find(one["name"]), where / one["file"], one["cell"], stub)
    except CannotTake as why:
        return [f"Left out, {one['name']}: {why}"]
    except OSError as error:
        raise ValueError(f"{where / 'mine'} cannot be written ({error.strerror or error}).") from None
    return [said] if "by hand" in said or "cannot be read" in said else []


def run(folder: str | None = None) -> int:
    """The command -> exit status. Raises ValueError if there is no workbook, or it cannot be written."""
    print(collected(progress.place(folder)))
    return 0
