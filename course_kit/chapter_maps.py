"""The small maps: what each chapter makes of one sentence. They are the website's cover and its way from chapter
to chapter, the picture on the title of slides, and in a workbook they fill with ink as exercises are solved.

The weights are those of the last view in chapter 9: they are taken from its committed output, not made again.
"""

import base64
import functools
import html
import io
import json
from pathlib import Path

import numpy as np

from course_kit import files, lessons
from course_kit.i18n import current, t
from course_kit.views import fragments

LAST = "09_who_taught_it"


def weights() -> dict[int, tuple[str, np.ndarray]]:
    """{chapter's number: (name of its map, weights [Q, K])} from the journey in LAST; {} where it was not run."""
    return _weights(current())


def _notebook(name: str, language: str) -> Path:
    """A notebook in a language; the English one, where that is not built."""
    folder = files.course_folder() / "notebooks"
    path = folder / language / f"{name}.ipynb"
    return path if path.is_file() else folder / f"{name}.ipynb"


@functools.cache
def _weights(language: str) -> dict[int, tuple[str, np.ndarray]]:
    path = _notebook(LAST, language)
    for cell in json.loads(path.read_bytes())["cells"] if path.is_file() else ():
        for output in cell.get("outputs", ()):
            made = "".join(output.get("data", {}).get("text/html", ()))
            if '"kind":"journey"' in made:
                view = fragments.read(made)
                assert view is not None
                return _panels(view)
    return {}


def _panels(view: fragments.View) -> dict[int, tuple[str, np.ndarray]]:
    """What `weights` gives, of the journey."""
    numbers, found = base64.b64decode(view.data), {}
    for panel, array in zip(view.spec["panels"], view.spec["arrays"], strict=True):
        kind = np.dtype(array["dtype"]).newbyteorder("<")
        shown = np.frombuffer(numbers, kind, array["size"], array["offset"]).astype(float)
        found[int(panel["chapter"])] = panel["title"], np.nan_to_num(shown.reshape(panel["shape"]))
    return found


def ink(shown: np.ndarray) -> str:
    """Weights [Q, K] as the address of a picture of one pixel each. Opacity: the root of the weight, in all maps alike,
    so that small weights are seen in a small map."""
    from PIL import Image

    opacity, data = np.round(255 * np.sqrt(shown.clip(0, 1))).astype(np.uint8), io.BytesIO()
    Image.fromarray(np.stack([np.zeros_like(opacity), opacity], axis=-1), "LA").save(data, "PNG")
    return f"data:image/png;base64,{base64.b64encode(data.getvalue()).decode()}"


def style() -> str:
    """The style sheet of `strip`: each map is cut out of the colour of the text."""
    rules = Path(__file__).with_name("maps.css").read_text(encoding="utf-8")
    return rules + "".join(
        f".maps .ink{number} {{ mask-image: url({ink(shown)}) }}\n" for number, (_, shown) in weights().items()
    )


def questions() -> dict[int, tuple[str, str]]:
    """{chapter's number: (its lesson's name, the question that is its title)}"""
    return _questions(current())


@functools.cache
def _questions(language: str) -> dict[int, tuple[str, str]]:
    found = {}
    for path in sorted((files.course_folder() / "notebooks").glob("[0-9]*.ipynb")):
        if not lessons.is_annex(path.name):
            cells = json.loads(_notebook(path.stem, language).read_bytes())["cells"]
            first = "".join(cells[0]["source"]).partition("\n")[0]
            found[lessons.chapter(path.name)] = path.stem, first.partition(" · ")[2]
    return found


def strip(
    current: int | None = None, suffix: str = ".html", shares: dict[int, float] | None = None, words: bool = True
) -> str:
    """The maps in a row, each a link to its lesson, as HTML that needs `style()`.

    current: the number of the chapter whose lesson is being read. suffix: what follows a chapter's name in its address.
    shares: {number: how much of its map has full ink, from 0 to 1}; None: all of each. words: whether the questions
    are seen; else the numbers are, and a screen reader says the questions.
    """
    parts = []
    for number in sorted(weights().keys() & questions().keys()):
        (name, _), (file, question) = weights()[number], questions()[number]
        share = 1 if shares is None else shares.get(number, 0)
        here = ' aria-current="page"' if number == current else ""
        told = "" if words else f' aria-label="{number} {html.escape(question)}"'
        whose = html.escape(t("{name}; full ink is 1, half ink 0.25", name=name))
        parts.append(
            f'<li><a href="{file}{suffix}"{here} title="{whose}"{told}>'
            f'<span class="map"><span class="ink ink{number}" style="--share:{100 * share:.0f}%"></span></span>'
            f"<b>{number}</b>{f' {html.escape(question)}' * words}</a></li>"
        )
    return f'<ol class="maps">{"".join(parts)}</ol>'
