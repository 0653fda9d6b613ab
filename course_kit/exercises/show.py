"""How a verdict and a hint look: as HTML and, complete in itself, as plain text."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import Any

from course_kit.i18n import sentences, t
from course_kit.markup import LINK, inline
from course_kit.shell import in_notebook

EXPECTED, MINE = ", expected", ", yours"  # behind the name of a result, among the arrays of a verdict
SIGNS = {"right": "✓", "wrong": "✗", "unsolved": "○", "unchecked": "!"}
STATES = {"right": t("Right"), "wrong": t("Not yet"), "unsolved": t("Not solved yet"), "unchecked": t("Not checked")}
QUIET = "color-mix(in srgb, currentColor 72%, transparent)"
BRICK = "color-mix(in srgb, #d8403c 72%, currentColor)"  # of no role; from the page's ink, so it suits any theme
# A card for each state, told apart by shape and weight: framed and full, open with a bar at its side, hardly there.
CARDS = {
    "right": "padding:.65em .95em;border:2px solid;background:color-mix(in srgb, currentColor 6%, transparent)",
    "wrong": f"padding:.65em .95em;border:1px solid color-mix(in srgb, {BRICK} 45%, transparent);"
    f"border-left:6px solid {BRICK}",
    "unsolved": "padding:.3em .95em;border:1px dashed color-mix(in srgb, currentColor 40%, transparent)",
}
CARDS["unchecked"] = CARDS["unsolved"]
# The sign as a stamp: a full disc for right, a hollow square for wrong, a ring for what is open.
STAMPS = {
    "right": "border-radius:50%;background:currentColor",
    "wrong": f"border-radius:.3em;border:2px solid;color:{BRICK}",
    "unsolved": f"border-radius:50%;border:2px solid;color:{QUIET}",
    "unchecked": f"color:{QUIET}",
}
WIDEST = 10  # rows and columns of an array that are written out
LONG = 12  # lines of inputs that are shown unfolded
PATIENT = 3  # attempts after which the first hint is open

Piece = tuple[str, str]  # the same content as HTML and as plain text


class Note:
    """Something to read, with an HTML form and a text form of the same content. told: what its output says to the
    course's tools, beside what it shows."""

    def __init__(self, page: str, text: str, **told: Any):
        self.page, self.text, self.told = page, text, told

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, str], dict[str, Any]]:
        return {"text/html": self.page, "text/plain": self.text}, {"course": self.told} if self.told else {}


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


def card(inside: str, state: str) -> str:
    """A verdict's frame, which says its state before a word is read."""
    style = (
        f"{CARDS[state]};border-radius:.5em;margin:.5em 0;box-sizing:border-box;width:fit-content;max-width:100%;"
        "min-width:min(100%,34em);line-height:1.5;color:var(--jp-content-font-color1,inherit)"
    )
    return f'<div class="course-exercise course-card course-{state}" role="status" style="{style}">{inside}</div>'


def stamp(state: str) -> str:
    """✓, ✗ or ○ in a shape that is told from the others at a glance, in any colours of the page."""
    ground = "var(--jp-layout-color1,var(--paper,Canvas))"
    sign = f'<span style="color:{ground}">{SIGNS[state]}</span>' if state == "right" else SIGNS[state]
    sign = f'<span style="opacity:0">{SIGNS[state]}</span>' if state == "unsolved" else sign  # the ring says it
    return (
        '<span class="course-stamp" style="display:inline-grid;place-items:center;width:1.5em;height:1.5em;'
        f'margin-right:.3em;box-sizing:border-box;font-weight:bold;line-height:1;{STAMPS[state]}">{sign}</span>'
    )


def paragraph(text: str) -> str:
    return f'<p style="margin:.35em 0;max-width:64ch">{text}</p>'


def sentence(words: str) -> Piece:
    """A paragraph with `code`, *emphasis* and links, of which the text has the words."""
    return paragraph(inline(words)), LINK.sub(r"\1", words)


