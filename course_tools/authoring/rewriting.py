"""Markdown with other words in it, unit by unit; what a unit is says `course_tools/translation/units.py`."""

import re
from collections.abc import Callable

from . import minutes

VERBATIM = re.compile(r"(```.*?```|\$\$.*?\$\$|<!--.*?-->|<a id=\"[^\"]*\"></a>|</?(?:details|summary)>)", re.S)
LEAD = re.compile(
    rf"(\s*(?:#+ |[-*] (?:\[[ x]\] )?|\d+\. |> )*)(.*?)((?: {re.escape(minutes.NOT_IN_CLASS)})?\s*)$", re.S
)
ALT = re.compile(r'(?<= alt=")[^"]+')  # of a picture
RULE = re.compile(r"[\s|:-]+$")
WORDS = re.compile(r"(?<!_)(\\text\{\s*)([a-z][^{}$]+?)(?=\s*\})")  # of a formula: under a brace, beside a sign


def rewrite(text: str, translate: Callable[[str], str]) -> str:
    """A cell's Markdown with translate(unit) in place of each unit."""
    pieces = VERBATIM.split(text)
    for i, piece in enumerate(pieces):
        if piece.startswith("$$"):
            pieces[i] = WORDS.sub(lambda found: found[1] + translate(found[2]), piece)
        elif not VERBATIM.fullmatch(piece):
            pieces[i] = "\n".join(_line(line, translate) for line in piece.split("\n"))
    return "".join(pieces)


def _line(line: str, translate: Callable[[str], str]) -> str:
    if line.lstrip().startswith("|"):
        return line if RULE.match(line) else "|".join(_part(cell, translate) for cell in re.split(r"(?<!\\)\|", line))
    if line.startswith("<img "):
        return ALT.sub(lambda found: translate(found[0]), line)
    return _part(line, translate)


def _part(text: str, translate: Callable[[str], str]) -> str:
    before, inside, after = LEAD.match(text).groups()  # type: ignore[union-attr]
    return before + (translate(inside) if re.search(r"[A-Za-z]{2}", plain(inside)) else inside) + after


def plain(text: str) -> str:
    """A unit without its formulas, its code, its tags and the addresses of its links."""
    return re.sub(r"\$[^$]*\$|`[^`]*`|<[^>]*>|\]\([^)]*\)", "", text)
