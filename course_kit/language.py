"""The course in another language: what English words become where they are shown. English is the only source.

    use("zh")               from now on what a kernel shows is in Chinese; "en": as it was written
    words("Not yet")        "还不对"
    output(bundle)          the same for all that an output shows: views, verdicts, tables

A catalogue (locale/zh_CN/LC_MESSAGES/*.po, gettext) has finished sentences, and templates with {0}, {1}, … for what is
computed. No call is marked: a sentence is looked up when it is about to be shown; what is not known stays English.
"""

import functools
import html
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from course_kit import files
from course_kit.markup import inline

LANGUAGES = {"en": "", "zh": "zh_CN"}  # as `use` takes it: the name of its folder in locale/
HOLE = re.compile(r"\{(\d+)\}")
BETWEEN = " · "
ENDS = re.compile(r"(?<=[.?!:;])\s+(?=\S)")
BEFORE = re.compile(r"^[^\w\[`*“‘({−]*")  # a word's bullet: "· ", "✗ "
AROUND = re.compile(rf"({BEFORE.pattern})(.*?)([.:;]?)(\s*)$", re.S)
SHORT, LONG = 6, 24  # letters of a template; in a short one each hole is a word or a quotation
AFTER_FULL = re.compile(r"(?<=[。？！：；，”]) +")  # no space follows a full-width mark
FULL = {".": "。", ":": "：", ";": "；", "": ""}
SHOWN = {"title", "caption", "words", "label", "xlabel", "ylabel", "name", "names", "answers", "because"}
SHOWN |= {"about", "scale"}
VALUES = {"kind", "mode", "state", "initial", "arrays", "tokens", "queries", "keys", "sentence", "models", "text"}
VALUES |= {"format"}
CHAPTER = re.compile(r"\d+ · ")  # before the title of a lesson


class Words:
    """Translates finished sentences by a catalogue: `Words({"{0} of {1}": "{1} 个中的 {0} 个"})("2 of 3")`."""

    def __init__(self, entries: Mapping[str, str]):
        self.exact = {text: said for text, said in entries.items() if not HOLE.search(text)}
        templates = [Template(text, said) for text, said in entries.items() if HOLE.search(text) and said != text]
        self.templates = sorted(templates, key=lambda one: -one.size)
        self.found: dict[str, str] = {}

    def __call__(self, text: str) -> str:
        """The text in the catalogue's language; in parts, or as it is, where the catalogue does not know it."""
        if text not in self.found:
            ways = ((self._whole, 0), (self._whole, LONG), (self._parts,), (self._whole, 2 * SHORT))
            told = (way(text, *loose) for way, *loose in ways)
            self.found[text] = next((said for said in told if said is not None), text)
        return self.found[text]

    def _parts(self, text: str) -> str | None:
        """What is between dots, or some sentences at a time; None if none of them is known."""
        for between, ends in ((BETWEEN, re.compile(BETWEEN)), (" ", ENDS)):
            parts: list[str] = ends.split(text)
            said: list[str] = []
            while len(parts) > 1 or parts and said:
                counts = range(len(parts) - (not said), 1, -1)
                most = next((n for n in counts if self._whole(between.join(parts[:n]))), 1)
                said.append(self(between.join(parts[:most])))
                del parts[:most]
            if said and (made := between.join(said)) != text:
                return AFTER_FULL.sub("", made)
        return None

    def _whole(self, text: str, loose: int = 0) -> str | None:
        """Its translation in one piece, also without a bullet before it, a full stop or a capital. loose: the letters
        that a template has if its holes may hold more than a sentence; 0: none may."""
        before, inside, stop, after = AROUND.match(text).groups()  # type: ignore[union-attr]
        ways = [(inside + stop, before, after), (inside, before, FULL[stop] + after), (text, "", "")]
        ways += [(one[:1].lower() + one[1:], head, tail) for one, head, tail in ways]
        for look in (self.exact.get, lambda one: self._template(one, loose)):
            for one, head, tail in ways:
                if (said := look(one)) is not None:
                    return head + said + tail
        return None

    def _template(self, text: str, loose: int) -> str | None:
        for one in self.templates:
            if one.size < loose:
                break
            if one.longest not in text or not all(piece in text for piece in one.pieces):
                continue
            if found := one.pattern(not loose).fullmatch(text):
                return AFTER_FULL.sub("", HOLE.sub(functools.partial(self._filled, found.groups()), one.said))
        return None

    def _filled(self, inside: tuple[str, ...], hole: re.Match) -> str:
        piece = inside[int(hole[1])]
        before = hole.string[: hole.start()]
        return piece if before.count("`") % 2 or before.endswith("“") else self(piece)  # code and tokens stay


class Template:
    """A text with holes: its fixed pieces, and what it becomes."""

    def __init__(self, text: str, said: str):
        self.pieces, self.said = HOLE.split(text)[::2], said
        self.longest = max(self.pieces, key=len)  # few texts have it, and it is looked for first
        self.size = sum(map(str.isalpha, "".join(self.pieces)))
        self.patterns: dict[bool, re.Pattern] = {}

    def pattern(self, strict: bool) -> re.Pattern:
        """It groups what is in the holes: of short texts one word; strictly, none holds the end of a sentence."""
        if strict not in self.patterns:
            hole = r"(“[^”]*”|\S*)" if self.size < SHORT else r"((?:(?![.?!:;] | · ).)*?)" if strict else "(.*?)"
            holes = [hole if f"{{{i}}}" in self.said else "(s?)" for i in range(len(self.pieces) - 1)]  # (s?): a plural
            parts = zip(map(re.escape, self.pieces), [*holes, ""], strict=True)
            self.patterns[strict] = re.compile("".join(map("".join, parts)), re.S)
        return self.patterns[strict]