def headed(state: str, name: str, words: str, head: str = "", beside: str = "", below: str = "") -> Piece:
    """The head of a verdict: its stamp, its state in bold, and quietly the exercise's name.

    words: all of it as text. head: the state in other words; beside: said instead of the name; below: what the page
    says in the next paragraph.
    """
    of = f'<span style="color:{QUIET}">· {inline(beside) if beside else html.escape(t(name))}</span>'
    head = f'<strong style="font-size:1.1em">{head or STATES[state]}</strong>'
    page = f'<p style="margin:.35em 0">{stamp(state)} {head} {of}</p>'
    return page + (paragraph(inline(below)) if below else ""), f"{SIGNS[state]} " + t(
        "{name}: {text}", name=t(name), text=words
    )


def quiet(*words: str) -> Piece:
    """Sentences that may be read later, in one paragraph; as text, each on a line of its own."""
    page = f'<p style="margin:.5em 0 .35em;max-width:64ch;color:{QUIET};font-size:.92em">{inline(" ".join(words))}</p>'
    return page, "\n".join(words)


def note_of(pieces: Iterable[Piece], edge: str = "solid", **told: Any) -> Note:
    """Pieces in a frame, one below the other. told: of the Note."""
    page, text = zip(*pieces, strict=True)
    return Note(box("".join(page), edge), "\n".join(text), **told)


def code(text: str) -> str:
    inside = f'<code style="white-space:pre">{html.escape(text, quote=False)}</code>'  # JupyterLab wraps both
    style = f"margin:.35em 0;padding:.1em 0 .1em .7em;border-left:3px solid {QUIET};white-space:pre;overflow-x:auto"
    return f'<pre style="{style}">{inside}</pre>'


def array(x: Any, digits: int = 3, wrong: Any = None) -> str:
    """An array as one would write it down: few digits, columns aligned, only the corners if it is large.

    wrong: a bool tensor of its shape; the numbers where it is True are marked, and the text is HTML.
    """
    import torch

    if not isinstance(x, torch.Tensor) or not x.dim():
        text = _number(x.item() if isinstance(x, torch.Tensor) else x, digits)
        return text if wrong is None else marked(html.escape(text, quote=False), bool(wrong.any()))
    if not x.numel():
        return t("[] (shape {shape})", shape=list(x.shape))
    if x.dim() > 2:
        flags = [None] * len(x) if wrong is None else wrong
        inner = [array(part, digits, flag).replace("\n", "\n ") for part, flag in zip(x[:2], flags[:2], strict=False)]
        return "[" + ",\n\n ".join(inner) + (",\n …]" if len(x) > 2 else "]")
    corner = (x if x.dim() == 2 else x[None])[:WIDEST, :WIDEST]
    rows = [[_number(n, digits) for n in row] for row in corner.tolist()]
    flags = torch.zeros_like(corner, dtype=torch.bool) if wrong is None else wrong.reshape(-1, x.shape[-1])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    more = ", …]" if x.shape[-1] > WIDEST else "]"
    lines = []
    for row, row_flags in zip(rows, flags.tolist(), strict=False):
        cells = zip(row, widths, row_flags, strict=False)
        lines.append("[" + ", ".join(" " * (w - len(c)) + marked(c, flag) for c, w, flag in cells) + more)
    if x.dim() == 1:
        return lines[0]
    return "[" + ",\n ".join(lines) + (",\n …]" if len(x) > WIDEST else "]")


def marked(text: str, wrong: bool) -> str:
    """A number that differs: in bold, with a line below, so that it is seen without colours."""
    look = "background:none;color:inherit;font-weight:bold;border-bottom:2px solid"
    return f'<mark style="{look}">{text}</mark>' if wrong else text


def _number(x: Any, digits: int) -> str:
    if not isinstance(x, float):
        return str(x)
    text = f"{x:.{digits}f}"
    if 0 < abs(x) < 0.5 * 10**-digits or abs(x) >= 1e6:
        text = f"{x:.{digits - 1}e}"
    elif "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text.replace("-", "−")


def differing(got: Any, want: Any) -> Any:
    """Where a result differs, as a bool tensor of its shape; everywhere if that cannot be told number by number."""
    import torch

    from course_kit.exercises.compare import close, same

    if isinstance(got, torch.Tensor) and isinstance(want, torch.Tensor) and got.shape == want.shape:
        return ~close(got, want)
    return torch.full(got.shape if isinstance(got, torch.Tensor) else (), not same(got, want))


