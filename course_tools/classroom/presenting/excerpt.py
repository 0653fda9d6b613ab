"""Of a cell's code what a class sees: the lines that it is about, and as many of the others as can be read.

An author names them by what they contain, in the cell's header: `slideshow={"point": ["turned = "]}`; nothing is
lifted where nobody does. Left out are docstrings and imports, and prints, unless what they print stands below and there
is room for both. What has still more than MOST lines keeps the definitions and statements that are about the point; of
a class's other methods the first line, with an ellipsis.
"""

import ast
import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

MOST = 15  # lines that the last row can read
FEWEST = 5
DEFINITIONS = (ast.FunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Excerpt:
    """code: the lines that are shown. lit: the numbers of those that they are about, from 0; none: all the same."""

    code: str
    lit: tuple[int, ...] = ()

    @property
    def lines(self) -> int:
        """How many there are."""
        return len(self.code.splitlines())


def excerpt(source: str, points: Sequence[str] = (), printed: int | None = None, most: int = MOST) -> Excerpt:
    """An excerpt of a cell's source: what it is about, and if it can be at most so many lines with those printed below
    it; None where its output is not shown."""
    try:
        body = ast.parse(source).body
    except SyntaxError:  # magics, or a cell that is being written
        return Excerpt(source)
    lines = source.splitlines()
    lit = _named(body, lines, points)
    out = {number for node in body for number in _words(node)}
    shown = {number for number in range(len(lines)) if number not in out}
    heads, most = {}, max(most - (printed or 0), FEWEST)
    said = shown - (_prints(body) - lit)
    if printed is None or (printed and (lit or _count(lines, shown) > most)):
        shown = said if lit or printed is None or _count(lines, said) > 1 else shown  # one of prints alone keeps them
    if _count(lines, shown) > most:
        shown -= _beside(body, lit)
        heads = _heads(body, lit)
    made: list[str] = []
    found: list[int] = []
    for number, line in enumerate(lines):
        if number in heads:
            if made[-1:] == [""] and made[-2].endswith("…"):
                made.pop()
            made.append(f"{' ' * 4}{heads[number]}")
        elif number in shown and (line.strip() or (made and not re.match(r"\s*(class |def .*:$|$)", made[-1]))):
            found += [len(made)] * (number in lit)
            made.append(line)
    while made and not made[-1]:
        made.pop()
    return Excerpt("\n".join(made), () if len(found) == len([line for line in made if line]) else tuple(found))


def coloured(excerpt: Excerpt) -> str:
    """HTML of an excerpt, by Pygments' classes: `<div class="highlight lifted"><pre><span class="line lit">…`."""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    made = highlight(excerpt.code, PythonLexer(stripnl=False), HtmlFormatter(nowrap=True)).rstrip("\n").split("\n")
    rows = "\n".join(
        f'<span class="line{" lit" if number in excerpt.lit else ""}">{row}</span>' for number, row in enumerate(made)
    )
    letters = max(map(len, excerpt.code.splitlines()), default=0)  # the style sheets fit the type to them
    look = f'class="highlight{" lifted" if excerpt.lit else ""}" style="--letters:{letters}"'
    return f"<div {look}><pre>{rows}</pre></div>"


def answered(cell: Any) -> str:
    """The code of the course's answer, with which a cell tagged `solution` begins; "" of another cell."""
    is_one = "solution" in cell["metadata"].get("tags", ())
    return html.unescape(cell["source"].partition("```python\n")[2].partition("\n```")[0]) if is_one else ""


def _count(lines: list[str], numbers: Iterable[int]) -> int:
    return sum(1 for number in numbers if lines[number].strip())


def _span(node: Any) -> set[int]:
    first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", ()))])
    return set(range(first - 1, node.end_lineno))


def _words(node: ast.AST) -> set[int]:
    """The lines of imports and docstrings."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return _span(node)
    if not isinstance(node, DEFINITIONS):
        return set()
    first = node.body[0]
    is_doc = isinstance(first, ast.Expr) and isinstance(getattr(first.value, "value", None), str)
    return (_span(first) if is_doc and len(node.body) > 1 else set()).union(*map(_words, node.body))


def _prints(body: Iterable[Any]) -> set[int]:
    """The lines of statements that only print, where others stand beside them."""
    found = set()
    for node in body:
        inner = () if isinstance(node, DEFINITIONS) else getattr(node, "body", ())
        if _is_print(node):
            found |= _span(node)
        elif not all(map(_is_print, inner)):
            found |= _prints(inner)
    return found


def _is_print(node: ast.stmt) -> bool:
    if isinstance(node, ast.For | ast.If | ast.With):
        works = isinstance(node, ast.For) and isinstance(node.iter, ast.Call) and isinstance(node.iter.func, ast.Name)
        return not works and all(map(_is_print, [*node.body, *getattr(node, "orelse", ())]))
    called = node.value.func if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) else None
    return getattr(called, "id", "") == "print"


def _statements(body: Iterable[Any]) -> Iterator[set[int]]:
    """All simple statements, however deep, and the first lines of the others."""
    for node in body:
        inner = [*getattr(node, "body", ()), *getattr(node, "orelse", ())]
        if inner:
            yield set(range(node.lineno - 1, inner[0].lineno - 1))
            yield from _statements(inner)
        else:
            yield _span(node)


def _named(body: Iterable[Any], lines: list[str], points: Sequence[str]) -> set[int]:
    """The statements that hold one of these texts."""
    spans = [span for span in _statements(body) if any(point in lines[n] for n in span for point in points)]
    return set().union(*spans)


def _beside(body: Sequence[Any], lit: set[int]) -> set[int]:
    """The lines of definitions, methods and statements that are not about the point, where some are."""
    found = set()
    for node in body if any(_span(node) & lit for node in body) else ():
        if not _span(node) & lit:
            found |= _span(node)
        elif isinstance(node, ast.ClassDef):
            found |= set().union(*(_span(inner) for inner in node.body if not _span(inner) & lit))
    return found


def _heads(body: Sequence[Any], lit: set[int]) -> dict[int, str]:
    """{line: a method without what it does} of the methods that are not about the point, in classes that are."""
    classes = [node for node in body if isinstance(node, ast.ClassDef) and _span(node) & lit]
    methods = [m for node in classes for m in node.body if isinstance(m, ast.FunctionDef) and not _span(m) & lit]
    return {m.lineno - 1: f"def {m.name}({', '.join(one.arg for one in m.args.args)}): …" for m in methods}
