"""Of everything in a notebook, the statements that one answer needs: helpers, imports, constants. Runs nothing."""

import ast
import builtins
import dis
import functools
import io
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType

from course_kit.exercises.cells import Stub, without_magics

KNOWN = frozenset(dir(builtins))


@dataclass(frozen=True)
class Cell:
    """The top-level statements of a cell, each with the names that it binds and those that it uses."""

    statements: tuple[ast.stmt, ...]
    binds: tuple[frozenset[str], ...]
    uses: tuple[frozenset[str], ...]


@functools.lru_cache(4096)
def parsed(source: str) -> Cell:
    """The statements of a cell. Most cells of a hand-in are the course's own, and parsed already.

    Raises SyntaxError or ValueError where it is no Python.
    """
    try:
        return _parsed(source)
    except SyntaxError:
        return _parsed(without_magics(source))


def _parsed(source: str) -> Cell:
    try:
        body = ast.parse(source).body
        lines = [line.encode() for line in io.StringIO(source, newline="")]
        names = [_names_in_file(statement, lines) for statement in body]
    except (RecursionError, MemoryError):  # such as 20,000 minus signs
        raise SyntaxError("nested more deeply than Python can read") from None
    return Cell(tuple(body), tuple(binds for binds, _ in names), tuple(uses for _, uses in names))


def _names_in_file(statement: ast.stmt, lines: list[bytes]) -> tuple:
    """As `_names_of`. A SyntaxError such as a `return` outside a function has its line in the whole source."""
    try:
        return _names_of(_text_of(statement, lines))
    except SyntaxError as error:
        error.lineno = (error.lineno or 1) + statement.lineno - 1
        raise


def _text_of(statement: ast.stmt, lines: list[bytes]) -> str:
    """The statement as it is written, its decorators above it. lines: of the source, each with its end."""
    first = min([statement.lineno, *(one.lineno for one in getattr(statement, "decorator_list", ()))]) - 1
    end = statement.end_lineno or statement.lineno
    text = [*lines[first : end - 1], lines[end - 1][: statement.end_col_offset]]
    text[0] = text[0][statement.col_offset :]
    return b"".join(text).decode()


@functools.lru_cache(16384)
def _names_of(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """What a statement binds, and what it uses. A file that is put together is parsed anew with each piece, and only
    one of its statements is new."""
    code = compile(text, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    return frozenset(_names(code, "STORE")), frozenset(_names(code, "LOAD"))


def _names(code: CodeType, start: str) -> Iterator[str]:
    """The names of a notebook that a piece of code stores or loads; names local to a function are left out."""
    for step in dis.get_instructions(code):
        if step.opname.startswith(start) and step.opname.endswith(("_NAME", "_GLOBAL", "_GLOBALS")):
            if start == "STORE" or step.argval not in KNOWN:
                yield step.argval
        elif start == "STORE" and "IMPORT_STAR" in (step.opname, step.argrepr):
            yield "*"
    for inner in code.co_consts:
        if isinstance(inner, CodeType) and start == "LOAD":
            yield from _names(inner, start)


def prerequisites(cells: list[Cell], at: int, stub: Stub) -> list[ast.stmt]:
    """The statements that the answer in cell `at` needs, in order; it comes last itself.

    A name is taken from the answer's own cell, else from the nearest cell above, else from the nearest below.
    """
    place = next(i for i, x in enumerate(cells[at].statements) if x.end_lineno == stub.last and _is(x, stub))
    chosen = {(at, place)}
    known, waiting = {stub.bound}, set(cells[at].uses[place])
    order = [at, *range(at - 1, -1, -1), *range(at + 1, len(cells))]
    while waiting:
        name = waiting.pop()
        known.add(name)
        for i in order:
            found = {(i, j) for j, bound in enumerate(cells[i].binds) if name in bound or "*" in bound} - {(at, place)}
            for one in found - chosen:
                waiting |= cells[one[0]].uses[one[1]] - known
            chosen |= found
            if any(name in cells[i].binds[j] for i, j in found):
                break
    chosen.discard((at, place))
    return [cells[i].statements[j] for i, j in [*sorted(chosen), (at, place)]]


def _is(statement: ast.stmt, stub: Stub) -> bool:
    return getattr(statement, "name", None) == stub.bound