def table(arrays: dict[str, Any]) -> Piece:
    """Named arrays: inputs one below the other, folded where they are long; then what is expected beside what came."""
    inputs = {name: x for name, x in arrays.items() if not name.endswith((EXPECTED, MINE))}
    names = [name.removesuffix(EXPECTED) for name in arrays if name.endswith(EXPECTED)]
    written = {name: array(x) for name, x in arrays.items()}
    page = "".join(_row(name, _pre(html.escape(written[name], quote=False))) for name in inputs)
    page = f'<table style="margin:.3em 0;border:none;{CODE}"><tbody>{page}</tbody></table>'
    if sum(written[name].count("\n") + 1 for name in inputs) > LONG:
        summary = html.escape(t("inputs: {names}", names=", ".join(inputs)))
        page = f"<details><summary>{summary}</summary>{page}</details>"
    marks = {name: arrays[name + MINE] for name in names if name + MINE in arrays}
    marks = {name: differing(got, arrays[name + EXPECTED]) for name, got in marks.items()}
    for name, wrong in marks.items():
        ends = name + EXPECTED, name + MINE
        if wrong.any() and written[ends[0]] == written[ends[1]]:  # as many digits as it takes
            written |= {end: array(arrays[end], 8) for end in ends}
            marks[name] = array(arrays[ends[1]], 8, wrong)
        else:
            marks[name] = array(arrays[ends[1]], wrong=wrong)
    for name in names:  # beside each other, or below where there is no room for both
        pair = _column(_called(name + EXPECTED), html.escape(written[name + EXPECTED], quote=False))
        pair += _column(_called(name + MINE), marks[name], strong=True) if name in marks else ""
        page += f'<div style="display:flex;flex-wrap:wrap;gap:.3em 4ch;margin:.4em 0;{CODE}">{pair}</div>'
    lines, width = [], max(len(_called(name)) for name in arrays) + 2
    for key, text in written.items():
        name = _called(key)
        lines += [f"  {'' if i else name:<{width}}{line}".rstrip() for i, line in enumerate(text.splitlines())]
    return page, "\n".join(lines)


def _called(name: str) -> str:
    """What a reader sees above one of the arrays of a verdict."""
    if name.endswith(EXPECTED):
        return t("{name}, expected", name=name.removesuffix(EXPECTED))
    return t("{name}, yours", name=name.removesuffix(MINE)) if name.endswith(MINE) else name


CODE = "font-family:var(--jp-code-font-family,monospace);font-size:.92em"
WORDS = "font-family:var(--jp-content-font-family,system-ui,sans-serif)"


def _pre(inside: str) -> str:
    """Text as it is written; a line wider than its column goes on below, between words and not within one."""
    inside = inside.replace("-&gt;", '<span style="white-space:nowrap">-&gt;</span>')
    return f'<pre style="margin:0;font:inherit;white-space:pre-wrap;overflow-wrap:break-word">{inside}</pre>'


def _row(name: str, cell: str) -> str:
    style = f"border:none;text-align:left;vertical-align:top;font-weight:normal;padding:.1em 1.2em .1em 0;color:{QUIET}"
    cell = f'<td style="border:none;text-align:left;padding:.1em 0;font-size:inherit">{cell}</td>'
    return f'<tr style="background:none"><th scope="row" style="{style}">{html.escape(name)}</th>{cell}</tr>'


def _column(name: str, inside: str, strong: bool = False) -> str:
    look = f"display:block;{WORDS};" + ("font-weight:bold" if strong else f"color:{QUIET}")
    name = f'<span style="{look}">{html.escape(name)}</span>'
    return f'<div style="min-width:0;max-width:100%">{name}{_pre(inside)}</div>'


def verdict_note(
    verdict: Any, own: str, used: str = "", hints: Sequence = (), attempts: int = 0, solved: Sequence = ()
) -> Note:
    """The verdict as a Note.

    own: the name of the course's own function; used: where the notebook uses the student's, said after ✓; hints: folded
    into the verdict, the first one open from the third attempt on; solved: for each exercise of the lesson, and of
    its annex, whether it is solved.
    """
    stuck: list[Piece] = []
    if hints:
        text = t('Stuck? `hint("{name}")`', name=verdict.name)
        stuck = [(folded(hints, first="open" if attempts >= PATIENT else ""), text)]
    if verdict.state == "unsolved":
        pieces = _unsolved(verdict, own)
    elif verdict.state == "right":
        pieces = _right(verdict)
        pieces += [sentence(used)] if used else []
        pieces += [filled(*solved)] if solved else []
    else:
        pieces = [*_wrong(verdict), *stuck, _goes_on(verdict, own)]
    return Note(card("".join(page for page, _ in pieces), verdict.state), "\n".join(text for _, text in pieces))


