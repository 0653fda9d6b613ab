"""What a program's text says beside its code: its comments, and the lines of its docstrings."""

import functools
import io
import re
import tokenize
from collections.abc import Iterator

from . import current
from .catalogues import entries, paths


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


def spoken(code: str) -> str:
    """The text with what the course says in it in the language in use, as the catalogue `mine` has it."""
    said = _said(current()) if current() != "en" else {}
    for begin, end in reversed(list(places(code)) if said else []):
        code = code[:begin] + said.get(code[begin:end], code[begin:end]) + code[end:]
    return code


@functools.cache
def _said(language: str) -> dict[str, str]:
    return entries(path for path in paths(language) if path.stem == "mine")
