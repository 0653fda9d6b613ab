"""How a verdict, a hint and a puzzle look: as HTML and, complete in itself, as plain text."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from typing import Any

from course_utils.runtime import in_notebook

SIGNS = {"right": "✓", "wrong": "✗", "unsolved": "○"}
EDGES = {"right": "solid", "wrong": "dashed", "unsolved": "dotted"}  # ink: the colours belong to the four roles
EXPECTED, MINE = ", expected", ", yours"
WIDEST = 10  # rows and columns of an array that are written out

Piece = tuple[str, str]  # the same content as HTML and as plain text


class Note:
    """Something to read, with an HTML form and a text form of the same content."""

    def __init__(self, page: str, text: str):
        self.page, self.text = page, text

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        return {"text/html": self.page, "text/plain": self.text}


def display(note: Any) -> None:
    """In a notebook a display, elsewhere a print."""
    if in_notebook():
        import IPython.display

        IPython.display.display(note)
    else:
        print(note)


def box(inside: str, edge: str = "solid", role: str = 'role="status"') -> str:
    """A quiet frame: one line at the left, the page's own colours and type."""
    style = (
        f"border-left:2px {edge} currentColor;padding:.1em 0 .1em .9em;margin:.4em 0;max-width:46em;"
        "line-height:1.5;color:var(--jp-content-font-color1,inherit)"
    )
    return f'<div class="course-exercise" {role} style="{style}">{inside}</div>'


def inline(text: str) -> str:
    """`code` and *emphasis* of a plain sentence, as HTML."""
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text, quote=False))
    return re.sub(r"(?<![*\w])\*(\w[^*<]*\w)\*(?![*\w])", r"<em>\1</em>", text)


def paragraph(text: str) -> str:
    return f'<p style="margin:.35em 0">{text}</p>'


def sentence(words: str, title: str = "") -> Piece:
    """A paragraph with `code` and *emphasis*, after a title in bold if there is one."""
    if not title:
        return paragraph(inline(words)), words
    return paragraph(f"<strong>{html.escape(title)}</strong>: {inline(words)}"), f"{title}: {words}"


def note_of(pieces: Iterable[Piece], edge: str = "solid", role: str = 'role="status"') -> Note:
    """Pieces in a frame, one below the other."""
    page, text = zip(*pieces, strict=True)
    return Note(box("".join(page), edge, role), "\n".join(text))


def code(text: str) -> str:
    inside = f"<code>{html.escape(text, quote=False)}</code>"
    return f'<pre style="margin:.2em 0;white-space:pre;overflow-x:auto">{inside}</pre>'


def array(x: Any, digits: int = 3) -> str:
    """An array as one would write it down: few digits, columns aligned, only the corners if it is large."""
    import torch

    if not isinstance(x, torch.Tensor):
        return _number(x, digits)
    if not x.dim():
        return _number(x.item(), digits)
    if not x.numel():
        return f"[] (shape {list(x.shape)})"
    if x.dim() > 2:
        inner = [array(one, digits).replace("\n", "\n ") for one in x[:2]]
        return "[" + ",\n\n ".join(inner) + (",\n …]" if len(x) > 2 else "]")
    rows = [[_number(n, digits) for n in row] for row in (x if x.dim() == 2 else x[None])[:WIDEST, :WIDEST].tolist()]
    rows = [[*row, "…"] if x.shape[-1] > WIDEST else row for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["[" + ", ".join(c.rjust(w) for c, w in zip(row, widths, strict=True)) + "]" for row in rows]
    if x.dim() == 1:
        return lines[0]
    return "[" + ",\n ".join(lines) + (",\n …]" if len(x) > WIDEST else "]")


def _number(x: Any, digits: int) -> str:
    if not isinstance(x, float):
        return str(x)
    text = f"{x:.{digits}f}"
    if 0 < abs(x) < 0.5 * 10**-digits or abs(x) >= 1e6:
        text = f"{x:.{digits - 1}e}"
    elif "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", "−")


