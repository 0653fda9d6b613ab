"""What stands in a saved notebook: the sources of its cells, and the answers to exercises in them. Runs nothing."""

import ast
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_kit import notebook_names

HEADING = re.compile(r"^(##+) (.+)$", re.M)
CONTINUED = re.compile(r"^([ \t]*[%!].*)\\\n(.*)$", re.M)  # a magic that goes on in the next line


@dataclass(frozen=True)
class Stub:
    """The function or class below a decorator @exercise(name) or @find_error(name): its lines, from 1."""

    name: str
    bound: str
    puzzle: bool
    first: int
    last: int


def stubs(source: str) -> list[Stub]:
    """The exercises in a notebook's cell, in order; none where the cell is no plain Python (magics)."""
    try:
        body: list[Any] = ast.parse(source).body
    except SyntaxError:
        return []
    return [
        Stub(above.args[0].value, node.name, above.func.id == "find_error", above.lineno, node.end_lineno)
        for node in body
        for above in getattr(node, "decorator_list", ())
        if _names_an_exercise(above)
    ]


def _names_an_exercise(decorator: ast.expr) -> bool:
    """Whether it is `exercise("…")` or `find_error("…")`."""
    if not (isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Name) and decorator.args):
        return False
    return decorator.func.id in ("exercise", "find_error") and isinstance(decorator.args[0], ast.Constant)


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
    """A cell as plain Python, each line where it was. Magics, `!ls` and `torch?` are calls, as IPython makes them;
    below a `%%time` stands Python. What cannot be read at all comes back with its magics as `pass`."""
    try:
        ast.parse(source)
        return source
    except SyntaxError:
        pass
    except (RecursionError, MemoryError):  # nested more deeply than Python can read
        return source
    from IPython.core import inputtransformer2 as ipython  # only where a cell has more than Python

    source = re.sub(r"\A(\s*)(%%)", r"\1pass  # \2", source)
    while (joined := CONTINUED.sub(r"\1 \2\n", source, count=1)) != source:  # a line goes up, and leaves its place
        source = joined
    try:
        rows = source.splitlines(keepends=True)
        for transform in (ipython.leading_indent, ipython.classic_prompt, ipython.ipython_prompt):
            rows = transform(rows)
        return "".join(ipython.TransformerManager().do_token_transforms(rows))
    except (SyntaxError, RuntimeError):
        return "\n".join("pass  # " + x if x.startswith(("%", "!")) else x for x in source.split("\n"))


def text_of(stub: Stub, source: str) -> str:
    """The source of one answer, from its decorator to its end."""
    return "\n".join(source.splitlines()[stub.first - 1 : stub.last])


@dataclass(frozen=True)
class Place:
    """Where an exercise stands: in a lesson or its annex; and under which headings, as a link there names them."""

    annex: bool
    under: tuple[str, ...]  # "The-book"


def places(folder: Path, chapter: int) -> dict[str, Place]:
    """The exercises in a chapter's notebooks, those of the lesson first, by their names. Raises OSError, or ValueError
    for what is no notebook."""
    found: dict[str, Place] = {}
    for path in sorted(folder.glob(f"{chapter:02d}_*.ipynb")):
        under: dict[str, str] = {}  # by the level of the heading, "##"
        for cell in json.loads(path.read_bytes())["cells"]:
            source = "".join(cell["source"])
            for level, words in HEADING.findall(source) if cell["cell_type"] == "markdown" else ():
                level += "#" if words.startswith("Exercise ") else ""  # it ends no section
                under = {above: link for above, link in under.items() if above < level}
                under[level] = words.strip().replace(" ", "-")
            for stub in answers(source) if cell["cell_type"] == "code" else ():
                found.setdefault(stub.name, Place(notebook_names.is_annex(path.name), tuple(under.values())))
    return found
