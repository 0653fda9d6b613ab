"""How a verdict, a hint and a puzzle look: an HTML fragment and, complete in itself, plain text."""

from __future__ import annotations

import html
import re
from typing import Any

SIGNS = {"right": "✓", "wrong": "✗", "unsolved": "○"}
EDGES = {"right": "solid", "wrong": "dashed", "unsolved": "dotted"}  # ink: the colours belong to the four roles
# The sign as a stamp: full for right, an outline for wrong, a dotted one for what is open.
STAMPS = {"right": "background:currentColor", "wrong": "border:2px solid", "unsolved": "border:2px dotted"}
EXPECTED, MINE = ", expected", ", yours"
WIDEST = 10  # rows and columns of an array that are written out


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
    import sys

    if "IPython" in sys.modules and (shell := sys.modules["IPython"].get_ipython()) and hasattr(shell, "kernel"):
        sys.modules["IPython"].display.display(note)
    else:
        print(note)


def box(inside: str, edge: str = "solid", role: str = 'role="status"') -> str:
    """A quiet frame: one line at the left, the page's own colours and type."""
    style = (
        f"border-left:2px {edge} currentColor;padding:.1em 0 .1em .9em;margin:.4em 0;max-width:46em;"
        "line-height:1.5;color:var(--jp-content-font-color1,inherit)"
    )
    return f'<div class="course-exercise" {role} style="{style}">{inside}</div>'


def stamp(state: str) -> str:
    """✓, ✗ or ○ in a circle that is told from the others at a glance, in any colours of the page."""
    ground = "var(--jp-layout-color1,var(--paper,Canvas))"
    sign = f'<span style="color:{ground}">{SIGNS[state]}</span>' if state == "right" else SIGNS[state]
    return (
        '<span style="display:inline-grid;place-items:center;width:1.5em;height:1.5em;border-radius:50%;'
        f'box-sizing:border-box;font-weight:bold;line-height:1;{STAMPS[state]}">{sign}</span>'
    )


def inline(text: str) -> str:
    """`code` and *emphasis* of a plain sentence, as HTML."""
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text, quote=False))
    return re.sub(r"(?<![*\w])\*(\w[^*<]*\w)\*(?![*\w])", r"<em>\1</em>", text)


def paragraph(text: str) -> str:
    return f'<p style="margin:.35em 0">{text}</p>'


def code(text: str) -> str:
    inside = f'<code style="white-space:pre">{html.escape(text, quote=False)}</code>'  # JupyterLab wraps both
    return f'<pre style="margin:.2em 0;white-space:pre;overflow-x:auto">{inside}</pre>'


def array(x: Any, digits: int = 3) -> str:
    """An array as one would write it down: few digits, columns aligned, only the corners if it is large."""
    import torch

    if isinstance(x, str):
        return x
    if isinstance(x, torch.Tensor):
        return _block(x.detach().cpu(), digits)
    return _number(x, digits) if isinstance(x, float) else str(x)


def _block(x: Any, digits: int) -> str:
    if not x.dim():
        return _number(x.item(), digits)
    if not x.numel():
        return f"[] (shape {list(x.shape)})"
    if x.dim() > 2:
        inner = [_block(one, digits).replace("\n", "\n ") for one in x[:2]]
        return "[" + ",\n\n ".join(inner) + (",\n …]" if len(x) > 2 else "]")
    rows = [_cells(row, digits) for row in (x if x.dim() == 2 else x[None])[:WIDEST]]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["[" + ", ".join(c.rjust(w) for c, w in zip(row, widths, strict=True)) + "]" for row in rows]
    if x.dim() == 1:
        return lines[0]
    return "[" + ",\n ".join(lines) + (",\n …]" if len(x) > WIDEST else "]")


def _cells(row: Any, digits: int) -> list[str]:
    return [_number(one, digits) for one in row[:WIDEST].tolist()] + ["…"] * (len(row) > WIDEST)