def table(arrays: dict[str, Any]) -> Piece:
    """Named arrays, one below the other."""
    from .values import same

    written = {name: array(x) for name, x in arrays.items()}
    for name, text in written.items():  # close, but not equal: as many digits as it takes
        other = name.removesuffix(MINE) + EXPECTED
        if name.endswith(MINE) and text == written[other] and not same(arrays[name], arrays[other]):
            written |= {n: array(arrays[n], 8) for n in (name, other)}
    rows, lines, width = [], [], max(map(len, arrays)) + 2
    for name, text in written.items():
        cell = f'<pre style="margin:0;white-space:pre;overflow-x:auto">{html.escape(text, quote=False)}</pre>'
        head = '<th scope="row" style="text-align:left;vertical-align:top;font-weight:normal;padding:.1em 1em .1em 0">'
        rows.append(f'<tr style="background:none">{head}{html.escape(name)}</th>'
                    f'<td style="text-align:left;padding:.1em 0">{cell}</td></tr>')  # fmt: skip
        for i, line in enumerate(text.splitlines()):
            lines.append(f"  {'' if i else name:<{width}}{line}".rstrip())
    return f'<table style="margin:.3em 0;border:none"><tbody>{"".join(rows)}</tbody></table>', "\n".join(lines)


def verdict_note(verdict: Any, effort: str, mine: str, own: str) -> Note:
    """The verdict as a Note. mine: the student's name for it; own: the name of the course's own function."""
    name, lead = f"{SIGNS[verdict.state]} {verdict.name}", verdict.lead
    if verdict.state == "unsolved":
        pieces, lead = [sentence(f"not solved yet · {effort}", name), sentence(verdict.text)], "It should do this:"
        ending = f"Until then the notebook goes on with the course's own `{own}`."
    elif verdict.state == "right":
        pieces, ending = [sentence(verdict.text, name)], f"From here on the notebook uses your `{mine}`."
    else:
        pieces = [sentence(f"not yet. {verdict.text}", name)]
        ending = f'The notebook goes on with the course\'s own `{own}`. Stuck? `hint("{verdict.name}")`'
    if verdict.code:
        pieces.append((code(verdict.code), f"    {verdict.code}"))
    if verdict.arrays:
        pieces += [sentence(lead)] if lead else []
        pieces.append(table(verdict.arrays))
    return note_of([*pieces, *map(sentence, (*verdict.notes, ending))], EDGES[verdict.state])


def hints_note(name: str, hints: tuple[str, ...]) -> Note:
    """Hints, each folded inside the one before it."""
    page = ""
    for i, words in reversed(list(enumerate(hints, 1))):
        summary = f"Hint {i} of {len(hints)}"
        page = f"<details><summary>{summary}</summary>{paragraph(inline(words))}{page}</details>"
    text = [f"Hints: {name}"] + [f"  {i}. {words}" for i, words in enumerate(hints, 1)]
    return Note(box(page, role=f'role="group" aria-label="Hints: {html.escape(name)}"'), "\n".join(text))


def puzzle_note(puzzle: Any) -> Note:
    """A wrong program or list of claims with its numbers."""
    lines = "\n".join(f"{i:>2}  {line}" for i, line in enumerate(puzzle.program, 1))
    body, head = code(lines), f"Find the error: {puzzle.name} · {puzzle.effort}"
    if puzzle.claims:
        items = "".join(f'<li style="margin:.2em 0">{inline(line)}</li>' for line in puzzle.program)
        body = f'<ol style="margin:.3em 0">{items}</ol>'
    title = paragraph(f"<strong>{html.escape(head)}</strong>"), head
    ask = sentence(f"One {puzzle.unit} is wrong. Name it, and fix it: {puzzle.task}")
    return note_of([title, (body, lines), ask], role=f'role="group" aria-label="{html.escape(head)}"')
