"""What a class is shown of a notebook: not what is marked `skip` or `notes`, nor the unmarked cells below it."""

from collections.abc import Iterator, Sequence
from typing import Any


def with_shown(cells: Sequence[Any]) -> Iterator[tuple[Any, bool]]:
    """(cell, whether a class is shown it) of each."""
    shown = True
    for cell in cells:
        shown = shown if slide(cell) == "-" else slide(cell) not in ("skip", "notes")
        yield cell, shown


def slide(cell: Any) -> str:
    """What a cell begins, such as "slide"; "-" for nothing."""
    return cell["metadata"].get("slideshow", {}).get("slide_type", "-")