def _number(x: Any, digits: int) -> str:
    if not isinstance(x, float):
        return str(x)
    text = f"{x:.{digits}f}"
    if 0 < abs(x) < 0.5 * 10**-digits or abs(x) >= 1e6:
        text = f"{x:.{digits - 1}e}"
    elif "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", "−")


def table(arrays: dict[str, Any]) -> tuple[str, str]:
    """Named arrays, one under the other: (HTML, text)."""
    if not arrays:
        return "", ""
    from .values import same

    written = {name: array(x) for name, x in arrays.items()}
    for name, text in written.items():  # close, but not equal: as many digits as it takes
        other = name.removesuffix(MINE) + EXPECTED
        if name.endswith(MINE) and text == written[other] and not same(arrays[name], arrays[other]):
            written |= {n: array(arrays[n], 8) for n in (name, other)}
    rows = []
    for name, text in written.items():
        cell = f'<pre style="margin:0;white-space:pre;overflow-x:auto">{html.escape(text, quote=False)}</pre>'
        head = '<th scope="row" style="text-align:left;vertical-align:top;font-weight:normal;padding:.1em 1em .1em 0">'
        rows.append(f'<tr style="background:none">{head}{html.escape(name)}</th>'
                    f'<td style="text-align:left;padding:.1em 0">{cell}</td></tr>')  # fmt: skip
    width = max(map(len, arrays)) + 2
    lines = []
    for name, text in written.items():
        first, *rest = text.splitlines()
        lines += [f"  {name:<{width}}{first}"] + [f"  {'':<{width}}{line}".rstrip() for line in rest]
    return f'<table style="margin:.3em 0;border:none"><tbody>{"".join(rows)}</tbody></table>', "\n".join(lines)


def verdict_note(verdict: Any, effort: str, mine: str, own: str) -> Note:
    """The verdict as a Note. mine: the student's name for it; own: the name of the course's own function."""
    sign = SIGNS[verdict.state]
    grid, lines = table(verdict.arrays)
    if verdict.state == "unsolved":
        head, ending = f"not solved yet · {effort}", f"Until then the notebook goes on with the course's own `{own}`."
        lead = "It should do this:" if verdict.arrays else ""
    elif verdict.state == "right":
        head, lead, ending = "", "", f"From here on the notebook uses your `{mine}`."
    else:
        head, lead = "not yet.", verdict.lead
        ending = f'The notebook goes on with the course\'s own `{own}`. Stuck? `hint("{verdict.name}")`'
    name = f"{sign} {verdict.name}"
    title = f"{stamp(verdict.state)} <strong>{html.escape(verdict.name)}</strong>"
    page = [paragraph(f"{title}: {html.escape(head)} {inline(verdict.text)}")]
    text = [f"{name}: {head} {verdict.text}".replace(":  ", ": ")]
    if verdict.state == "unsolved":
        page = [paragraph(f"{title}: {head}"), paragraph(inline(verdict.text))]
        text = [f"{name}: {head}", verdict.text]
    if verdict.code:
        page.append(code(verdict.code))
        text.append(f"    {verdict.code}")
    if grid:
        page += [paragraph(lead), grid] if lead else [grid]
        text += [lead, lines] if lead else [lines]
    for words in (*verdict.notes, ending):
        page.append(paragraph(inline(words)))
        text.append(words)
    return Note(box("".join(page), EDGES[verdict.state]), "\n".join(text))


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
    lines = [f"{i:>2}  {line}" for i, line in enumerate(puzzle.program, 1)]
    head = f"Find the error: {puzzle.name} · {puzzle.effort}"
    ask = f"One {puzzle.unit} is wrong. Name it, and mend it: {puzzle.task}"
    if puzzle.claims:
        items = "".join(f'<li style="margin:.2em 0">{inline(line)}</li>' for line in puzzle.program)
        body = f'<ol style="margin:.3em 0">{items}</ol>'
    else:
        body = code("\n".join(lines))
    page = paragraph(f"<strong>{html.escape(head)}</strong>") + body + paragraph(inline(ask))
    text = "\n".join([head, *lines, ask])
    return Note(box(page, role=f'role="group" aria-label="{html.escape(head)}"'), text)
