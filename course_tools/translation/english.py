"""English in what a built notebook of another language shows: runs of three words outside code, data and quotations;
printed words and headers of tables that a catalogue could have translated."""

import html
import re
from collections.abc import Iterator
from typing import Any

from course_kit.i18n.catalogues import lesson, speech
from course_kit.views import fragments
from course_tools.translation.units import labels

RUN = re.compile(r"(?<![\w.])[a-z]{2,}(?: [a-z-]{2,}){2,}(?![\w(])")
ASIDE = re.compile(  # code, formulas, quotations, what is data by its mark
    r"<(pre|code|script|style)\b.*?</\1>|<[^>]*translate=\"no\"[^>]*>.*?</\w+>|`[^`]*`|\$[^$]*\$|“[^”]*”|\"[^\"]*\"|"
    r"\bcourse results \w+|\[\w+\|([^\]]*)\]",
    re.S,
)
HEADER, APART = re.compile(r'<th scope="col"[^>]*>([^<]+)<'), re.compile("[:：\n]|  +")
NAMES = {"base", "call"}  # of models, of a turn


def untranslated(notebook: Any, language: str | None = None) -> Iterator[str]:
    """(cell and run) of each run of three English words in what the cells show, and, of a language, of each word alone
    that it has another word for -> sentences."""
    said = lesson(language, None) | speech(language).entries if language else {}
    known = {one for one in said if said[one] != one} - NAMES
    for number, cell in enumerate(notebook.cells, 1):
        for output in cell.get("outputs", []):
            made = output.get("data", {}).get("text/html", "")
            alone = {*HEADER.findall(made), *map(str.strip, APART.split(output.get("text", "")))}
            yield from (f"cell {number}: English in what it shows: {one}" for one in sorted(alone & known))
            view = fragments.read(made)
            texts = [one for key, one in _strings(view.spec) if key in labels() | {"words"}] if view else _texts(made)
            for text in dict.fromkeys(texts):
                for run in RUN.findall(ASIDE.sub(" ", text)):
                    yield f"cell {number}: English in what it shows: {run}"


def _texts(made: str) -> list[str]:
    return [html.unescape(one) for one in re.split(r"<[^>]*>", ASIDE.sub(" ", made)) if one.strip()]


def _strings(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict) and value.get("data") is not True:  # a shape whose words are data
        for name, one in value.items():
            yield from _strings(one, name)
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one, key)
