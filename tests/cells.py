"""What tests look at in an executed notebook, and every notebook with its exercises solved."""

import copy

import nbformat

from course_utils import authoring
from course_utils.exercises.notebook import answered, stubs


def texts(cell):
    """What a cell shows, as plain text: one string for each output."""
    found = []
    for output in cell.get("outputs", []):
        text = output.get("text") or output.get("data", {}).get("text/plain", "")
        found.append(text if isinstance(text, str) else "".join(text))
    return found


def solved(name):
    """A notebook as its source has it, with the reference in place of each stub, not executed."""
    notebook = copy.deepcopy(authoring.read_source(name))
    for cell in notebook.cells:
        if cell.cell_type == "code" and stubs(cell.source):
            cell.source = answered(cell.source, "reference")
    return notebook


def assert_solved(name, executed):
    """Each exercise of the executed cells is ticked, and what is compared by nbval is as in the committed notebook."""
    unsolved = authoring.read_source(name).cells
    path = authoring.folder() / f"{name}.ipynb"
    built = nbformat.read(path, as_version=4).cells if path.exists() else unsolved
    for before, after, committed in zip(unsolved, executed, built, strict=True):
        for stub in stubs(before.source) if before.cell_type == "code" else ():
            assert any(text.startswith(f"✓ {stub.name}: right") for text in texts(after)), texts(after)
        if "NBVAL_CHECK_OUTPUT" in before.source and committed.get("outputs"):
            assert texts(after) == texts(committed), before.source
