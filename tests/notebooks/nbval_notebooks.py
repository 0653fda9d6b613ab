"""What nbval runs: the committed notebooks, and between their cells those of the sources that are tagged `asserts`.

python tests/notebooks/nbval_notebooks.py NAME …          writes build/nbval/NAME.ipynb, in the course as notebooks/ is
python tests/notebooks/nbval_notebooks.py --whole NAME …  with all steps of its trainings
python tests/notebooks/nbval_notebooks.py --stamp NAME …  they have passed: those that ran whole get their stamps anew

A notebook of which nothing that it reads has changed since it ran whole (course_tools/authoring/stamps.py) is run
short. What `fit` trains there, and each loop whose cell names its steps, `# %% steps=400` or `steps=[400, 100]`, takes
a tenth of its steps. Asserts of what a training has led to, cells tagged `asserts` and `trained`, are left out, and
outputs are compared above the first training only.
"""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from helpers.cells import committed

from course_kit import files
from course_tools.authoring import asserts, building, notebook_writer, stamps
from course_tools.authoring.sources import tags

FOLDER = Path("build") / "nbval"
CONFTEST = Path(__file__).with_name("nbval_conftest.py")
NUMBER = re.compile(r"(?<![\w.])\d+(?![\w.])")
SHORT = '__import__("os").environ["COURSE_TRAININGS"] = "short"'


def with_asserts(name, where=None, short=False):
    """The notebook as the build executes it, with the outputs that are committed. A failing assert shows its values."""
    notebook = building.read_source(name, where)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    there = committed(name, where)
    for cell in code:
        if before := there.get(cell.id):
            cell.outputs, cell.execution_count = before.outputs, before.execution_count
    if short:
        shorten(notebook)
    first = SHORT if short else f"%load_ext {stamps.__name__}"
    code[0].source = f"%load_ext {asserts.__name__}\n{first}\n{code[0].source}"
    return notebook


def shorten(notebook):
    """Trainings of a tenth of their steps, nothing asserted or compared of what they lead to; in place."""
    notebook.cells = [cell for cell in notebook.cells if not {"asserts", "trained"} <= {*tags(cell)}]
    trained = False
    for cell in notebook.cells:
        if trained:
            cell.metadata["tags"] = [tag for tag in tags(cell) if tag != "nbval-check-output"]
        steps = cell.metadata.get("steps", [])
        trained = trained or bool(steps) or "training" in tags(cell)
        for_tests = {str(one): str(one // 10) for one in (steps if isinstance(steps, list) else [steps])}
        if missing := for_tests.keys() - set(NUMBER.findall(cell.source)):
            raise ValueError(f"steps of a header that are not in its cell: {missing}, {cell.source[:200]!r}")
        cell.source = NUMBER.sub(lambda found: for_tests.get(found[0], found[0]), cell.source)  # noqa: B023


def write(names, folder, where=None, whole=False):
    """What nbval runs of these notebooks, into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    files.write_atomically(folder / "conftest.py", CONFTEST.read_bytes())
    for name in names:
        record(folder, name).unlink(missing_ok=True)
        changed = stamps.changed(name, where)
        if changed and not whole:
            more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
            print(f"{name} runs whole: {changed[0]}{more} changed since it last did.", flush=True)
        copy = with_asserts(name, where, short=not (whole or changed))
        (folder / f"{name}.ipynb").write_text(notebook_writer.dumps(copy), encoding="utf-8")


def record(folder, name):
    """Where the kernel of a notebook that runs whole lists what it reads."""
    return folder / f"{name}.read"


def stamp(names, folder, where=None):
    """Write the stamps of those that ran whole and passed, where they do not fit."""
    for name in names:
        if record(folder, name).exists() and stamps.changed(name, where):
            stamps.write(name, record(folder, name), where)
            print(f"notebooks/stamps/{name}.json is new: commit it.", flush=True)


if __name__ == "__main__":
    chosen = [word for word in sys.argv[1:] if not word.startswith("--")]
    here = building.folder().parent / FOLDER
    if "--stamp" in sys.argv:
        stamp(chosen, here)
    else:
        write(chosen, here, whole="--whole" in sys.argv)
