"""Which screens a notebook has in front of a class, in `make present`.

A section runs from one heading of level 1 or 2 to the next. It has, in the order of its cells, a screen for

    its first guess       the first cell tagged `predict`
    the one thing         that it shows, of the best kind of WORTH: the first lab, else the first picture, and so on;
                          of classes the last, which has the others in it
    its formula           if the one thing is a lab or a picture, and there is no guess

Below a formula stands its code: the definition that follows, or, at a press, the course's answer to the exercise that
does; else the tables of the formula's own cell. In a section that would show no code, one thing has some at
a press, below it or, without room, in its place until the next: the first definition, else the answer to an exercise,
a training, a cell. Of code a class sees an excerpt (excerpt.py), with the lines that it is about lifted out of the
others.

The title of a notebook has a screen, and so has each code cell, and each formula, with which an author begins a slide.
A section of words alone shows the sentence to keep, or nothing. All other words of a section are said: they are the
speaker's. Half way and the problem have a screen each, with their words. Cells marked `skip` or `notes`, and
exercises are on none.

What a text is (`keep`, `lines`, `card`, `half`), the tag of its cell says, in any language; where in the cell it
stands, its place: CONTRIBUTING.md. A lesson after chapter 0 has at most MOST screens, for 45 minutes; a test counts
them.
"""

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from course_kit import files
from course_tools.authoring import minutes, structure
from course_tools.authoring.markup import spoken
from course_tools.authoring.shown import slide, with_shown
from course_tools.classroom import earlier

from . import excerpt

MOST = 20
WORTH = ("lab", "picture", "lines", "file", "formula", "drawing", "class", "table", "training", "code")
WHOLE = ("half", "problem")  # what is on a screen with its words
WITH_CODE = ("lab", "picture", "formula", "table")  # kinds that may show code at a press
MANY = 3  # files, of which what each defines is shown
MOST_NAMES = 12  # that a file defines; of more those that the lesson wrote itself
LINES = 22  # of an excerpt; what has more is on no screen
BELOW = 11  # of an excerpt below a formula
HEADING = re.compile(r"^##? +(.+)$", re.M)
DRAWING = re.compile(r"^```(?:text)?\n.+?^```", re.S | re.M)
FENCE = re.compile(r"^(```|~~~).*?^\1", re.S | re.M)
FOLDED = re.compile(r"<details>.*?</details>", re.S)
TABLE = re.compile(r"^\|[ :-]*-[ :|-]*\|$", re.M)
Code = tuple[excerpt.Excerpt | None, bool, str | None]  # as `_code` says


@dataclass(frozen=True)
class Screen:
    """One thing in front of a class.

    title: of its section, plain. kind: "title", "guess", "keep", one of WORTH or WHOLE. cell: id of the cell that it is
    in. keep: the id of the cell whose sentence to keep ends the screen. said: ids of the Markdown cells whose words
    go with it. code: what a class sees of the cell's code, or of that below a formula. later: it comes at a press. of:
    the id of the cell whose code it is, where that is another one, which runs. not_in_class: its section is one that a
    class leaves out; → passes over it.
    """

    title: str
    kind: str
    cell: str
    keep: str | None = None
    said: tuple[str, ...] = ()
    code: excerpt.Excerpt | None = None
    later: bool = False
    of: str | None = None
    not_in_class: bool = False


