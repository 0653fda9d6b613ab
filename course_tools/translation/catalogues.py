"""Catalogues of translations, locale/zh_CN/LC_MESSAGES/*.po: written from the units, and checked unit by unit."""

import collections
import difflib
import re

import polib

from course_kit.language import LANGUAGES, folder
from course_tools.authoring import sources
from course_tools.translation import units

OTHERS = {"readme": units.of_readme, "interface": units.of_interface}  # catalogues of no notebook
CLOSE = 0.6  # of a changed unit to the one before: then its translation stays, marked fuzzy
PLURAL = re.compile(r"(?<=[a-z])\{\d+\}(?!\w)")  # "{0} cell{1}": a hole that another language may leave out
PROTECTED = re.compile(r"\$[^$]+\$|`[^`]+`|\]\([^)]*\)|\{\d+\}|\[(?:query|key|value|output)\||</?[a-z][^>]*>")
NUMBER = re.compile(r"(?<![\w.])\d+(?:[.,]\d+)*")


class CatalogueError(ValueError):
    """A catalogue cannot be used. The message names file, line and what to do."""


def path(name, language):
    return folder() / LANGUAGES[language] / "LC_MESSAGES" / f"{name}.po"


def names(prefixes=()):
    """The catalogues: one for each notebook, that of README.md and that of the interface."""
    notebooks = [one for one in prefixes if one not in OTHERS]
    chosen = sources.names(notebooks) if notebooks or not prefixes else []
    return [*chosen, *(one for one in OTHERS if one in prefixes or not prefixes)]


def read(name, language):
    """A catalogue as polib has it; an empty one where there is no file. Raises CatalogueError if it is broken."""
    file = path(name, language)
    if not file.exists():
        made = polib.POFile(wrapwidth=0)
        made.metadata = {"Language": LANGUAGES[language], "Content-Type": "text/plain; charset=UTF-8"}
        return made
    try:
        return polib.pofile(str(file), wrapwidth=0, encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{file}: {error}. Save it as UTF-8, in gettext's format.") from None


def wanted(name):
    """{unit: its places} of a catalogue, in order."""
    found = collections.defaultdict(list)
    for place, number, unit in OTHERS[name]() if name in OTHERS else units.of_notebook(name):
        if (place, str(number)) not in found[unit]:
            found[unit].append((place, str(number)))
    return found


def update(name, language):
    """Brings a catalogue in step with the English: new units are empty, changed ones fuzzy, what is gone goes."""
    before = {one.msgid: one for one in read(name, language)}
    made, units_now = read(name, language), wanted(name)
    gone = [one for text, one in before.items() if text not in units_now and one.msgstr]
    del made[:]
    for unit, places in units_now.items():
        entry = before.get(unit) or _changed(unit, gone)
        entry.occurrences = places
        made.append(entry)
    path(name, language).parent.mkdir(parents=True, exist_ok=True)
    made.save(str(path(name, language)))
    return made


def _changed(unit, gone):
    """An entry for a new unit: fuzzy, with the translation of the most similar one that is gone, if there is one."""
    texts = difflib.get_close_matches(unit, [one.msgid for one in gone], 1, CLOSE)
    if not texts:
        return polib.POEntry(msgid=unit)
    old = next(one for one in gone if one.msgid == texts[0])
    return polib.POEntry(msgid=unit, msgstr=old.msgstr, previous_msgid=old.msgid, flags=["fuzzy"])


def problems(name, language):
    """What is wrong in a catalogue -> list of (line, sentence). Nothing is built from a catalogue that has one."""
    found = []
    for entry in read(name, language):
        if entry.msgstr and not entry.fuzzy:
            found += [(entry.linenum, one) for one in lost(entry.msgid, entry.msgstr)]
    return found


def lost(text, said):
    """How a translation differs in what may not: formulas, code, addresses, holes, numbers -> list of sentences."""
    found, plural = [], PLURAL.findall(text)
    for kind, read in (("", PROTECTED.findall), ("the number ", _numbers)):
        ours, theirs = collections.Counter(read(text)), collections.Counter(read(said))
        found += [f"{kind}{one} of the English is missing" for one in (ours - theirs) if one not in plural]
        found += [f"{kind}{one} is not in the English" for one in (theirs - ours)]
    return found


def _numbers(text):
    return NUMBER.findall(PROTECTED.sub(" ", text))


def state(name, language):
    """(entries that are fuzzy, entries without a translation, units that the catalogue lacks) of one."""
    entries = read(name, language)
    lacking = wanted(name).keys() - {one.msgid for one in entries}
    return [e for e in entries if e.fuzzy], [e for e in entries if not e.msgstr], sorted(lacking)


def in_step(name, language):
    """Whether a catalogue has the units of the English as it is, translated or not: `course translate` was run."""
    return wanted(name).keys() == {one.msgid for one in read(name, language)}


def merged(language, chosen=()):
    """{English: translation} of these catalogues; those with a problem raise CatalogueError."""
    found = {}
    for name in chosen or names():
        if wrong := problems(name, language):
            line, sentence = wrong[0]
            raise CatalogueError(f"{path(name, language)}, line {line}: {sentence}. Nothing was built.")
        found |= {e.msgid: e.msgstr for e in read(name, language) if e.msgstr and not e.fuzzy}
    return found
