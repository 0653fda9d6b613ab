"""How far the student is: a table of the chapters, lesson and annex, with what is next, in a notebook and a terminal.

    course progress    # the workbook here, or the course's own

Which exercises there are, and in which order, is read from the course's notebooks; nothing of theirs is run.
"""

import html
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_kit import files, notebook_names
from course_kit.exercises import record
from course_kit.exercises.cells import answers, sources
from course_kit.exercises.show import Note, box, display, note_of, paragraph, sentence
from course_kit.i18n import mark, t, tn
from course_kit.markup import inline
from course_kit.shell import in_notebook, ipython

OUTSIDE = mark("Your progress appears here when this cell is run in your workbook: `make lab` opens it.")
SIGNS = {"solved": "✓", "tried": "◐", "open": "○"}
States = dict[str, str]  # name of an exercise -> "open", "tried" or "solved"


@dataclass(frozen=True)
class Notebook:
    """A lesson or an annex: its file, its title, and the names of its exercises, in their order."""

    file: str
    title: str
    exercises: tuple[str, ...]

    @property
    def chapter(self) -> int:
        return notebook_names.chapter(self.file)

    @property
    def annex(self) -> bool:
        return notebook_names.is_annex(self.file)


def notebooks(folder: Path) -> list[Notebook]:
    """The notebooks that have exercises, in order: a lesson, then its annex."""
    listed = []
    for path in sorted(folder.glob("[0-9]*.ipynb")):
        content = path.read_bytes()
        title = next((text.splitlines()[0].lstrip("# ") for text in sources(content, "markdown") if text), "")
        names = [stub.name for source in sources(content) for stub in answers(source)]
        if names:
            listed.append(Notebook(path.name, title.partition(" · ")[2] or title, tuple(dict.fromkeys(names))))
    return listed


def names(course: list[Notebook]) -> set[str]:
    """The names of all their exercises."""
    return {name for one in course for name in one.exercises}


def rows(course: list[Notebook], entries: dict[str, dict[str, Any]]) -> list[tuple[Notebook, States]]:
    """Each notebook, with the state of each of its exercises."""
    return [(one, {name: entries.get(name, {"state": "open"})["state"] for name in one.exercises}) for one in course]


def _next(states: States) -> str:
    """The first exercise that was tried and is not solved, else the first one open; "" if all are solved."""
    return next((name for target in ("tried", "open") for name, state in states.items() if state == target), "")


def at_half_way(path: Path) -> bool:
    """Whether in a saved lesson the last code cell above the one tagged `half` was run, and none below it."""
    try:
        cells = json.loads(files.content(path))["cells"]
        half = next((n for n, cell in enumerate(cells) if "half" in cell["metadata"].get("tags", ())), 0)
        ran = [[bool(x.get("execution_count")) for x in some if x["cell_type"] == "code"]
               for some in (cells[:half], cells[half:])]  # fmt: skip
    except (OSError, KeyError, TypeError, ValueError, RecursionError):  # it is not there, or no notebook
        return False
    return bool(ran[0]) and ran[0][-1] and not any(ran[1])


def _pauses(workbook: Path, listed: list[Notebook]) -> list[str]:
    """A sentence for each lesson of a workbook that is half done, and one for the problems that are begun."""
    paths = [(notebook, workbook / notebook.file) for notebook in listed if not notebook.annex]
    messages = [
        t(
            "You are half way through “{title}”: go to the cell below that line, "
            "and choose “Resume here” in the menu “Kernel”.",
            title=notebook.title,
        )
        for notebook, path in paths if at_half_way(path)
    ]  # fmt: skip
    begun = sorted(path.parent.name[-2:] for path in workbook.glob("problem_[0-9][0-9]/problem.py"))
    if begun:
        messages.append(t("Problems that you have begun, by their chapters: {list}.", list=t(", ").join(begun)))
    return messages


def recorded(workbook: Path) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """What the record of a workbook says of each exercise, and sentences about what cannot be read."""
    try:
        return record.read(workbook), []
    except record.Damaged as damage:
        return {}, [t("{damage} The next check of an exercise sets it aside and begins a new one.", damage=damage)]
    except OSError as error:
        return {}, [t("{FILE} cannot be read: {value}.", FILE=record.FILE, value=error.strerror or error)]


