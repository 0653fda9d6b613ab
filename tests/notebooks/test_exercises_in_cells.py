"""Every notebook's exercises unsolved, wrong and right, in a real kernel: as students run it."""

import ast
import importlib

import nbformat
import pytest
from cells import answered, texts

from course_kit import lessons
from course_kit.exercises.define import FindError, stubs
from course_tools.authoring import building
from course_tools.authoring.rules.notebook import without_magics
from course_tools.classroom.catalogue import find


def run(cells):
    """Executes cells (of source text) in one kernel, as an author's build does -> the executed cells."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    notebook.metadata = {"kernelspec": building.KERNEL}
    building.execute(notebook, "exercises", building.folder())
    return notebook.cells


def exercise_cells(name):
    return [cell for cell in building.read_source(name).cells if cell.cell_type == "code" and stubs(cell.source)]


def imports(cells):
    """What these cells import, behind the setup, and nothing else that they do: exercises are run without what stands
    around them."""
    trees = [ast.parse(without_magics(cell.source)) for cell in cells if cell.cell_type == "code"]
    found = [node for tree in trees for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    return "\n".join(["import course_kit", "course_kit.setup()", *dict.fromkeys(map(ast.unparse, found))])


def test_each_stub_has_a_definition_and_a_tag(notebook_name):
    for cell in exercise_cells(notebook_name):
        for stub in stubs(cell.source):
            one = find(stub.name)
            assert one.name == stub.name
            offered = isinstance(one, FindError) and all(line in cell.source for line in one.program[1:])
            assert offered or "NotImplementedError" in cell.source, f"{stub.name}: the notebook gives the answer away"
        assert "exercise" in cell.metadata.get("tags", [])


def test_the_chapter_lists_its_exercises_in_the_order_of_the_page(notebook_name):
    """On those of the lesson, then of its annex."""
    pages = [name for name in building.names() if lessons.chapter(name) == lessons.chapter(notebook_name)]
    cells = [cell for page in pages for cell in exercise_cells(page)]
    on_page = [find(stub.name) for cell in cells for stub in stubs(cell.source)]
    listed = importlib.import_module(f"chapters.ch{notebook_name[:2]}.exercises").EXERCISES
    written = [one for one in listed if not isinstance(one, FindError)]
    assert written == [one for one in on_page if one in written]


def test_effort_in_the_text_is_the_exercise_s(notebook_name):
    cells = building.read_source(notebook_name).cells
    above = ""
    for cell in cells:
        above = cell.source if cell.cell_type == "markdown" else above
        for stub in stubs(cell.source) if cell.cell_type == "code" else ():
            assert find(stub.name).effort in above, f"{stub.name}: the text above should say {find(stub.name).effort}"


def test_unsolved_wrong_or_right_it_is_named_and_the_notebook_goes_on(notebook_name):
    """One kernel: each cell as it stands, then with each known wrong answer in the stub's place, then the right one."""
    cells, wanted = [imports(building.read_source(notebook_name).cells)], [[]]
    for cell in exercise_cells(notebook_name):
        unsolved = []
        cells.append("\n".join(cell.source.splitlines()[: stubs(cell.source)[-1].last]))  # what uses it comes below
        wanted.append(unsolved)
        for stub in stubs(cell.source):
            own = "\n".join(cell.source.splitlines()[stub.first - 1 : stub.last])
            reference = find(stub.name).reference.__name__
            unsolved += [f"○ {stub.name}: not solved yet", f"the course's own `{reference}`"]
            for i, wrong in enumerate(find(stub.name).wrong):
                cells.append(answered(own, i) + f"\nassert {stub.bound} is _find({stub.name!r}).reference")
                wanted.append([f"✗ {stub.name}: not yet.", wrong.hint, f"goes on with the course's own `{reference}`"])
            cells.append(answered(own, "reference"))
            wanted.append([f"✓ {stub.name}: right"])
    if len(cells) == 1:
        pytest.skip("no exercises in it")
    for cell, parts in zip(run(cells), wanted, strict=True):
        for part in parts:
            assert part in "".join(texts(cell)), cell.source
