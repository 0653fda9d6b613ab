"""Two sentences that differ in one word, translated without the heads that a reader has knocked out of a view."""

import difflib
from collections.abc import Sequence
from html import escape

from course_kit.checkpoints import Loaded
from course_kit.decoding import translate
from course_kit.heads import Head, silenced
from course_kit.views.live import below

CELL = "padding:4px 24px 4px 0;text-align:left;vertical-align:top;font-weight:400;border:0"
CHANGED = "font-weight:700;text-decoration:underline 2px;text-underline-offset:3px"


def twins_without(view, loaded: Loaded, sentences: Sequence[str], knocked: Sequence[Sequence[int]] = ()):
    """A table below `view`, a live `heads`: how a Transformer translates the sentences with all of its encoder's heads,
    and without those that are knocked out. knocked: those that are out at first, (layer, head) from 0.

    A row for each sentence; words that are not in the translation by all heads are underlined."""
    whole, view.knocked = _translated(loaded, sentences), [list(one) for one in knocked]

    def tell():
        out = [Head("encoder", layer + 1, head + 1) for layer, head in view.knocked]
        names = ", ".join(f"{one.layer}.{one.head}" for one in out)
        with silenced(loaded.model, out):
            left = _translated(loaded, sentences) if out else None
        return _table(sentences, whole, left, f"Without {names}")

    return below(view, tell, "knocked")


def _translated(loaded: Loaded, sentences: Sequence[str]) -> list[str]:
    return [str(one) for one in translate(loaded, list(sentences), beam=1)]


def _table(sentences: Sequence[str], whole: list[str], left: list[str] | None, heading: str) -> str:
    columns = [("English", list(sentences)), ("With all heads", whole)]
    rows = [[escape(text) for text in texts] for texts in zip(*(column for _, column in columns), strict=True)]
    names = [name for name, _ in columns]
    if left is not None:
        names.append(heading)
        for row, before, now in zip(rows, whole, left, strict=True):
            row.append("the same" if now == before else _marked(before, now))
    head = "".join(f'<th scope="col" style="{CELL};opacity:.75">{escape(name)}</th>' for name in names)
    body = "".join(
        f"<tr>{''.join(f'<td style={chr(34)}{CELL}{chr(34)}>{cell}</td>' for cell in row)}</tr>" for row in rows
    )
    return f'<table style="border-collapse:collapse;line-height:1.45"><thead><tr>{head}</tr></thead>{body}</table>'


def _marked(before: str, now: str) -> str:
    """The second text, its words that differ from the first underlined."""
    old, new = before.split(), now.split()
    said = []
    for kind, _, _, start, end in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        words = escape(" ".join(new[start:end]))
        if words:
            said.append(words if kind == "equal" else f'<b style="{CHANGED}">{words}</b>')
    return " ".join(said)