def note(workbook: Path | None = None, folder: Path | None = None) -> Note:
    """The table as HTML and as text. workbook: by default the one that the working directory is in. folder:
    of the course's notebooks, by default its own."""
    workbook = workbook or files.workbook_folder()
    if workbook is None:
        return note_of([sentence(t(OUTSIDE))], "dotted")
    overview = _overview(workbook, folder)
    return Note(_page(*overview), _text(*overview))


def in_words(workbook: Path) -> str:
    """The table of a workbook as text, for a terminal."""
    return _text(*_overview(workbook))


def _overview(workbook: Path, folder: Path | None = None) -> tuple[str, list, dict, list[str]]:
    """What is said of a workbook: the headline, the notebooks, the record's entries, remarks."""
    listed = notebooks(folder or files.course_folder() / "notebooks")
    known = names(listed)
    entries, remarks = recorded(workbook)
    table = rows(listed, entries)
    aside = sorted(path.name for path in workbook.glob("progress.damaged-*.json"))
    if aside:
        remarks.append(
            t("Set aside because it could not be read: {aside}. Nothing in it was changed.", aside=", ".join(aside))
        )
    remarks += _pauses(workbook, listed)
    gone = [name for name, entry in entries.items() if name not in known and entry["state"] == "solved"]
    if gone:
        remarks.append(t("Also solved, and no longer in the course: {list}.", list=t(", ").join(map(t, sorted(gone)))))
    states = [state for _, one in table for state in one.values()]
    values: dict[str, Any] = {"solved": states.count("solved"), "count": len(states), "tried": states.count("tried")}
    head = t("{solved} of {count} exercises solved.", **values)
    if values["tried"]:
        head = t("{solved} of {count} exercises solved, {tried} tried.", **values)
    return head, table, entries, remarks


def _by_chapter(table: list[tuple[Notebook, States]]) -> list[list[tuple[Notebook, States]]]:
    """A list for each chapter: its lesson, its annex."""
    return [list(both) for _, both in itertools.groupby(table, lambda row: row[0].chapter)]


def _cells(both: list[tuple[Notebook, States]], entries: dict[str, dict[str, Any]]) -> tuple[str, str, str, str]:
    """number, title, count, what is next of a chapter"""
    counts = [
        t("{count} of {count2}", count=list(states.values()).count("solved"), count2=len(states)) for _, states in both
    ]
    if any(notebook.annex for notebook, _ in both):
        counts = [
            t("{count} in the annex", count=count) if notebook.annex else t("{count} in the lesson", count=count)
            for count, (notebook, _) in zip(counts, both, strict=True)
        ]
    tried = sum(list(states.values()).count("tried") for _, states in both)
    count = t(", ").join(counts + ([t("{tried} tried", tried=tried)] if tried else []))
    return str(both[0][0].chapter), both[0][0].title, count, _following(both, entries)


def _kind(notebook: Notebook) -> str:
    return t("annex") if notebook.annex else t("lesson")


def _following(both: list[tuple[Notebook, States]], entries: dict[str, dict[str, Any]]) -> str:
    """What is next in a chapter: in its lesson, and then in its annex."""
    notebook, states = next((row for row in both if _next(row[1])), both[0])
    name = _next(states)
    if not name:
        return f"{SIGNS['solved']} " + t("all solved")
    entry = entries.get(name, {})
    attempts = entry.get("attempts", 0)
    about = [t("in the annex")] if notebook.annex else []
    about += [tn("{n} attempt", "{n} attempts", attempts)] if attempts else []
    about += [t("hints seen")] if entry.get("hints") else []
    values: dict[str, Any] = {"name": t(name), "about": t(", ").join(about)}
    return f"{SIGNS[states[name]]} " + (t("{name} ({about})", **values) if about else values["name"])


def _text(head: str, table: list, entries: dict, remarks: list[str]) -> str:
    grid = [("", t("chapter"), t("solved"), t("next")), *(_cells(both, entries) for both in _by_chapter(table))]
    widths = [max(len(row[i]) for row in grid) for i in range(3)]
    lines = ["  ".join([*(x.ljust(w) for x, w in zip(row[:3], widths, strict=True)), row[3]]).rstrip() for row in grid]
    return "\n".join([head, *lines, *remarks])


