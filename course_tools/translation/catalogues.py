"""Catalogues of translations, locale/FOLDER/LC_MESSAGES/*.po: written from the units, and checked unit by unit."""

import collections
import difflib
import functools
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import polib

from course_kit.i18n import catalogues as spoken
from course_kit.i18n.catalogues import CatalogueError, languages
from course_tools.authoring import sources
from course_tools.translation import units
from course_tools.translation.units import Unit

CLOSE = 0.6  # of a changed unit to the one before: then its translation stays, marked fuzzy
PLACEHOLDER = re.compile(r"\{[^{}]*\}|%\(\w+\)s")
PROTECTED = re.compile(
    r"\$[^$]+\$|`[^`]+`|\]\([^)]*\)|\[(?:query|key|value|output|cool|warm)\||</?[a-z][^>]*>|" + PLACEHOLDER.pattern
)
TEXT = re.compile(r"(?<!_)\\text\{[^{}$]*\}")  # of a formula: words, which may differ
NUMBER = re.compile(r"(?<![\w.])\d+(?:[.,]\d+)*")
SIZES = {"thousand": 3, "万亿": 12, "万": 4, "亿": 8, "million": 6, "M": 6, "billion": 9, "B": 9, "trillion": 12}
AMOUNT = re.compile(rf"({NUMBER.pattern})[ \u00a0]?({'|'.join(SIZES)})(?![A-Za-z])")
AGAIN = re.compile(r"(?<!\d)(\d{4,})([^（）\d]*)（\1）")  # an amount as two languages write it: 1.17 亿（117M）


def path(name: str, language: str) -> Path:
    return spoken.FOLDER / languages()[language]["folder"] / "LC_MESSAGES" / f"{name}.po"


def names(prefixes: Sequence[str] = ()) -> list[str]:
    """The catalogues: one for each notebook, those of pages, and one for each room of marked text."""
    marked = [*units.PAGES, *units.rooms()]
    notebooks = [name for name in prefixes if name not in marked]
    chosen = sources.names(notebooks) if notebooks or not prefixes else []
    return [*chosen, *(name for name in marked if name in prefixes or not prefixes)]


def read(name: str, language: str) -> Any:
    """A catalogue as polib has it; an empty one where there is no file. Raises CatalogueError if it is broken."""
    file = path(name, language)
    if not file.exists():
        catalogue = polib.POFile(wrapwidth=0)
        settings = languages()[language]
        catalogue.metadata = {"Language": settings["folder"], "Content-Type": "text/plain; charset=UTF-8"}
        catalogue.metadata["Plural-Forms"] = settings["plural"]
        return catalogue
    return spoken.read(file)


def unit_of(entry: Any) -> Unit:
    return Unit(entry.msgid, entry.msgid_plural or "", entry.msgctxt)


def translation_of(entry: Any) -> str:
    """The translation of an entry, or its first form; "" for none."""
    return entry.msgstr or entry.msgstr_plural.get(0, "")


@functools.cache
def expected(name: str) -> dict[Unit, list[tuple[str, str]]]:
    """{unit: its occurrences, (path, number)} of a catalogue, in order."""
    occurrences: dict[Unit, list[tuple[str, str]]] = collections.defaultdict(list)
    if name in units.PAGES:
        marked = units.of_page(name)
    else:
        marked = units.of_room(name) if name in units.rooms() else units.of_notebook(name)
    for file, number, unit in marked:
        if (file, str(number)) not in occurrences[unit]:
            occurrences[unit].append((file, str(number)))
    return occurrences


def update(name: str, language: str) -> Any:
    """Brings a catalogue in step with the English: new units are empty, changed ones fuzzy, what is gone goes."""
    catalogue, english = read(name, language), expected(name)
    existing = {unit_of(entry): entry for entry in catalogue}
    removed = [entry for unit, entry in existing.items() if unit not in english and translation_of(entry)]
    del catalogue[:]
    for unit, occurrences in english.items():
        entry = existing.get(unit) or _changed(unit, removed)
        entry.occurrences = occurrences
        catalogue.append(entry)
    path(name, language).parent.mkdir(parents=True, exist_ok=True)
    catalogue.save(str(path(name, language)))
    return catalogue