def screens(cells: Sequence[Any]) -> list[Screen]:
    """The screens of a notebook's cells, which are as nbformat has them."""
    result, pending_words = list[Screen](), tuple[str, ...]()
    sections, omitted = _sections(cells), {cells[number]["id"] for number in minutes.not_in_class(cells)}
    for number, (title, section) in enumerate(sections):
        things = _things(section, number == 0)
        shared = number + 1 < len(sections) and sections[number + 1][1][0] is section[-1]  # its words are said later
        spoken_section = section[:-1] if shared else section
        if not things:  # its words go with the screen before
            pending_words += () if result else _said(spoken_section)
            result[-1:] = [replace(screen, said=screen.said + _said(spoken_section)) for screen in result[-1:]]
            continue
        starts = [0, *(index for index, _ in things[1:]), len(section)]
        codes = _codes(things, section)
        for (index, kind), (start, end), code in zip(things, itertools.pairwise(starts), codes, strict=True):
            spoken_cells, is_omitted = pending_words + _said(spoken_section[start:end]), section[0]["id"] in omitted
            result.append(Screen(title, kind, section[index]["id"], None, spoken_cells, *code, not_in_class=is_omitted))
            pending_words = ()
        keep = next((cell["id"] for cell in reversed(spoken_section) if _keeps(cell)), None)
        result[-1] = replace(result[-1], keep=keep if result[-1].kind != "keep" else None)
    return result


def without_screen(cells: Sequence[Any]) -> list[str]:
    """What a class should see of a lesson and does not, as sentences: each line to keep, a formula of each section that
    has one, the answer to each exercise, in at most MOST screens. Of sections that a class leaves out, nothing."""
    found = screens(cells)
    kept = {screen.keep for screen in found} | {screen.cell for screen in found if screen.kind == "keep"}
    formulas = {screen.title for screen in found if screen.kind == "formula"}
    codes = [screen.code.code.split() for screen in found if screen.code and screen.code.code]
    omitted = {cells[number]["id"] for number in minutes.not_in_class(cells)}
    missing = [f"{len(found)} screens; at most {MOST}"] if len(found) > MOST else []
    for title, section in _sections(cells):
        if section[0]["id"] in omitted:
            continue
        missing += [f"{title}: a line to keep" for cell in section if _keeps(cell) and cell["id"] not in kept]
        if title not in formulas and any("formula" in _kinds(cell) for cell in section):
            missing.append(f"{title}: its formula")
        answers = (set(excerpt.answered(cell).split()) for cell in section)
        missing += [
            f"{title}: the answer to an exercise"
            for words in answers
            if words and not any(words.issuperset(code) for code in codes)
        ]  # an excerpt leaves some out
    return missing


def plan(cells: Sequence[Any], run: Sequence[Any] = ()) -> list[dict[str, Any]]:
    """What `screens` finds, as a page reads it: code as HTML; so are the files that are kept, and what each defines.

    run: the cells as the course ran them; those of a class say nothing of its files before it has kept them.
    committed: what the course's cell showed, where the class's has the same code and its run was never finished.
    """
    ran, shown = ({cell["id"]: cell for cell in cells_of if cell["cell_type"] == "code"} for cells_of in (run, cells))
    pages = []
    for screen in screens(cells):
        cell, committed_cell = shown.get(screen.cell), ran.get(screen.cell, {"source": "", "outputs": ()})
        code = excerpt.coloured(screen.code) if screen.code else kept_files(cells, committed_cell["outputs"])
        is_same = cell and _unfinished(cell) and _text(cell) == _text(committed_cell)
        committed = committed_cell["outputs"] if is_same else ()
        pages.append(asdict(replace(screen, code=None)) | {"code": code, "committed": committed})
    return pages


def _unfinished(cell: Any) -> bool:
    """Whether it never ran, or was stopped: what it has shown is not all."""
    failed = any(output["output_type"] == "error" for output in cell["outputs"])
    stopped = any(earlier.course(output).get("stopped") for output in cell["outputs"])
    return failed or stopped or not cell["outputs"] or cell["execution_count"] is None


def _text(cell: Any) -> str:
    """Its source: a file may have it as a list of lines."""
    return "".join(cell["source"])


def kept_files(cells: Sequence[Any], outputs: Iterable[Any]) -> str:
    """HTML of the files that `keep` showed among these outputs and what each defines; of many the names are enough."""
    kept = [course for output in outputs if "file" in (course := earlier.course(output))]
    defined_here = {name for cell in cells for name in structure.definitions(cell["source"])} if kept else set()
    lists = (_names(file["defines"], defined_here) for file in kept)
    return "".join(
        f"<p><code>{file['file']}</code></p>{names if len(kept) <= MANY else ''}"
        for file, names in zip(kept, lists, strict=True)
    )


