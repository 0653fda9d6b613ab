"""A language made of English by a function: longer words in other letters, other stops, two forms of a plural.

`install()` before a chapter is imported: then all that is marked is in it, and what is left in English was not.
"""

import re

from course_kit import i18n

LETTERS = str.maketrans("aeiounscyAEIOUNSCY", "àéîõüñšçýÀÉÎÕÜÑŠÇÝ")
KEPT = re.compile(r"(\{\w*\}|`[^`]*`|\$[^$]*\$|<[^>]*>|\[(?:query|key|value|output)\||\]\([^)]*\))")
WORD = re.compile(r"[A-Za-z]{2,}")


def pseudo(text: str) -> str:
    """A text in this language: places, code, formulas and tags stay."""
    pieces = KEPT.split(text)
    pieces[::2] = [WORD.sub(lambda word: f"{word[0].translate(LETTERS)}ŵŵ", one) for one in pieces[::2]]
    return "".join(pieces).replace(". ", "· ")


class Pseudo:
    """What `i18n` asks: like the words of a language that has a file."""

    def text(self, english: str, context: str | None) -> str:
        return pseudo(english)

    def form(self, one: str, many: str, n: int, context: str | None) -> str:
        return pseudo(one if n % 2 else many)


def install() -> None:
    i18n._state.update(language="en", words=Pseudo())


def english(text: str) -> list[str]:
    """The words of a text that are in no place of the pseudo-language: runs of letters without its own sign."""
    plain = re.sub(r"`[^`]*`|“[^”]*”|\$[^$]*\$|<[^>]*>|\[\w+\|", " ", text)
    return [word for word in re.findall(r"\w+", plain) if re.fullmatch(r"[A-Za-z]{3,}", word)]
