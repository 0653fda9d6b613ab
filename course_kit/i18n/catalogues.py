"""Languages and their catalogues: locale/es.toml is a language, locale/es/LC_MESSAGES/*.po are its texts (gettext).

kit.po, site.po and ch00.po … have what is marked in Python and in templates, views.po what is marked in JavaScript, and
a notebook's own catalogue its Markdown and what its cells give to be shown. `course translate --check` says what is
wrong with one, with file and line.
"""

import functools
import gettext
import re
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "locale"
MARKED = re.compile(r"kit|site|ch\d\d")  # catalogues of what is marked in Python and in templates
LINE = re.compile(r'\s*(?:#.*|(?:msg\S+\s+)?"(?:[^"\\]|\\.)*"\s*)?')


@functools.cache
def languages() -> dict[str, dict[str, Any]]:
    """{language: what its file says} of those that the course has beside English."""
    return {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.toml"))}


def paths(language: str) -> list[Path]:
    return sorted((FOLDER / languages()[language]["folder"] / "LC_MESSAGES").glob("*.po"))


class CatalogueError(ValueError):
    """A catalogue cannot be used. The message names file, line and what to do."""


def read(path: Path) -> Any:
    """A catalogue as polib has it. Raises CatalogueError if it is broken."""
    import polib

    content = path.read_bytes()
    try:
        lines = content.decode("utf-8").split("\n")
        broken = [number for number, line in enumerate(lines, 1) if not LINE.fullmatch(line)]  # polib cuts an open text
        if not broken:
            return polib.pofile(str(path), wrapwidth=0, encoding="utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise CatalogueError(f"{path}, line {line}: this is not UTF-8. Save it as UTF-8.") from None
    except OSError as error:
        broken = re.findall(r"\(line (\d+)\)", str(error))[-1:]
    raise CatalogueError(f"{path}, line {broken[0]}: this is not gettext's format. Mend this line.")


class Words:
    """The texts of some catalogues by key: context, \\4 and English, as gettext has it. plural: the language's rule."""

    def __init__(self, entries: dict[str, Any], plural: str):
        self.entries = entries
        self.rule = gettext.c2py(plural.rpartition("plural=")[2].rstrip("; "))  # type: ignore[attr-defined]

    def text(self, english: str, context: str | None) -> str:
        said = self.entries.get(english if context is None else f"{context}\4{english}", english)
        return said if isinstance(said, str) else english

    def form(self, one: str, many: str, n: int) -> str:
        said = self.entries.get(one)
        forms = said if isinstance(said, tuple) else (one, many)
        return forms[min(self.rule(n) if said else int(n != 1), len(forms) - 1)]


def entries(chosen: Iterable[Path], wanted: Callable[[Any], bool] = lambda entry: True) -> dict[str, Any]:
    """{key: translation, or a tuple of its forms} of what is translated in these catalogues."""
    found: dict[str, Any] = {}
    for path in chosen:
        for one in read(path):
            if one.translated() and wanted(one):
                said = tuple(one.msgstr_plural.values()) if one.msgid_plural else one.msgstr
                found.setdefault(f"{one.msgctxt}\4{one.msgid}" if one.msgctxt else one.msgid, said)
    return found


@functools.cache
def speech(language: str) -> Words:
    """All that is marked in Python and in templates."""
    chosen = (path for path in paths(language) if MARKED.fullmatch(path.stem))
    return Words(entries(chosen), languages()[language]["plural"])


@functools.cache
def lesson(language: str, name: str | None) -> dict[str, str]:
    """{English: translation} of what a notebook's cells give to be shown; None: those of all notebooks."""
    chosen = (path for path in paths(language) if path.stem == name or name is None and path.stem[:2].isdigit())
    return entries(chosen, lambda entry: any(place.endswith(".py") for place, _ in entry.occurrences))


@functools.cache
def table(language: str) -> dict[str, Any]:
    """What the program of the views says by itself, as its page gets it, and under "" the language's tag and fonts; {}
    for English, and for a language that the course does not have."""
    if language not in languages():
        return {}
    own = {name: languages()[language][name] for name in ("tag", "fonts")}
    return {"": own, **entries(path for path in paths(language) if path.stem == "views")}
