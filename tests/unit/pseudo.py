"""A language made of English by a function: longer words in other letters, other stops, two forms of a plural.

`install()` before a chapter is imported: then all that is marked is in it, and what is left in English was not.
"""

import re
import sys

from course_kit import i18n
from course_kit.i18n import catalogues
from course_tools.translation import units

LETTERS = str.maketrans("aeiounscyAEIOUNSCY", "àéîõüñšçýÀÉÎÕÜÑŠÇÝ")
KEPT = re.compile(r"(\{\w*\}|`[^`]*`|\$[^$]*\$|<[^>]*>|\[(?:query|key|value|output|cool|warm)\||\]\([^)]*\))")
WORD = re.compile(r"[A-Za-z]{2,}")


def pseudo(text: str) -> str:
    """A text in this language: places, code, formulas and tags stay."""
    pieces = KEPT.split(text)
    pieces[::2] = [WORD.sub(lambda word: f"{word[0].translate(LETTERS)}ŵŵ", one) for one in pieces[::2]]
    return "".join(pieces).replace(". ", "· ")


class Pseudo:
    """What `i18n` asks: like the words of a language whose catalogues have what is extracted, and nothing else."""

    def __init__(self) -> None:
        marked = filter(catalogues.MARKED.fullmatch, units.rooms())
        self.known = {(unit.text, unit.context) for name in marked for _, _, unit in units.of_room(name)}

    def text(self, english: str, context: str | None) -> str:
        return pseudo(english) if (english, context) in self.known else english

    def form(self, one: str, many: str, n: int) -> str:
        known = (one, None) in self.known
        return pseudo(one if n % 2 else many) if known else one if n == 1 else many


def install() -> None:
    assert "chapters.ch01.exercises" not in sys.modules, "their texts are in the language of their import"
    i18n._state.update(language="en", words=Pseudo())
    catalogues.lesson = lambda *_: {}


def english(text: str) -> list[str]:
    """The words of a text that are in no place of the pseudo-language: runs of letters without its own sign."""
    plain = re.sub(r"`[^`]*`|“[^”]*”|\$[^$]*\$|<[^>]*>|\[\w+\|", " ", text)
    return [word for word in re.findall(r"\w+", plain) if re.fullmatch(r"[A-Za-z]{3,}", word)]