def _page(head: str, table: list, entries: dict, remarks: list[str]) -> str:
    cell = "text-align:left;padding:.1em 1.2em .1em 0;vertical-align:top"
    top = "".join(f'<th scope="col" style="{cell}">{x}</th>' for x in (t("Chapter"), t("Solved"), t("Next")))
    body = ""
    for both in _by_chapter(table):
        number, title, count, following = (html.escape(x) for x in _cells(both, entries))
        words = [_kind(notebook) for notebook, _ in both]
        words[0] = f"{number} {title}"
        links = " · ".join(_link(notebook.file, text) for (notebook, _), text in zip(both, words, strict=True))
        body += (
            f'<tr style="background:none"><th scope="row" style="{cell};font-weight:normal">{links}</th>'
            f'<td style="{cell}">{count}</td><td style="{cell}">{following}</td></tr>'
        )
    grid = f'<table style="margin:.3em 0;border:none"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>'
    messages = "".join(paragraph(inline(x)) for x in remarks)
    aria = f'role="group" aria-label="{html.escape(t("Your progress"))}"'
    return box(paragraph(f"<strong>{head}</strong>") + _maps(table) + grid + messages, role=aria)


def _link(file: str, words: str) -> str:
    return f'<a href="{html.escape(file)}">{words}</a>'


def _maps(table: list[tuple[Notebook, States]], current: int | None = None) -> str:
    """The frames of the chapters, each with as much ink as a share of its lesson's exercises is solved."""
    from course_kit import chapter_maps  # and with it numpy, which a terminal need not wait for

    shares = {
        notebook.chapter: list(states.values()).count("solved") / len(states)
        for notebook, states in table
        if not notebook.annex
    }
    message = t("Each picture is inked by what you solved in its lesson; pale: not solved yet.")
    if shares and min(shares.values()) == 1:
        message = t("All pictures are inked: you have solved every lesson.")
    return f"<style>{chapter_maps.style()}</style>{chapter_maps.strip(current, '.ipynb', shares)}{paragraph(message)}"


def progress() -> None:
    """Shows how far the student is: a table of the chapters, with what is next. For notebooks in a workbook.

    There the table stays in step with what is solved below or above it: the next cell that runs writes it again.
    """
    if not in_notebook():
        return print(note())
    import IPython.display

    record_of = (files.workbook_folder() or Path()) / record.FILE
    shown, seen = IPython.display.display(note(), display_id=True), _changed(record_of)
    events = ipython().events

    def follow(*_: Any) -> None:
        nonlocal seen
        if (changed := _changed(record_of)) != seen:
            seen = changed
            shown.update(note())

    while _followers:  # the table that was shown before has had its time
        events.unregister("post_run_cell", _followers.pop())
    _followers.append(follow)
    events.register("post_run_cell", follow)


_followers: list[Callable[..., None]] = []


def _changed(path: Path) -> int:
    """When a file was last written; 0 if it is not there."""
    return path.stat().st_mtime_ns if path.is_file() else 0


def onward(chapter: int) -> None:
    """The end of a lesson: the frames as they are now, and the way on: to its annex, if it has one, and to the next
    lesson."""
    workbook = files.workbook_folder()
    folder = files.course_folder() / "notebooks"
    listed = notebooks(folder)
    entries = recorded(workbook)[0] if workbook else {}  # progress() says what is wrong with it
    links = _ways_on(chapter, folder)
    page = "".join(f"<p>{_link(file, f'{arrow} {html.escape(words)}')}</p>" for arrow, file, words in links)
    message = t("Next: {list}", list=t(", ").join((file for _, file, _ in links)))
    display(Note(_maps(rows(listed, entries), chapter) + page, message))


def _ways_on(chapter: int, folder: Path) -> list[tuple[str, str, str]]:
    """(arrow, file, words) of the notebooks that one may go to from the end of a lesson."""
    from course_kit import chapter_maps

    questions = chapter_maps.questions()
    lesson, _ = questions.get(chapter, ("", ""))  # a new chapter's is not there until it has been built
    links = []
    if lesson and (folder / f"{notebook_names.annex_of(lesson)}.ipynb").is_file():
        links.append(("→", f"{notebook_names.annex_of(lesson)}.ipynb", t("The annex of this chapter")))
    arrow, number = ("→", chapter + 1) if chapter + 1 in questions else ("←", min(questions))
    file, words = questions[number]
    return [*links, (arrow, f"{file}.ipynb", words or t("Start here"))]