def _unsolved(verdict: Any, own: str) -> list[Piece]:
    """One line: the task and its example stand in the card above."""
    until = t("Until then the notebook goes on with the course's own `{own}`.", own=own)
    words = t("not solved yet. {text}", text=until)
    return [headed("unsolved", verdict.name, words, beside=until[:1].lower() + until[1:]), *_noted(verdict)]


def _right(verdict: Any) -> list[Piece]:
    lead, text, head = verdict.lead, verdict.text, verdict.text.rstrip(".。")
    above = headed("right", verdict.name, sentences(text, lead), inline(head[:1].upper() + head[1:]), below=lead)
    return [above, *_shown(verdict, lead), *_noted(verdict)]


def _wrong(verdict: Any) -> list[Piece]:
    """Also of a check that failed itself."""
    words = verdict.text if verdict.state == "unchecked" else t("not yet. {text}", text=verdict.text)
    head = headed(verdict.state, verdict.name, words, _stopped(verdict), below=verdict.text)
    return [head, *_shown(verdict, verdict.lead), *_noted(verdict)]


def _goes_on(verdict: Any, own: str) -> Piece:
    closer = verdict.here is not None and verdict.arrays  # what does not end would only run again
    look = t('Look closer: `mine, inputs = again("{name}")`, then `mine(*inputs)`.', name=verdict.name)
    return quiet(*([look] if closer else []), t("The notebook goes on with the course's own `{own}`.", own=own))


def _shown(verdict: Any, lead: str) -> list[Piece]:
    """The line of code and the arrays of a verdict."""
    pieces = [(code(verdict.code), f"    {verdict.code}")] if verdict.code else []
    if verdict.arrays:
        pieces += [quiet(lead)] if lead else []
        pieces.append(table(verdict.arrays))
    return pieces


def _noted(verdict: Any) -> list[Piece]:
    pieces = []
    for note in verdict.notes:
        words, _, below = note.partition("\n")
        pieces += [sentence(words), *([(code(below), below)] if below else [])]
    return pieces


def _stopped(verdict: Any) -> str:
    """How the head of a verdict says that the answer gave no result; "" where it gave one."""
    outcome = verdict.outcomes[verdict.here] if verdict.outcomes and verdict.here is not None else None
    kind = outcome.trouble.kind if outcome and outcome.trouble else ""
    return {"raised": t("Not yet: an error"), "slow": t("Not yet: it does not end")}.get(kind, "")


def filled(lesson: Sequence[bool], annex: Sequence[bool] = ()) -> Piece:
    """The exercises of a lesson, and of its annex, as rows of squares; those that are solved are full."""
    said = t("{squares} {solved} of {count} exercises of this lesson", **_counted(lesson))
    return sentence(said + (" · " + t("annex: {squares} {solved} of {count}", **_counted(annex)) if annex else ""))


def _counted(solved: Sequence[bool]) -> dict[str, Any]:
    return {"squares": "".join("■" if full else "□" for full in solved), "solved": sum(solved), "count": len(solved)}


def folded(hints: Sequence[str], first: str = "") -> str:
    """Hints, each folded inside the one before it. first: "open" unfolds the first."""
    page = ""
    for i, words in reversed(list(enumerate(hints, 1))):
        summary = t("Hint {i} of {count}", i=i, count=len(hints))
        state = f" {first}" if first and i == 1 else ""
        page = f"<details{state}><summary>{summary}</summary>{paragraph(inline(words))}{page}</details>"
    return page


def hints_note(name: str, hints: tuple[str, ...]) -> Note:
    """The hints of an exercise as a Note."""
    title = t("Hints: {name}", name=t(name))
    text = [title] + [f"  {i}. {words}" for i, words in enumerate(hints, 1)]
    return Note(box(folded(hints), role=f'role="group" aria-label="{html.escape(title)}"'), "\n".join(text))
