"""What tests look at in an executed notebook, and every notebook with its exercises solved."""

import nbformat

from course_kit.exercises.cells import stubs
from course_kit.exercises.define import FindError
from course_kit.exercises.registry import find
from course_tools.authoring import building


def texts(cell):
    """What a cell shows, as plain text: one string for each output; nbval, too, leaves stderr out."""
    found = []
    for output in cell.get("outputs", []):
        if output.get("name") == "stderr":
            continue
        text = output.get("text") or output.get("data", {}).get("text/plain", "")
        found.append(text if isinstance(text, str) else "".join(text))
    return found


def solved(name):
    """A notebook as the build executes it, with the reference in place of each stub and the outputs that are committed.
    What is asserted of an unsolved one is asserted of it, too."""
    notebook, there = building.read_source(name), committed(name)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = there[cell.id].outputs if cell.id in there else []
            if stubs(cell.source):
                cell.source = answered(cell.source, "reference")
    return notebook


def committed(name, where=None):
    """The cells of a committed notebook by id, which tells a cell's text; where there is no notebook yet, none."""
    path = (where or building.folder()) / f"{name}.ipynb"
    return {cell.id: cell for cell in nbformat.read(path, as_version=4).cells} if path.exists() else {}


def assert_solved(name, executed):
    """Each exercise of the executed cells is ticked, and what is compared by nbval is as in the committed notebook."""
    there = committed(name)
    for before, after in zip(building.read_source(name).cells, executed, strict=True):
        for stub in stubs(before.source) if before.cell_type == "code" else ():
            assert any(text.startswith(f"✓ {stub.name}: right") for text in texts(after)), texts(after)
        if "nbval-check-output" in before.metadata.get("tags", ()) and before.id in there:
            assert texts(after) == texts(there[before.id]), before.source


def answered(source: str, answer: str | int) -> str:
    """The cell with every stub replaced: by the reference (`"reference"`), or by the known wrong answer of a number.
    Raises IndexError if there is no such wrong answer."""
    lines = source.splitlines()
    for stub in reversed(stubs(source)):
        exercise = find(stub.name)
        if answer != "reference":
            exercise.wrong[answer]
        take = "reference" if answer == "reference" else f"wrong[{answer}].answer"
        decorator = f"{'find_error' if isinstance(exercise, FindError) else 'exercise'}({stub.name!r})"
        lines[stub.first - 1 : stub.last] = [
            "from course_kit.exercises.registry import find as _find",
            f"{stub.bound} = {decorator}(_find({stub.name!r}).{take})",
        ]
    return "\n".join(lines)
