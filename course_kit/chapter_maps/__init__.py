"""What each chapter makes of one sentence, as a strip of frames. It stands at the head of the website's lessons,
and in a workbook it fills with ink as exercises are solved.

The weights are those of one sentence in a model from each chapter: data/results/one_sentence.json.
"""

import base64
import functools
import html
import json
from pathlib import Path

import numpy as np

from course_kit import files, notebook_names, results
from course_kit.chapter_maps.frames import Frames, Panel, frame
from course_kit.i18n import current


@functools.cache
def maps() -> Frames:
    """{chapter's number: its map}, as chapters/ch09/experiments/one_sentence.py recorded them."""
    found = results.load("one_sentence")["maps"]
    return Frames({int(n): Panel(**panel | {"weights": np.array(panel["weights"])}) for n, panel in found.items()})


def _notebook(name: str, language: str) -> Path:
    """A notebook in a language; the English one, where that is not built."""
    folder = files.course_folder() / "notebooks"
    path = folder / language / f"{name}.ipynb"
    return path if path.is_file() else folder / f"{name}.ipynb"


def address(number: int) -> str | None:
    """The frame of a chapter as the address of a picture; None where it has none."""
    if number not in maps():
        return None
    drawn = frame(number, maps()[number]).replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"')
    return f"data:image/svg+xml;base64,{base64.b64encode(drawn.encode()).decode()}"


def style() -> str:
    """The style sheet of `strip`."""
    return Path(__file__).with_name("maps.css").read_text(encoding="utf-8")


def questions() -> dict[int, tuple[str, str]]:
    """{chapter's number: (its lesson's name, the question that is its title)}"""
    return _questions(current())


@functools.cache
def _questions(language: str) -> dict[int, tuple[str, str]]:
    found = {}
    for path in sorted((files.course_folder() / "notebooks").glob("[0-9]*.ipynb")):
        if not notebook_names.is_annex(path.name):
            cells = json.loads(_notebook(path.stem, language).read_bytes())["cells"]
            first = "".join(cells[0]["source"]).partition("\n")[0]
            found[notebook_names.chapter(path.name)] = path.stem, first.partition(" · ")[2]
    return found


def strip(
    current: int | None = None, suffix: str = ".html", shares: dict[int, float] | None = None, words: bool = True
) -> str:
    """The frames in a row, each a link to its lesson, as HTML that needs `style()`.

    current: the number of the chapter whose lesson is being read. suffix: what follows a chapter's name in its address.
    shares: {number: how much of its frame has full ink, from 0 to 1}; None: all of each. words: whether the questions
    are seen; else the numbers are, and a screen reader says the questions.
    """
    parts = []
    for number in sorted(maps().keys() & questions().keys()):
        panel, (file, question) = maps()[number], questions()[number]
        share = 1 if shares is None else shares.get(number, 0)
        here = ' aria-current="page"' if number == current else ""
        said = "" if words else f' aria-label="{number} {html.escape(question)}"'
        inked = f' style="--share:{100 * share:.0f}%"'
        parts.append(
            f'<li><a href="{file}{suffix}"{here}{said} title="{html.escape(panel.told())}"{inked}>'
            f"{frame(number, panel)}<b>{number}</b>{f' {html.escape(question)}' if words else ''}</a></li>"
        )
    return f'<ol class="maps">{"".join(parts)}</ol>'
