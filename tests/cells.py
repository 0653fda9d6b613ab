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
    """A notebook as its source has it, with the reference in place of each stub and the outputs that are committed."""
    notebook = copy.deepcopy(authoring.read_source(name))
    for cell, committed in zip(notebook.cells, built(name, notebook).cells, strict=True):
        if cell.cell_type == "code":
            cell.outputs = committed.outputs
            if stubs(cell.source):
                cell.source = answered(cell.source, "reference")
    return notebook


def built(name, source):
    """The committed notebook; where there is none yet, its source."""
    path = authoring.folder() / f"{name}.ipynb"
    return nbformat.read(path, as_version=4) if path.exists() else source


def assert_solved(name, executed):
    """Each exercise of the executed cells is ticked, and what is compared by nbval is as in the committed notebook."""
    source = authoring.read_source(name)
    for before, after, committed in zip(source.cells, executed, built(name, source).cells, strict=True):
        for stub in stubs(before.source) if before.cell_type == "code" else ():
            assert any(text.startswith(f"✓ {stub.name}: right") for text in texts(after)), texts(after)
        if "NBVAL_CHECK_OUTPUT" in before.source and committed.get("outputs"):
            assert texts(after) == texts(committed), before.source
