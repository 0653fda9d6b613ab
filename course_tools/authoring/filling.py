"""What a source names and the build writes out, so that nothing is typed twice.

# %% tags=["definition"]
# course_utils.attention: split_heads, multi_head       the text of these definitions: course_kit/plain.py

# %% [markdown]
# <!-- example: split heads -->                         what the exercise's function should do, by an example
# <!-- minutes -->                                      the minutes that the notebook takes: minutes.py
"""

import copy
import hashlib
import re

from course_kit.plain import plain

from . import minutes
from .sources import BuildError, load_exercises, read, tags

NAMED = re.compile(r"# *([\w.]+): *(\w+(?:, *\w+)*)")  # a line of a cell that names definitions
EXAMPLE = re.compile(r"<!-- example: (.+?) -->")
MINUTES = re.compile(r"<!-- minutes -->")


def read_source(name, where=None):
    """The notebook of a source as it is executed: all is written out, and each cell has its id. Raises BuildError."""
    notebook = read(name, where)
    fill(notebook, name)
    seen = {}
    for cell in notebook.cells:
        digest = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:12]
        seen[digest] = seen.get(digest, 0) + 1
        cell.id = digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"
    return notebook


def for_readers(notebook):
    """A notebook without the cells tagged `asserts`, which are for the build and the tests. The others are shared."""
    made = copy.copy(notebook)
    made.cells = [cell for cell in notebook.cells if "asserts" not in tags(cell)]
    return made


def fill(notebook, name):
    """Write out, in place, what the cells of the source NAME name. Raises BuildError for what is not there."""
    takes = any(cell.cell_type == "markdown" and MINUTES.search(cell.source) for cell in notebook.cells)
    time = minutes.of(notebook, name).words if takes else ""
    for number, cell in enumerate(notebook.cells, 1):
        try:
            if cell.cell_type == "markdown":
                text = EXAMPLE.sub(lambda marker: _example(marker[1], name), cell.source)
                cell.source = MINUTES.sub(time, text)
            elif "definition" in tags(cell):
                cell.source = "\n\n\n".join(map(plain, definitions(cell.source)))
        except LookupError as error:
            raise BuildError(f"notebooks/source/{name}.py, cell {number}: {error.args[0]}") from None


def definitions(source):
    """What a cell tagged `definition` names: ["course_utils.attention:split_heads", …].

    Raises LookupError for a line that names none.
    """
    found = []
    for line in source.splitlines():
        named = NAMED.fullmatch(line.strip())
        if not named:
            todo = "A cell tagged definition has only lines such as: # course_utils.attention: split_heads"
            raise LookupError(f"{line!r} names no definition. {todo}")
        found += [f"{named[1]}:{name.strip()}" for name in named[2].split(",")]
    return found


def origins(cell):
    """What a cell of a source takes from elsewhere, as words; an empty list where it is written in the source."""
    if cell.cell_type == "markdown":
        examples = [f"the exercise {name!r}" for name in EXAMPLE.findall(cell.source)]
        return examples + (["the minutes, counted anew"] if MINUTES.search(cell.source) else [])
    return definitions(cell.source) if "definition" in tags(cell) else []


def _example(exercise, name):
    from course_kit.exercises import example_text

    load_exercises(name)
    return f"It should do this:\n\n```text\n{example_text(exercise)}\n```"
