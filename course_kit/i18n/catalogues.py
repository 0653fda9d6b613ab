"""Languages and their catalogues: locale/es.toml is a language, locale/es/LC_MESSAGES/*.po are its texts (gettext).

kit.po, site.po and ch00.po … have what is marked in Python and in templates, views.po what is marked in JavaScript, and
a notebook's own catalogue its Markdown and what its cells give to be shown. What is wrong with one is said once, with
file and line; its English is shown.
"""

import functools
import gettext
import io
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "locale"
PLACE = re.compile(r"\{\w*\}")
NEEDED = "name", "folder", "tag", "plural", "fonts", "between"  # of a language
MARKED = re.compile(r"kit|site|ch\d\d")  # catalogues of what is marked in Python and in templates


@functools.cache
def languages() -> dict[str, dict[str, Any]]:
    """{language: what its file says} of those that the course has beside English; a file that is broken is left out."""
    found = {}
    for path in sorted(FOLDER.glob("*.toml")):
        try:
            told = tomllib.loads(path.read_text(encoding="utf-8"))
            if lacking := [name for name in NEEDED if name not in told]:
                raise ValueError(f"it lacks {', '.join(lacking)}")
            found[path.stem] = told
        except ValueError as error:  # of TOML and of UTF-8, too
            print(f"{path}: {error}. This language is left out.", file=sys.stderr)
    return found


def paths(language: str) -> list[Path]:
    return sorted((FOLDER / languages()[language]["folder"] / "LC_MESSAGES").glob("*.po"))


class CatalogueError(ValueError):
    """A catalogue cannot be used. The message names file, line and what to do."""


def read(path: Path) -> Any:
    """A catalogue as Babel has it. Raises CatalogueError if it is broken."""
    from babel.messages import pofile

    content = path.read_bytes()
    try:
        return pofile.read_po(io.StringIO(content.decode("utf-8")), abort_invalid=True)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise CatalogueError(f"{path}, line {line}: this is not UTF-8. Save it as UTF-8.") from None
    except (pofile.PoFileError, ValueError, LookupError, SyntaxError) as error:
        number = getattr(error, "lineno", None)
        where = f"{path}, line {number + 1}" if number is not None else f"{path}"
        raise CatalogueError(f"{where}: {error}. Mend this line, in gettext's format.") from None


def places_lost(message: Any) -> bool:
    """Whether a translation lacks a place of its English, or has one that the English has not."""
    english = message.id if isinstance(message.id, tuple) else (message.id,)
    said = message.string if isinstance(message.string, tuple) else (message.string,)
    wanted = {frozenset(PLACE.findall(one)) for one in english}
    return any(one and frozenset(PLACE.findall(one)) not in wanted for one in said)


def messages(path: Path, problems: list[str]) -> Iterator[Any]:
    """The messages of a catalogue that are translated and whole; `problems` gets a sentence for each that is not."""
    try:
        catalogue = read(path)
    except (CatalogueError, OSError) as error:
        problems.append(str(error))
        return
    for message in catalogue:
        said = message.string if isinstance(message.string, tuple) else (message.string,)
        if not message.id or message.fuzzy or not any(said):
            continue
        if places_lost(message):
            problems.append(f"{path}, line {message.lineno}: its places differ from those of {message.id!r}.")
        else:
            yield message


class Words:
    """The texts of some catalogues by key: context, \\4 and English, as gettext has it. plural: the language's rule."""

    def __init__(self, entries: dict[str, Any], plural: str):
        self.entries = entries
        self.rule = gettext.c2py(plural.rpartition("plural=")[2].rstrip("; "))  # type: ignore[attr-defined]

    def text(self, english: str, context: str | None) -> str:
        said = self.entries.get(english if context is None else f"{context}\4{english}", english)
        return said if isinstance(said, str) else english

    def form(self, one: str, many: str, n: int, context: str | None) -> str:
        said = self.entries.get(one if context is None else f"{context}\4{one}")
        forms = said if isinstance(said, tuple) else (one, many)
        return forms[min(self.rule(n) if said else int(n != 1), len(forms) - 1)]


def entries(chosen: Iterable[Path], wanted: Callable[[Any], bool] = lambda message: True) -> dict[str, Any]:
    """{key: translation, or a tuple of its forms} of these catalogues; what is wrong in them is said."""
    problems: list[str] = []
    found: dict[str, Any] = {}
    for path in chosen:
        for one in filter(wanted, messages(path, problems)):
            text = one.id[0] if isinstance(one.id, tuple) else one.id
            said = tuple(filter(None, one.string)) if isinstance(one.string, tuple) else one.string
            found.setdefault(f"{one.context}\4{text}" if one.context else text, said)
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        print(f"{problems[0]} English is shown.{more}", file=sys.stderr)
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
    return entries(chosen, lambda message: any(place.endswith(".py") for place, _ in message.locations))


@functools.cache
def table(language: str) -> dict[str, Any]:
    """What the program of the views says by itself, as its page gets it, and under "" the language's tag and fonts; {}
    for English, and for a language that the course does not have."""
    if language not in languages():
        return {}
    own = {name: languages()[language][name] for name in ("tag", "fonts")}
    return {"": own, **entries(path for path in paths(language) if path.stem == "views")}
