"""The words of the course, marked where they are written, in the language of this process. English is the source.

    t("{head} gives {share} to {key}", head=head, share=f"{share:.0%}", key=key)     places are values, never translated
    t("right", context="answer")            where one English word means two things
    tn("{n} word", "{n} words", n)          one of several forms, by the language's own rule
    mark("rms norm")                        a name that code knows: as it is here, and t(name) where it is shown

COURSE_LANGUAGE, as it is when the process starts, or `use` says which language. A text that is shown when a module is
imported is in the language of that moment, so a notebook chooses first. What has no translation stays English.
"""

import os
import re
import sys
import unicodedata
from typing import Any

PLACE = re.compile(r"\{(\w+)\}")
ELLIPSIS = re.compile("…[.。]")  # of a value at the end of a sentence, which has one sign less

_state: dict[str, Any] = {"language": None, "words": None, "notebook": None}


class Aside(str):
    """A line that a view puts behind its quiet mark, or a text of which it is a place: then `.aside` is the line."""

    aside: str

    def __new__(cls, text: str, aside: str = "") -> "Aside":
        made = super().__new__(cls, text)
        made.aside = aside or text
        return made


def t(text: str, /, context: str | None = None, **places: Any) -> str:
    """A text in the language in use, with its places filled. context: which of its meanings, as its catalogue has."""
    words = _words()
    if words is not None:
        text = words.text(text, context)
    return _filled(text, places)


def mark(text: str, /) -> str:
    """The text as it is, for the catalogue: code compares it, and `t` shows it."""
    return text


def tn(one: str, many: str, n: int, /, **places: Any) -> str:
    """The form of a text that goes with a number, which is its place {n} unless another is given."""
    words = _words()
    text = (one if n == 1 else many) if words is None else words.form(one, many, n)
    return _filled(text, {"n": n, **places})


def sentences(*parts: str) -> str:
    """Sentences one after the other, without those that are empty, with what is between two in the language in use."""
    between = " "
    if current() != "en":
        from .catalogues import languages

        between = languages()[current()]["between"]
    return between.join(filter(None, parts))


class InColumns(str):
    """Words that a printed table pads, f"{name:11}", by their width: a Chinese sign is as wide as two others."""

    def __format__(self, spec: str) -> str:
        wide = sum(unicodedata.east_asian_width(one) in "WF" for one in self)
        return format(str(self), str(max(0, int(spec) - wide) or "") if spec.isdecimal() else spec)


def from_cell(text: Any, /, **places: Any) -> Any:
    """What a notebook's cell gave to be shown, or a name from a record: looked up, as a whole, in the catalogue of that
    notebook, else as `t` does. Of a list each text is; what is no text stays."""
    if isinstance(text, list | tuple):
        return [from_cell(one) for one in text]
    if not isinstance(text, str):
        return text
    if (words := _words()) is not None:
        from .catalogues import lesson

        text = InColumns(lesson(current(), _state["notebook"]).get(text) or words.text(text, None))
    return _filled(text, places)


def current() -> str:
    """The language in which this process speaks, such as "en"."""
    _words()
    return _state["language"]


def use(language: str, lesson: str | None = None) -> None:
    """Speak this language from now on; lesson: the notebook whose own words `from_cell` looks up, else those of all.

    Raises ValueError for a language that the course does not have.
    """
    if language == "en":
        _state.update(language="en", words=None, notebook=None)
    else:
        from .catalogues import languages, speech

        if language not in languages():
            raise ValueError(f"language is {language!r}; the course has {', '.join(map(repr, ['en', *languages()]))}.")
        _state.update(language=language, words=speech(language), notebook=lesson)
    os.environ["COURSE_LANGUAGE"] = language  # of the processes that this one starts


def _words() -> Any:
    if _state["language"] is None:  # the first text of this process
        try:
            use(os.environ.get("COURSE_LANGUAGE", "").strip().lower() or "en")
        except ValueError as error:
            print(f"COURSE_LANGUAGE: {error} English is shown.", file=sys.stderr)
            use("en")
    return _state["words"]


def _filled(text: str, places: dict[str, Any]) -> str:
    if not places:
        return text
    filled = ELLIPSIS.sub("…", PLACE.sub(lambda m: f"{places[m[1]]}" if m[1] in places else m[0], text))
    asides = [place.aside for place in places.values() if isinstance(place, Aside)]
    return Aside(filled, *asides) if asides else filled


def apart(text: str) -> tuple[str, str]:
    """A text without its aside, and the aside: "" where it has none."""
    line = getattr(text, "aside", "")
    return (text.replace(line, "").strip(), line) if line else (text, "")
