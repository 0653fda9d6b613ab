"""Every notebook's exercises unsolved, wrong and right, in a real kernel: as students run it."""

import ast
import functools
import importlib
import itertools

import nbformat
import pytest
from helpers.cells import answered, texts

from course_kit import notebook_names
from course_kit.exercises.cells import stubs, without_magics
from course_kit.exercises.define import FindError
from course_kit.exercises.registry import find
from course_tools.authoring import building

cells_of = functools.cache(lambda name: building.read_source(name).cells)


def exercise_cells(name):
    return [cell for cell in cells_of(name) if cell.cell_type == "code" and stubs(cell.source)]


def imports(cells):
    """What these cells import, behind the setup, and nothing else that they do: exercises are run without what stands
    around them."""
    trees = [ast.parse(without_magics(cell.source)) for cell in cells if cell.cell_type == "code"]
    found = [node for tree in trees for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    return "\n".join(["import course_kit", "course_kit.setup()", *dict.fromkeys(map(ast.unparse, found))])


def test_each_stub_has_a_definition_a_tag_and_its_effort_above(notebook_name):
    above = ""
    for cell in cells_of(notebook_name):
        above = cell.source if cell.cell_type == "markdown" else above
        for stub in stubs(cell.source) if cell.cell_type == "code" else ():
            one = find(stub.name)
            assert one.name == stub.name and "exercise" in cell.metadata.get("tags", [])
            offered = isinstance(one, FindError) and all(line in cell.source for line in one.program[1:])
            assert offered or "NotImplementedError" in cell.source, f"{stub.name}: the notebook gives the answer away"
            assert one.effort in above, f"{stub.name}: the text above should say {one.effort}"


@pytest.mark.parametrize("number", sorted({notebook_names.chapter(name) for name in building.names()}))
def test_a_chapter_lists_its_exercises_in_the_order_of_its_pages(number):
    """On those of the lesson, then of its annex."""
    pages = [name for name in building.names() if notebook_names.chapter(name) == number]
    cells = [cell for page in pages for cell in exercise_cells(page)]
    on_page = [find(stub.name) for cell in cells for stub in stubs(cell.source)]
    listed = importlib.import_module(f"chapters.ch{pages[0][:2]}.exercises").EXERCISES
    written = [one for one in listed if not isinstance(one, FindError)]
    assert written == [one for one in on_page if one in written]


def tries(name):
    """Each exercise cell of a notebook as it stands, and, by turns, with a known wrong answer in the stub's place or
    with the right one: (cell, what it has to say)."""
    yield imports(cells_of(name)), []
    wrongly = itertools.cycle([True, False])
    for cell in exercise_cells(name):
        unsolved = []
        found = stubs(cell.source)
        yield "\n".join(cell.source.splitlines()[: found[-1].last]), unsolved  # what uses it comes below
        for stub in found:
            own = "\n".join(cell.source.splitlines()[stub.first - 1 : stub.last])
            one = find(stub.name)
            reference = f"the course's own `{one.reference.__name__}`"
            unsolved += [f"○ {stub.name}", reference]
            kept = f"\nassert {stub.bound} is _find({stub.name!r}).reference"
            if next(wrongly):
                yield answered(own, 0) + kept, [f"✗ {stub.name}", one.wrong[0].hint, reference]
            else:
                yield answered(own, "reference"), [f"✓ {stub.name}"]


@pytest.mark.parametrize("prefixes", [("04",), pytest.param((), marks=pytest.mark.weekly)], ids=["one", "all"])
def test_unsolved_wrong_or_right_it_is_named_and_the_notebook_goes_on(prefixes):
    """In one kernel, which forgets all names between two notebooks; every right answer and known mistake is judged
    without one in test_exercises_of_chapters.py, and the stage nbval runs each cell unsolved."""
    every = [one for name in reversed(building.names(prefixes)) for one in (("%reset -f", []), *tries(name))]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source, _ in every])
    notebook.metadata = {"kernelspec": building.KERNEL}
    building.execute(notebook, "exercises", building.folder())
    shown = ["".join(texts(cell)) for cell in notebook.cells]
    missing = [
        f"{part!r} is not said below\n{source}"
        for text, (source, parts) in zip(shown, every, strict=True)
        for part in parts
        if part not in text
    ]
    assert not missing, "\n\n".join(missing)
    tried = len(every) // 9
    assert sum("✓" in text for text in shown) > tried < sum("✗" in text for text in shown)
