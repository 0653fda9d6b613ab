"""A cell that names definitions, one line a module, and nothing else:

    # course_utils.attention: split_heads, multi_head

The notebook that readers open has their text there (course_tools/authoring/filling.py). An author's cell keeps the
names, and runs as if the text stood there, so that it picks up what the notebook defines above it.
"""

import re
from typing import Any

from course_kit.programs.source_text import plain

NAMES = re.compile(r"# *([\w.]+): *(\w+(?:, *\w+)*)")


def named(source: str) -> list[str]:
    """The definitions that a cell names, as ["course_utils.attention:split_heads", …].

    Raises LookupError for a line that names none.
    """
    found = []
    for line in source.splitlines():
        names = NAMES.fullmatch(line.strip())
        if not names:
            todo = "Such a cell has only lines like: # course_utils.attention: split_heads"
            raise LookupError(f"{line!r} names no definition. {todo}")
        found += [f"{names[1]}:{name.strip()}" for name in names[2].split(",")]
    return found


def written_out(source: str) -> str:
    """The text of the definitions that a cell names. Raises LookupError for one that is not there."""
    return "\n\n\n".join(map(plain, named(source)))


def install(shell: Any) -> None:
    """From now on this IPython shell runs cells that only name definitions. A second call changes nothing."""
    if shell is not None and _run not in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.append(_run)


def _run(lines: list[str]) -> list[str]:
    try:
        return written_out("".join(lines)).splitlines(keepends=True)
    except LookupError:
        return lines
