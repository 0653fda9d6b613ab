"""One sentence, in a frame for each chapter, in which "it" looks for its word. The same animal, street and "it" each
time; arcs as in the cover, as thick as what the chapter's model gives. Chapter 4 knows only places, three do not see
what comes after "it", and in chapter 3 it is the French "il" that asks.
"""

import html
from typing import NamedTuple

import numpy as np

from course_kit.i18n import t

WORDS = ["the", "animal", "didn't", "cross", "the (2)", "street", "because", "it", "was", "too", "tired", "."]
PLACES = 4  # the chapter whose map is of positions alone
WIDE, TALL, LINE = 104, 60, 37  # of a frame; where the words stand
THINGS = {  # (what is drawn, how far beside its word's place)
    "animal": (
        "M-9 4q-3 1-2 6M-8 3h14q2 0 2 2v4q0 2-2 2h-14q-2 0-2-2v-4q0-2 2-2zM7 3l1-2 4 1 1 4-3 2-3-1zM8 1l-1-3M11 1l2-3"
        "M-7 11v6M-4 11v6M3 11v6M6 11v6",
        1,
    ),
    "street": ("M-9 17l5-16h8l5 16zM0 2v3M0 8v3M0 14v3", 0),
    "tired": ("M-5 6h5l-5 6h5M2 1h4l-4 5h4", -3),
}


class Panel(NamedTuple):
    """A chapter's map of the sentence: its model; weights [Q, K]; the plain words of its queries and keys; layer and
    head, from 0, where the model has several."""

    model: str
    weights: np.ndarray
    queries: list[str]
    keys: list[str]
    layer: int | None = None
    head: int = 0

    @property
    def name(self) -> str:
        if self.layer is None:
            return t(self.model)
        return t("{name}, layer {layer}, head {head}", name=self.model, layer=self.layer + 1, head=self.head + 1)

    @property
    def asker(self) -> str:
        return "it" if "it" in self.queries else "il"

    def gives(self) -> np.ndarray:
        """What the asker gives to each key."""
        return self.weights[self.queries.index(self.asker)]

    def places(self) -> np.ndarray:
        """Where each key stands among WORDS; pieces of words stand between their neighbours."""
        known = [(i, WORDS.index(key)) for i, key in enumerate(self.keys) if key in WORDS]
        return np.interp(range(len(self.keys)), *np.transpose(known))

    def told(self) -> str:
        """In words what the frame shows."""
        given, keys = self.gives(), self.keys
        return t(
            "{name}: “{asker}” gives “animal” {animal} and “street” {street}; its largest share goes to “{most}”: "
            "{share}.",
            name=self.name,
            asker=self.asker,
            animal=f"{given[keys.index('animal')]:.2f}",
            street=f"{given[keys.index('street')]:.2f}",
            most=keys[given.argmax()].removesuffix(" (2)"),
            share=f"{given.max():.2f}",
        )


class Frames(dict[int, Panel]):
    """{chapter's number: its map}, shown side by side: of each its frame, and below it what the frame shows."""

    def __repr__(self) -> str:
        return "\n".join(f"{number} · {panel.told()}" for number, panel in self.items())

    def _repr_html_(self) -> str:
        shown = "".join(
            f'<figure style="margin:0">{frame(number, panel)}<figcaption style="font-size:.85em">{number} · '
            f"{html.escape(panel.told())}</figcaption></figure>"
            for number, panel in self.items()
        )
        grid = "display:grid;grid-template-columns:repeat(auto-fill,minmax(10em,1fr));gap:1em"
        return f'<div style="{grid}">{shown}</div>'


def frame(number: int, panel: Panel) -> str:
    """The frame of a chapter as SVG, in the colour of the text and that of queries."""
    given, at = panel.gives(), [_x(place) for place in panel.places()]
    asks = _x(WORDS.index("it")) if panel.asker == "it" else WIDE - 7
    arcs = "".join(_arc(asks, x, weight) for x, weight in sorted(zip(at, given, strict=True), key=lambda one: one[1]))
    blind = panel.weights.shape[0] == len(panel.keys) and not np.triu(panel.weights, 1).any()
    pale = set(THINGS) if number == PLACES else {"tired"} if blind else set()
    parts = [_thing(word, given[panel.keys.index(word)], word in pale) for word in THINGS]
    if blind:
        parts.append(f'<path d="M{asks + 8:.1f} 4V{TALL - 3}" stroke-dasharray="1.5 2.5"/>')
    if number == PLACES:
        parts += [_word(_x(WORDS.index(word)), str(WORDS.index(word) + 1)) for word in THINGS]
    if panel.asker != "it":
        parts.append(_word(_x(WORDS.index("it")), "it"))
    parts.append(_word(asks, str(WORDS.index("it") + 1) if number == PLACES else panel.asker, "query"))
    return (
        f'<svg class="frame" viewBox="0 0 {WIDE} {TALL}" aria-hidden="true">'
        f'<g fill="none" stroke="currentColor" stroke-linejoin="round">{arcs}{"".join(parts)}</g></svg>'
    )


def _x(place: float) -> float:
    return 6 + 8.2 * place


def _arc(start: float, end: float, weight: float) -> str:
    """From the asker to a word, the thicker the more it is given."""
    if weight < 0.02:
        return ""
    rise = 4 / 3 * (LINE - 6) * (abs(end - start) / 64) ** 0.65 if end != start else 24
    spread = 10 if end == start else 0  # to itself
    high = LINE - rise
    curve = f"M{start:.1f} {LINE}C{start - spread:.1f} {high:.1f} {end + spread:.1f} {high:.1f} {end:.1f} {LINE}"
    return f'<path d="{curve}" stroke-width="{0.6 + 6 * weight:.1f}" stroke-opacity="{0.2 + 0.8 * weight**0.5:.2f}"/>'


def _thing(word: str, weight: float, pale: bool) -> str:
    """In ink as full as its weight; pale: the chapter's map does not know it, or has not seen it."""
    path, aside = THINGS[word]
    ink = 0 if pale or word == "tired" else weight**0.5
    return (
        f'<path d="{path}" transform="translate({_x(WORDS.index(word)) + aside:.1f} {LINE + 4})" '
        f'opacity="{0.25 if pale else 1}" fill="currentColor" fill-opacity="{ink:.2f}"/>'
    )


def _word(x: float, text: str, role: str = "") -> str:
    return (
        f'<text x="{x:.1f}" y="{LINE + 15}" text-anchor="middle" font-size="14" font-weight="700" stroke="none" '
        f'class="{role}" fill="{"#b35900" if role else "currentColor"}">{text}</text>'
    )