def folder() -> Path:
    return files.course_folder() / "locale"


def entries(language: str, name: str = "*") -> list[Any]:
    """What is translated into a language, of all catalogues or one, as polib has it; nothing for English."""
    import polib

    paths = sorted((folder() / LANGUAGES[language] / "LC_MESSAGES").glob(f"{name}.po")) if language != "en" else ()
    return [entry for path in paths for entry in polib.pofile(str(path)).translated_entries()]


@functools.cache
def catalogue(language: str) -> dict[str, str]:
    """All that is translated into a language -> {English: translation}, but for the Markdown of notebooks, and a word
    or two of the views' program alone, which would be found in other sentences."""
    found: dict[str, str] = {}
    for one in entries(language):
        places = {place.rpartition(".")[2] for place, _ in one.occurrences}
        short = places <= {"js"} and sum(map(str.isalpha, HOLE.sub("", one.msgid))) < 2 * SHORT
        if not places <= {"md"} and not short:
            found[one.msgid] = one.msgstr
        if CHAPTER.match(one.msgid):
            found[CHAPTER.sub("", one.msgid)] = CHAPTER.sub("", one.msgstr)
    return found


@functools.cache
def table(language: str) -> dict[str, str]:
    """What the program of the views says by itself in a language -> {English: translation}; {} for English."""
    own = entries(language, "interface")
    return {one.msgid: one.msgstr for one in own if any(place.endswith(".js") for place, _ in one.occurrences)}


_current: list[Any] = ["en", Words({})]


def current() -> str:
    """The language in which this process speaks: "en", or what `use` was given."""
    return _current[0]


def use(language: str) -> None:
    """Speak this language from now on. Raises ValueError for one that the course does not have."""
    if language not in LANGUAGES:
        raise ValueError(f"language is {language!r}; the course has {', '.join(map(repr, LANGUAGES))}.")
    _current[:] = [language, Words({} if language == "en" else catalogue(language))]


def words(text: str) -> str:
    """A sentence in the language in use."""
    return _current[1](text)


def spec(given: dict[str, Any]) -> dict[str, Any]:
    """A view's spec: what it says in the language in use; names, values and tokens as they are."""
    if current() == "en":
        return given
    options = [option for control in given["controls"] for option in control.get("options", ())]
    table = {one: words(one) for one in options if isinstance(one, str) and words(one) != one}
    spoken = {"label", "words"}
    controls = [one | {key: _told(key, one[key]) for key in spoken & one.keys()} for one in given["controls"]]
    told = {key: _told(key, value) for key, value in given.items()}
    return told | {"controls": controls, "language": current(), "table": table}


def _told(key: str, value: Any) -> Any:
    if isinstance(value, str):
        return words(value) if key in SHOWN or " " in value and key not in VALUES else value
    if isinstance(value, list):
        return [_told(key, one) for one in value]
    return {k: _told(k, v) for k, v in value.items()} if isinstance(value, dict) and key not in VALUES else value


SKIPPED = r"<(?P<skipped>pre|script|style|\w+(?=[^<>]* translate=\"no\"))\b.*?</(?P=skipped)>"
RUNS = re.compile(rf"({SKIPPED}|<(?!/?(?:code|em|[be]os|pad|unk)\b)[^>]*>)", re.S)
INSIDE = re.compile(r'<a href="(#[^"]*)">([^<]*)</a>'), "[\\2](\\1)\u2060"  # a link in a sentence, and back
OUTSIDE = re.compile(r"\[([^\]]*)\]\((#[^)]*)\)\u2060"), r'<a href="\2">\1</a>'
SAID = re.compile(r'\b(alt|title|aria-label|content|placeholder)="([^"]*)"')


def marked(piece: str) -> str:
    """A run of HTML with its code and its emphasis as Markdown has them."""
    return re.sub(r"</?code\b[^>]*>", "`", re.sub(r"</?em\b[^>]*>", "*", piece))


def text(made: str) -> str:
    """HTML whose runs of text, with the code and the emphasis in them, are translated."""

    def run(piece: str) -> str:
        if not re.search(r"[A-Za-z]{2}", piece):
            return piece
        plain = marked(piece).replace("\u2060", "")
        plain = html.unescape(" ".join(plain.split()) if "\n" in plain else plain)
        said = words(plain)
        return piece if said == plain else inline(said)

    def tag(piece: str) -> str:
        return SAID.sub(lambda m: f'{m[1]}="{html.escape(words(html.unescape(m[2])))}"', piece)

    made, out, end = INSIDE[0].sub(INSIDE[1], made or ""), [], 0
    for found in RUNS.finditer(made):
        out += [run(made[end : found.start()]), found[0] if found["skipped"] else tag(found[0])]
        end = found.end()
    return OUTSIDE[0].sub(OUTSIDE[1], "".join([*out, run(made[end:])]))
