"""What stands in a saved notebook: the sources of its cells, and the answers to exercises in them. Runs nothing."""

import json

from course_kit.exercises.define import Stub, stubs


def sources(content: bytes, kind: str = "code") -> list[str]:
    """The sources of a notebook file's cells of one kind. Raises ValueError if it is not a notebook."""
    try:
        return ["".join(cell["source"]) for cell in json.loads(content)["cells"] if cell["cell_type"] == kind]
    except (KeyError, TypeError, ValueError, RecursionError):
        raise ValueError("not a notebook") from None


def answers(source: str) -> list[Stub]:
    """`stubs`, also in cells with magics and a `%%time` above."""
    if "exercise" not in source and "find_error" not in source:
        return []
    return stubs(source) or stubs(without_magics(source))


def without_magics(source: str) -> str:
    """A cell in which each line with a magic is `pass`, so that line numbers stay."""
    return "\n".join("pass  # " + x if x.startswith(("%", "!")) else x for x in source.split("\n"))


def text_of(stub: Stub, source: str) -> str:
    """The source of one answer, from its decorator to its end."""
    return "\n".join(source.splitlines()[stub.first - 1 : stub.last])
