"""What nbval runs: the committed notebooks, and between their cells those of the sources that are tagged `asserts`.

python tests/nbval_notebooks.py NAME …     writes build/nbval/NAME.ipynb, in the course as notebooks/ is
"""

import sys
from pathlib import Path

from cells import committed

from course_kit import files
from course_tools.authoring import asserts, building, serialiser

FOLDER = Path("build") / "nbval"
CONFTEST = Path(__file__).with_name("nbval_conftest.py")


def with_asserts(name, where=None):
    """The notebook as the build executes it, with the outputs that are committed. A failing assert shows its values."""
    notebook = building.read_source(name, where)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    there = committed(name, where)
    for cell in code:
        if before := there.get(cell.id):
            cell.outputs, cell.execution_count = before.outputs, before.execution_count
    code[0].source = f"%load_ext {asserts.__name__}\n{code[0].source}"
    return notebook


def write(names, folder, where=None):
    """What nbval runs of these notebooks, into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    files.write_atomically(folder / "conftest.py", CONFTEST.read_bytes())  # the other half writes it, too
    for name in names:
        (folder / f"{name}.ipynb").write_text(serialiser.dumps(with_asserts(name, where)), encoding="utf-8")


if __name__ == "__main__":
    write(sys.argv[1:], building.folder().parent / FOLDER)
