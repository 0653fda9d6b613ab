"""Every notebook with its exercises solved: each is ticked, and nothing after it changes."""

import copy

import nbformat
import pytest
from cells import texts

from course_utils import authoring
from course_utils.exercises.notebook import answered, stubs


@pytest.mark.slow
def test_solved_the_whole_notebook_runs_and_nothing_after_it_changes(notebook_name):
    unsolved = authoring.read_source(notebook_name)
    if not any(stubs(cell.source) for cell in unsolved.cells if cell.cell_type == "code"):
        pytest.skip("no exercises in it")
    solved = copy.deepcopy(unsolved)
    for cell in solved.cells:
        if cell.cell_type == "code" and stubs(cell.source):
            cell.source = answered(cell.source, "reference")
    authoring.execute(solved, notebook_name, authoring.folder())
    path = authoring.folder() / f"{notebook_name}.ipynb"
    built = nbformat.read(path, as_version=4).cells if path.exists() else unsolved.cells
    for before, after, committed in zip(unsolved.cells, solved.cells, built, strict=True):
        for stub in stubs(before.source) if before.cell_type == "code" else ():
            assert any(text.startswith(f"✓ {stub.name}: right") for text in texts(after)), texts(after)
        if "NBVAL_CHECK_OUTPUT" in before.source and committed.get("outputs"):
            assert texts(after) == texts(committed), before.source
