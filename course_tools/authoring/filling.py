"""What a source names and the build writes out, so that nothing is typed twice.

# %% tags=["definition"]
# course_utils.attention: split_heads, multi_head   the text of these definitions: course_kit/programs/source_text.py

# %% [markdown]
# <!-- example: split heads -->                         what the exercise's function should do, by an example
# <!-- solution: split heads -->                        how the course writes it, folded; the cell, which begins with
#                                                       it, is tagged `solution`
# <!-- minutes -->                                      the minutes that the notebook takes: minutes.py
# <!-- edition -->                                      the number of this edition

The heading ## of a section that a class leaves out says so. Straight quotes in the Markdown become curly ones:
typography.py.
"""

import copy
import hashlib
import re
from pathlib import Path
from typing import Any

from course_kit import notebook_names
from course_kit.programs import definitions
from course_utils import __version__

from . import minutes, structure
from .sources import BuildError, load_exercises, read, tags
from .typography import curly

EXAMPLE = re.compile(r"<!-- example: (.+?) -->")
SOLUTION = re.compile(r"<!-- solution: (.+?) -->")
MINUTES = re.compile(r"<!-- minutes -->")
EDITION = "<!-- edition -->"


def read_source(name: str, where: Path | None = None) -> Any:
    """The notebook of a source as it is executed: written out, with ids. Raises BuildError."""
    return written_out(read(name, where), name)


def written_out(source: Any, name: str) -> Any:
    """A copy of a source that was read: what it names is written out, and each cell has its id. Raises BuildError."""
    notebook, seen = copy.deepcopy(source), dict[str, int]()
    left = () if notebook_names.is_annex(name) else minutes.not_in_class(source.cells)
    for number, cell in enumerate(notebook.cells, 1):
        try:
            cell.source = _filled(cell, source, name)
            structure.mark(cell)
            if SOLUTION.match(source.cells[number - 1].source):
                cell.metadata["tags"] = [*tags(cell), "solution"]
            if number - 1 in left:
                cell.source = re.sub(r"^## .+", rf"\g<0> {minutes.NOT_IN_CLASS}", cell.source, count=1, flags=re.M)
        except LookupError as error:
            raise BuildError(f"notebooks/source/{name}.py, cell {number}: {error.args[0]}") from None
        digest = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:12]
        seen[digest] = seen.get(digest, 0) + 1
        cell.id = digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"
    return notebook


def _filled(cell: Any, source: Any, name: str) -> str:
    """The text of a cell of the source NAME with what it names. Raises LookupError for what is not there."""
    if "definition" in tags(cell):
        return definitions.written_out(cell.source)
    if cell.cell_type == "code":
        return cell.source
    text = EXAMPLE.sub(lambda marker: _example(marker[1], name), cell.source)
    if (marker := SOLUTION.search(text)) and marker.start():
        raise LookupError(f"{marker[0]} is inside a cell. Begin a cell with it.")
    text = SOLUTION.sub(lambda marker: _solution(marker[1], name), text)
    text = text.replace(EDITION, __version__)
    return curly(MINUTES.sub(lambda _: minutes.estimate(source, name).words, text))


def for_readers(notebook: Any) -> Any:
    """A notebook without the cells tagged `asserts`, which are for the build and the tests. The others are shared."""
    made = copy.copy(notebook)
    made.cells = [cell for cell in notebook.cells if "asserts" not in tags(cell)]
    return made


def _example(exercise: str, name: str) -> str:
    """What a card says: of a wrong program the task, too, which counts its lines; then the example."""
    from course_kit.exercises import example_text
    from course_kit.exercises.define import FindError
    from course_kit.exercises.registry import find

    load_exercises(name)
    puzzle = find(exercise)
    task = f"{puzzle.asks}\n\n" if isinstance(puzzle, FindError) else ""
    return f"{task}It should do this:\n\n```text\n{example_text(exercise)}\n```"


def _solution(exercise: str, name: str) -> str:
    from course_kit.exercises.reference import HOW, solution_text
    from course_kit.exercises.registry import find

    load_exercises(name)
    return f"<details><summary>{HOW}</summary>\n\n```python\n{solution_text(find(exercise))}\n```\n\n</details>"
