"""What every view is: data, and a picture, words and a table of the same.

`View` is the default shell: HTML that the page's program (`program.py`) turns into a view, without a kernel; where no
script may run, picture, caption and table remain. `live.LiveView` is the other shell: there Python listens.
"""

import base64
import copy
import html
import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from course_kit.i18n import apart, from_cell, t
from course_kit.views import program
from course_kit.views.table import TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Control = dict[str, Any]  # kind, name, label, and what the kind needs
V = TypeVar("V", bound="View")
BEYOND = re.compile("[\U00010000-\U0010ffff]")  # signs that few fonts draw


class View:
    """Base of all views. A subclass names its `kind` (as in chapters/views.js), packs what it shows into `arrays`,
    `options`, `controls` and `state`, and says the same in `describe` and `table`.

    title: a question. caption: what to look at; "[query|it]" colours a word in its role.
    state: name -> value, all that a reader can change; `controls` tells how (range, choice, toggles, button).
    """

    kind: str
    format = 1  # of what is saved of this kind: one more, as in its JavaScript, where what was saved draws no longer
    wording = frozenset({"title", "caption", "label", "name", "names", "fold"})  # names in the spec of what are words
    size = (7.0, 3.6)  # of the static picture, in inches
    colours = 48  # of the static picture: more where small marks in a role's colour stand between many greys
    scale = 1.5  # of the static picture, × 96 dpi
    presenting = False  # in large type, for a projector

    def __init__(
        self,
        title: str,
        caption: str,
        arrays: Mapping[str, np.ndarray],
        state: Mapping[str, Any],
        controls: Sequence[Control] = (),
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self.title, self.caption = from_cell(title), from_cell(caption)
        self.arrays, self.state, self.controls = arrays, dict(state), list(controls)
        self.options = dict(options or {})

    def describe(self) -> str:
        """What the view shows at its current state, in a few sentences."""
        raise NotImplementedError

    def table(self) -> TextTable:
        """The numbers that the view shows at its current state."""
        raise NotImplementedError

    def first(self) -> dict[str, Any]:
        """The state with which what plays begins; empty: nothing plays."""
        return {}

    def draw(self, figure: "Figure") -> None:
        """Draws the static picture of the current state into a matplotlib figure: its table, where a view has no
        picture of its own. The pictures of the course's notebooks are the program's: course_tools/authoring/stills.py.
        """
        table = self.table()
        figure.set_layout_engine("none")  # each cell has its place, whatever is in it
        axes = figure.add_axes((0.02, 0.02, 0.96, 0.96))
        axes.axis("off")
        rows = [[BEYOND.sub("□", cell[:24]) for cell in row[:6]] for row in [table.header, *table.rows[:9]]]
        drawn = axes.table(rows, bbox=(0, 0, 1, 1), edges="horizontal", cellLoc="center")  # type: ignore[arg-type]
        for cell in drawn.get_celld().values():
            cell.get_text().set_parse_math(False)

    def to_image(self) -> bytes:
        """The view at its current state as lossless WebP, as it stands in a notebook."""
        from course_kit.views.picture import render

        return render(self.draw, self.size, self.scale, self.colours)

    # ---- the two shells' common ground
    def spec(self) -> dict[str, Any]:
        """All but the numbers, as JSON: what the program needs to build the view."""
        layout, offset = [], 0
        for name, array in self.arrays.items():
            layout.append({"name": name, "dtype": str(array.dtype), "size": array.size, "offset": offset})
            offset += array.nbytes
        told = {name: getattr(self, name) for name in ("kind", "title", "caption", "state", "controls", "presenting")}
        words = self.title if self.options.get("silent") else self.describe()
        told |= {"format": self.format, "words": words, "arrays": layout}
        caption, line = apart(self.caption)
        if line:
            told |= {"caption": caption, "recorded": line}
        return told | self.options

    def payload(self) -> bytes:
        """The numbers, one array after the other, little-endian, as the `arrays` of `spec()` lay them out."""
        little = (np.ascontiguousarray(a).astype(a.dtype.newbyteorder("<")) for a in self.arrays.values())
        return b"".join(a.tobytes() for a in little)

    def fragment(self, spec: dict[str, Any] | None = None) -> str:
        """The HTML shell: picture, caption and table for everyone, the data, and the lines that ask for the program."""
        spec = spec or self.spec()
        return f'<div class="course-view">{self.still(spec["words"])}{self.data(spec)}{program.SHOW}</div>'

    def data(self, spec: dict[str, Any] | None = None) -> str:
        """`[spec, numbers in base64]` as JSON, in an element that no browser runs."""
        return data_element(spec or self.spec(), base64.b64encode(self.payload()).decode())

    def still(self, words: str) -> str:
        """What remains where no script may run: the picture with its words as alt text, the caption, the table."""
        if poster := self.options.get("poster"):
            view = at(self, **poster)
            view.options = {**self.options, "poster": None}
            return view.still(view.describe())
        picture = base64.b64encode(self.to_image()).decode()
        words, width = html.escape(words), round(self.size[0] * 96)
        if leads := self.options.get("leads"):
            return (
                f'<a href="{html.escape(leads)}"><img alt="{words}" width="{width // 4}" '
                f'src="data:image/webp;base64,{picture}"> {html.escape(self.title)}</a>'
            )
        caption, line = apart(self.caption)
        plain = html.escape(re.sub(r"\[\w+\|([^\]]*)\]", r"\1", caption))
        recorded = f"<p>{html.escape(line)}</p>" if line else ""
        return (
            f'<figure style="margin:0"><b>{html.escape(self.title)}</b><figcaption>{plain or words}</figcaption>'
            f'<img alt="{words}" width="{width}" src="data:image/webp;base64,{picture}">'
            f"<details><summary>{t('table')}</summary>{self.table()._repr_html_()}{recorded}</details></figure>"
        )

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        spec = self.spec()
        plain = f"{self.title}\n{spec['words']}"
        return {"text/html": program.with_each() + self.fragment(spec), "text/plain": plain}


def at(view: View, **state: Any) -> View:
    """The same view with another state; the given one stays as it is."""
    other = copy.copy(view)
    other.state = {**view.state, **state}
    return other


def asking(view: V, **first: Any) -> V:
    """The same view for a guess: it says nothing of what it shows, nor does its alt text, until a hand has moved it.

    What plays opens on its first state, in a page and in front of a class, and waits there. first: another state to
    open on, such as `step=0`. The state that it was made with is its poster: the still picture, print, GitHub and a
    page without motion show it, so it belongs behind the question. In front of a class → plays it.
    """
    view.options["silent"] = True
    if first := first or view.first():
        view.options["poster"] = {name: view.state[name] for name in first}
        view.state.update(first)
        if any(control["name"] == "play" for control in view.controls):
            view.options.setdefault("in_class", ["play"])
    return view


def seen(view: V, address: str) -> V:
    """The same view as a thumbnail that leads to where the drawing was shown first.

    address: `#anchor` of this notebook, or `04_positional_encoding.ipynb#anchor`.
    """
    view.options["leads"] = address
    return view


def in_class(view: V, *presses: str) -> V:
    """The same view, which says what → does to it in front of a class, press by press, before it goes on.

    A press is the name of one of its buttons or of another action, such as "play", or that of a choice, which takes its
    next option. ← takes them back. Without any, → goes on at once. Without this function → walks through the steps of a
    view that is told in steps, and leaves any other one alone.
    """
    view.options["in_class"] = list(presses)
    return view


def json_for_script(value: object) -> str:
    """JSON that may stand inside a <script>: no text in it can end the script, or begin a comment or another one."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")


def data_element(spec: dict[str, Any], numbers: str) -> str:
    """A view's data in an element of HTML. numbers: in base64."""
    return f'<script type="application/json">{json_for_script([spec, numbers])}</script>'
