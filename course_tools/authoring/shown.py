"""What a class is shown of a notebook: not what is marked `skip` or `notes`, nor the unmarked cells below it."""


def with_shown(cells):
    """(cell, whether a class is shown it) of each."""
    shown = True
    for cell in cells:
        shown = shown if slide(cell) == "-" else slide(cell) not in ("skip", "notes")
        yield cell, shown


def slide(cell):
    """What a cell begins, such as "slide"; "-" for nothing."""
    return cell["metadata"].get("slideshow", {}).get("slide_type", "-")
