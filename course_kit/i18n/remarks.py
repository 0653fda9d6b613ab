"""What a program's text says: its comments, the lines of its docstrings, and what it prints, raises or has as help."""

import ast
import functools
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from typing import Any

from . import current
from .catalogues import entries, paths

SAYS = ("print", "_say", "said")  # the functions of kept files that print


def places(code: str) -> Iterator[tuple[int, int]]:
    """Where the comments are, and the lines of docstrings: (begin, end)."""
    lines = [0, *(end.end() for end in re.finditer("\n", code))]
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        begin = lines[min(token.start[0], len(lines)) - 1] + token.start[1]  # the end is a line of its own
        if token.type == tokenize.COMMENT:
            yield begin + len(token.string) - len(token.string.lstrip("# ")), begin + len(token.string)
        elif (
            token.type == tokenize.STRING
            and token.string.startswith('"""')
            and not token.line[: token.start[1]].strip()
        ):
            for line in re.finditer(r"[^\s].*", token.string[3:-3]):
                yield begin + 3 + line.start(), begin + 3 + line.end()


def sentence_spans(code: str) -> Iterator[tuple[int, int]]:
    """Where the sentences are that a kept file prints, raises or has as help, and what it puts into their places."""
    nodes: list[Any] = list(ast.walk(ast.parse(code)))
    given = raised(nodes)
    given += [one for node in nodes if getattr(getattr(node, "func", None), "id", "") in SAYS for one in node.args]
    given += [one.value for one in nodes if getattr(one, "arg", "") == "help"]
    given += [one.value for one in nodes if isinstance(one, ast.Return) and isinstance(one.value, ast.JoinedStr)]
    names = {getattr(part, "attr", getattr(part, "id", "")) for one in given for part in ast.walk(one)}
    for node in (one for one in nodes if isinstance(one, ast.Assign)):
        given += [node.value for to in node.targets if getattr(to, "attr", getattr(to, "id", None)) in names]
    given += [value for one in nodes if isinstance(one, ast.Dict) for value in one.values]
    for begin, end in inside(code, {text for one in given for text in made_of(one)}):
        words = re.sub(r"\{[^{}]*\}", "", code[begin:end])
        if re.search("[A-Za-z]{2}", words) and (" " in words or words.endswith(".")):
            yield begin, end


def raised(nodes: Iterable[Any]) -> list[Any]:
    """What the errors say that are raised among these nodes."""
    return [one for node in nodes if isinstance(node, ast.Raise) for one in getattr(node.exc, "args", [])[:1]]


def inside(code: str, nodes: Iterable[Any]) -> Iterator[tuple[int, int]]:
    """Where the texts of these strings are, with the places for values in them."""
    lines = [0, *(end.end() for end in re.finditer("\n", code))]
    for node in nodes:
        ends = ((node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset))
        first, last = (lines[row - 1] + len(code[lines[row - 1] :].encode()[:column].decode()) for row, column in ends)
        for text in re.finditer(r'"((?:[^"\\]|\\.)*)"', code[first:last]):
            yield first + text.start(1), first + text.end(1)


def made_of(node: Any) -> Iterator[Any]:
    """The strings that a value is made of: put together, joined, filled, one of two."""
    if isinstance(node, ast.JoinedStr) or isinstance(getattr(node, "value", None), str):
        yield node
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("format", "join"):
        joined = node.args if node.func.attr == "join" else ()
        yield from (text for one in (node.func.value, *joined) for text in made_of(one))
    else:
        parts = {ast.BinOp: ("left", "right"), ast.IfExp: ("body", "orelse"), ast.Starred: ("value",)}
        parts |= {ast.GeneratorExp: ("elt",), ast.ListComp: ("elt",), ast.DictComp: ("value",)}
        for part in parts.get(type(node), ()):
            yield from made_of(getattr(node, part))


def spoken(code: str) -> str:
    """The text with what the course says in it in the language in use, as the catalogue `mine` has it."""
    said = _catalogue(current()) if current() != "en" else {}
    for begin, end in sorted({*places(code), *sentence_spans(code)} if said else (), reverse=True):
        code = code[:begin] + said.get(code[begin:end], code[begin:end]) + code[end:]
    return code


@functools.cache
def _catalogue(language: str) -> dict[str, str]:
    return entries(path for path in paths(language) if path.stem == "mine")