def _names(names: list[str], written: set[str]) -> str:
    listed = names if len(names) <= MOST_NAMES else [name for name in names if name in written]
    remainder = f"<li><code>+ {len(names) - len(listed)}</code></li>" if len(listed) < len(names) else ""
    return f"<ul>{''.join(f'<li><code>{name}</code></li>' for name in listed)}{remainder}</ul>"


def headings(name: str, path: Path) -> dict[str, str]:
    """{heading of the English notebook: that of the same cell in another} by the ids of their cells."""
    import nbformat

    def of_cells(file: Path) -> dict[str, list[str]]:
        cells = nbformat.read(file, as_version=4).cells
        return {cell.get("id"): _heads(cell) for cell in cells}

    original, translated = of_cells(files.course_folder() / "notebooks" / f"{name}.ipynb"), of_cells(path)
    pairs = (pair for id, heads in original.items() for pair in zip(heads, translated.get(id, []), strict=False))
    return {spoken(original): spoken(other) for original, other in pairs}


def _heads(cell: Any) -> list[str]:
    if "half" in _tags(cell):  # its bold words
        return [cell["source"].split("**")[1].rstrip(".。")]
    return HEADING.findall(FENCE.sub("", cell["source"]))


def _sections(cells: Sequence[Any]) -> list[tuple[str, list[Any]]]:
    """(title, its cells) of each section that is shown. A cell with two headings begins two."""
    sections: list[tuple[str, list[Any]]] = []
    for cell, is_shown in with_shown(cells):
        if not is_shown or _tags(cell) & {"workbook", "asserts"}:
            continue
        heads = _heads(cell) if cell["cell_type"] == "markdown" else []
        if heads or not sections:
            sections += [(spoken(words), [cell]) for words in heads or [""]]
        else:
            sections[-1][1].append(cell)
    return sections


def _things(section: list[Any], is_first: bool) -> list[tuple[int, str]]:
    """(place in the section, kind) of each screen, in order. The title comes first, whatever is in its cell."""
    kinds = [(index, kind) for index, cell in enumerate(section) for kind in _kinds(cell)]
    if whole := [(index, kind) for index, kind in kinds if kind in WHOLE]:
        return whole
    first = {kind: index for index, kind in reversed(kinds)}
    first |= {kind: index for index, kind in kinds if kind == "class"}  # the last one has the others in it
    best = next((kind for kind in WORTH if kind in first), None)
    chosen_kinds = ["guess", best]
    if best in ("lab", "picture") and "guess" not in first:
        chosen_kinds.append("formula")
    is_slide = [slide(cell) == "slide" for cell in section]
    things = {index: kind for index, kind in kinds if is_slide[index]
              and (kind == "formula" or section[index]["cell_type"] == "code")}  # fmt: skip
    things |= {first[kind]: kind for kind in chosen_kinds if kind in first}
    if is_first:
        return [(0, "title"), *sorted((index, kind) for index, kind in things.items() if index)]
    if not things and (keeps := next((index for index, cell in enumerate(section) if _keeps(cell)), None)) is not None:
        return [(keeps, "keep")]
    return sorted(things.items())


def _code(kind: str, section: list[Any], index: int) -> Code:
    """(excerpt of its cell, or of what computes its formula; whether it comes at a press; whose it is) of a screen."""
    if kind in ("code", "class", "training"):
        return _excerpt(section[index], _printed_lines(section[index])), False, None
    after = section[index + 1 :] if kind == "formula" else []
    if answer := next(filter(None, map(excerpt.answered, after)), ""):
        return excerpt.excerpt(answer, _points(section[index])), True, None
    points = _points(section[index])
    definitions = ((_excerpt(cell, None, BELOW, points), cell["id"]) for cell in after if "definition" in _tags(cell))
    code, of = next((definition for definition in definitions if definition[0].lines <= BELOW), (None, None))
    return code, False, of


