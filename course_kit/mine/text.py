"""The text of a Python file, definition by definition: one is put in, and everything else stays as it is, byte by byte.

Lines are counted as Python counts them; `str.splitlines` would also cut at a form feed.
"""

import ast
import io

from course_kit.exercises.dependencies import parsed

BETWEEN = "\n\n\n"  # two definitions


def lines(text: str) -> list[str]:
    """The lines, each with its end."""
    return list(io.StringIO(text, newline=""))


def blocks(text: str) -> dict[str, str]:
    """Name -> the text of the definition, or of the value, that binds it. Raises SyntaxError or ValueError."""
    found: dict[str, str] = {}
    all_lines = lines(text)
    for name, (first, last) in _places(text).items():
        found[name] = "".join(all_lines[first - 1 : last]).rstrip("\r\n")
    return found


def imports(text: str) -> dict[str, str]:
    """Name -> the import that brings it, in a line of its own."""
    found: dict[str, str] = {}
    for node in parsed(text).statements:
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                line = _line(node, [alias])
                found |= dict.fromkeys(parsed(line).binds[0], line)
    return found


def with_block(text: str, name: str, new: str, before: str = "") -> str:
    """With this definition: in the place of the one of its name, else above `before`, else at the end."""
    places, all_lines = _places(text), lines(text)
    if name in places:
        first, last = places[name]
        end = "\n" if all_lines[last - 1].endswith(("\n", "\r")) else ""
        return "".join([*all_lines[: first - 1], new, end, *all_lines[last:]])
    if before in places:
        first = places[before][0]
        while first > 1 and all_lines[first - 2].startswith("#"):  # what is said of it
            first -= 1
        return "".join([*all_lines[: first - 1], new, BETWEEN, *all_lines[first - 1 :]])
    return f"{text.rstrip()}{BETWEEN}{new}\n".lstrip("\n")


def with_import(text: str, line: str) -> str:
    """With this import below those at the top."""
    there, all_lines = _at_the_top(text), lines(text)
    at = there[-1].end_lineno if there else _end_of_docstring(text)
    above, below = "".join(all_lines[:at]), "".join(all_lines[at:])
    end = "" if not above or above.endswith(("\n", "\r")) else "\n"
    if there:
        return f"{above}{end}{line}\n{below}"
    whole = BETWEEN.join(filter(None, [f"{above}{end}\n{line}".lstrip("\n"), below.lstrip("\r\n")]))
    return whole if whole.endswith("\n") else f"{whole}\n"


def without_import(text: str, name: str) -> str:
    """Without the import at the top that brings this name."""
    all_lines = lines(text)
    for node in _at_the_top(text):
        kept = [alias for alias in node.names if (alias.asname or alias.name) != name]
        if len(kept) < len(node.names):
            line = [_line(node, kept) + "\n"] if kept else []
            return "".join([*all_lines[: node.lineno - 1], *line, *all_lines[node.end_lineno :]])
    return text


def _places(text: str) -> dict[str, tuple[int, int]]:
    """Name -> first and last line, from 1, of the statement that binds it last; imports apart."""
    cell = parsed(text)
    places: dict[str, tuple[int, int]] = {}
    for node, binds in zip(cell.statements, cell.binds, strict=True):
        if not isinstance(node, ast.Import | ast.ImportFrom | ast.Expr):
            first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", ()))])
            places |= dict.fromkeys(binds, (first, node.end_lineno or first))
    return places


def _at_the_top(text: str) -> list[ast.Import | ast.ImportFrom]:
    """The imports above all other code."""
    found: list[ast.Import | ast.ImportFrom] = []
    for node in parsed(text).statements[bool(_end_of_docstring(text)) :]:
        if not isinstance(node, ast.Import | ast.ImportFrom):
            break
        found.append(node)
    return found


def _end_of_docstring(text: str) -> int:
    """The last line of the docstring, 0 if there is none."""
    first = next(iter(parsed(text).statements), None)
    if not (isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)):
        return 0
    return first.end_lineno or 0 if isinstance(first.value.value, str) else 0


def _line(node: ast.Import | ast.ImportFrom, names: list[ast.alias]) -> str:
    if isinstance(node, ast.Import):
        return ast.unparse(ast.Import(names))
    return ast.unparse(ast.ImportFrom(node.module, names, node.level))