def _changed(unit: Unit, removed: list[Any]) -> Any:
    """An entry for a new unit: fuzzy, with the translation of the most similar one that is gone, if there is one."""
    texts = difflib.get_close_matches(unit.text, [entry.msgid for entry in removed], 1, CLOSE)
    fields: dict[str, Any] = {"msgid": unit.text, "msgctxt": unit.context}
    if texts:
        old = next(entry for entry in removed if entry.msgid == texts[0])
        fields |= {"msgstr": translation_of(old), "previous_msgid": old.msgid, "flags": ["fuzzy"]}
    if unit.many:
        fields |= {"msgid_plural": unit.many, "msgstr_plural": {0: fields.pop("msgstr", "")}}
    return polib.POEntry(**fields)


def problems(name: str, language: str) -> list[tuple[int, str]]:
    """What is wrong in a catalogue -> list of (line, sentence). Nothing is built from a catalogue that has one."""
    sentences: list[tuple[int, str]] = []
    is_prose, terms = name not in units.rooms(), languages()[language].get("terms", [])
    for entry in read(name, language):
        if entry.translated():
            forms = [entry.msgstr] if not entry.msgid_plural else entry.msgstr_plural.values()
            each = [differences(entry.msgid_plural or entry.msgid, one, numbers=is_prose) for one in forms]
            sentences += [(entry.linenum, one) for missing in each for one in missing]
            sentences += [(entry.linenum, one) for form in forms for one in wrong_terms(entry.msgid, form, terms)]
    return sentences


def differences(text: str, translation: str, numbers: bool = True) -> list[str]:
    """How a translation differs in what may not: formulas, code, addresses, places, numbers -> list of sentences."""
    sentences: list[str] = []
    kinds: list[tuple[str, Callable[[str], list[str]]]] = [("", PROTECTED.findall), ("the number ", _numbers)]
    for kind, read in kinds[: 1 + numbers]:
        original, translated = (collections.Counter[str](read(TEXT.sub("", one))) for one in (text, translation))
        sentences += [f"{kind}{one} of the English is missing" for one in (original - translated)]
        sentences += [f"{kind}{one} is not in the English" for one in (translated - original)]
    return sentences + [
        f"Markdown leaves **{one}** open: put its stop behind it" for one in _open(translation) if numbers
    ]


def wrong_terms(text: str, translation: str, terms: Sequence[tuple[str, str, str]]) -> list[str]:
    """Where a translation has a word that the course does not use for this: (it, what it is of, "" of all, ours)."""
    return [
        f"{match[0]}: the course says {ours}"
        for twin, of, ours in terms
        if re.search(of, text, re.I) and (match := re.search(twin, translation))
    ]


def _open(translation: str) -> list[str]:
    """Bold that ends with a stop and touches a word: to Markdown its ** closes nothing."""
    parts = translation.split("**")
    return [
        bold
        for bold, after in zip(parts[1::2], parts[2::2], strict=False)
        if not bold[-1:].isalnum() and after[:1].isalnum()
    ]


def _numbers(text: str) -> list[str]:
    return NUMBER.findall(AGAIN.sub(r"\1\2", AMOUNT.sub(_amount, PROTECTED.sub(" ", text))))


def _amount(match: re.Match[str]) -> str:
    """117M, 117 million and 1.17 亿 -> 117000000."""
    return str(round(float(match[1].replace(",", "")) * 10 ** SIZES[match[2]]))


def state(name: str, language: str) -> tuple[list[Any], list[Any], list[Unit]]:
    """(entries that are fuzzy, entries without a translation, units that the catalogue lacks) of one."""
    entries = read(name, language)
    lacking = [unit for unit in expected(name) if unit not in {unit_of(one) for one in entries}]
    return [e for e in entries if e.fuzzy], [e for e in entries if not translation_of(e)], lacking


def usable(language: str, chosen: Sequence[str] = ()) -> None:
    """Raises CatalogueError for the first of these catalogues that has a problem."""
    for name in chosen or names():
        if wrong := problems(name, language):
            line, sentence = wrong[0]
            raise CatalogueError(f"{path(name, language)}, line {line}: {sentence}. Nothing was built.")