def _codes(things: list[tuple[int, str]], section: list[Any]) -> list[Code]:
    """The same of each screen of a section, of which one has some if there is any."""
    codes = [_code(kind, section, index) for index, kind in things]
    shows = [number for number, (_, kind) in enumerate(things) if kind in WITH_CODE]
    if shows and not any(code for code, *_ in codes) and (extra := _fallback_code(section)):
        index, code = extra
        codes[next((number for number in shows if things[number][0] >= index), shows[-1])] = code
    return codes


def _fallback_code(section: list[Any]) -> tuple[int, Code] | None:
    """(its place, an excerpt of code of a section, as _code has it): what an author named, else what it is about."""
    candidates: dict[str, tuple[int, Code]] = {}
    for index, cell in enumerate(section):
        if cell["cell_type"] == "markdown":
            kind, code = "answer", excerpt.excerpt(excerpt.answered(cell), _points(cell))
        else:
            kind = next((kind for kind in _kinds(cell) if kind in ("class", "training", "code")), "")
            code = _excerpt(cell)
            kind = "definition" if kind and "definition" in _tags(cell) else kind
        if kind and 0 < code.lines <= excerpt.MOST:
            of = None if kind == "answer" else cell["id"]
            candidates.setdefault("named" if _points(cell) else kind, (index, (code, True, of)))
    order = ("named", "definition", "answer", "training", "code")
    return next((candidates[kind] for kind in order if kind in candidates), None)


def _excerpt(
    cell: Any, printed: int | None = None, maximum: int = excerpt.MOST, points: Sequence = ()
) -> excerpt.Excerpt:
    """Of a cell's code what a class sees, above so many lines that it printed."""
    return excerpt.excerpt(cell["source"], points or _points(cell), printed, maximum)


def _printed_lines(cell: Any) -> int:
    return sum(len("".join(out["text"]).splitlines()) for out in cell.get("outputs", ()) if "text" in out)


def _points(cell: Any) -> tuple[str, ...]:
    return tuple(cell["metadata"].get("slideshow", {}).get("point", ()))


def _kinds(cell: Any) -> list[str]:
    """What a cell would show."""
    if cell["cell_type"] == "markdown":
        return _kinds_of_markdown(cell)
    tags, source = _tags(cell), cell["source"]
    tagged = {"predict": "guess", "lab": "lab", "training": "training"}
    if kind := next((tagged[tag] for tag in tagged if tag in tags), None):
        return [kind]
    if tags & {"exercise", "setup"} or not source.strip():
        return []
    if cell["metadata"].get("jupyter", {}).get("source_hidden"):
        return ["picture"] if "result" in tags else []
    if "file" in tags:
        return ["file"]
    if not 0 < _excerpt(cell, _printed_lines(cell)).lines <= LINES:
        return []
    return ["class"] if tags >= {"definition", "class"} else ["code"]


def _kinds_of_markdown(cell: Any) -> list[str]:
    """The kinds of a Markdown cell. Of an exercise's card a class sees the formula alone."""
    if whole := [kind for kind in WHOLE if kind in _tags(cell)]:
        return whole
    text = FOLDED.sub("", cell["source"])
    kinds = ["formula"] if "$$" in text else []
    if not _is_said(cell):
        return kinds
    if "lines" in _tags(cell):
        kinds.append("lines")
    if DRAWING.search(text):
        kinds.append("drawing")
    return [*kinds, "table"] if TABLE.search(FENCE.sub("", text)) else kinds


def _keeps(cell: Any) -> bool:
    return "keep" in _tags(cell)


def _is_said(cell: Any) -> bool:
    return cell["cell_type"] == "markdown" and not _tags(cell) & {"card", *WHOLE}


def _said(cells: Iterable[Any]) -> tuple[str, ...]:
    return tuple(cell["id"] for cell in cells if _is_said(cell))


def _tags(cell: Any) -> set[str]:
    return set(cell["metadata"].get("tags", ()))
