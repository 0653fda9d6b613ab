"""The pattern of a chapter: sizes of the lesson, its halves, sections of the annex that stand alone."""

import builtins
import re
from collections.abc import Iterator
from typing import Any

from course_kit import notebook_names
from course_tools.authoring import minutes
from course_utils import __version__

from ..sources import tags
from .names import names
from .notebook import Found, Notebook

WORDS, CELLS, EXERCISES, GUESSES = 3000, 28, 5, 5  # of a lesson, at most: what minutes.py counts
DEFINITION, OTHER = 48, 12  # lines of a visible cell of a lesson, empty ones aside
WIDTH = 90  # characters of a line that can be projected
FIRST_VIEW = 3  # something to touch is among so many cells
BESIDE = {"display", "get_ipython"}  # what a notebook knows without an import


def opening(notebook: Notebook) -> Found:
    """One heading of level 1, with its minutes, and setup(); something to touch on the first screen of a lesson."""
    title = notebook.cells[0].source if notebook.cells and notebook.cells[0].cell_type == "markdown" else ""
    if not title.startswith("# "):
        yield 1, "the first cell is not the title", "Begin with a Markdown cell: # N · A question?"
    if not notebook.is_annex and "artifact" not in tags(notebook.cells[0]):
        todo = 'Tag it "artifact": its second sentence says what one will hold, such as `mine/attention.py`.'
        yield 1, "the title cell does not say what one will hold", todo
    if not re.search(r"\d+ minutes", title):
        todo = "Write <!-- minutes --> there: the build counts them."
        yield 1, "the title cell does not say how many minutes it takes", todo
    if sum(1 for _, level, _ in notebook.headings() if level == 1) != 1:
        yield 0, "there must be exactly one heading of level 1", "Use ## for sections."
    code = notebook.code()
    if not code or "setup" not in tags(code[0][1]):
        yield code[0][0] if code else 0, "the first code cell does not call setup()", "Call it there."
    elif "lab" in tags(code[0][1]):
        yield code[0][0], "setup() stands in the cell of a lab", "Give it a cell above: a class does not see that one."
    labs = [number for number, cell in code if "lab" in tags(cell)]
    if not notebook.is_annex and (not labs or labs[0] > FIRST_VIEW):
        todo = f"Put a cell tagged lab among the first {FIRST_VIEW} cells."
        yield 0, "there is nothing to touch within the first screen", todo


def ending(notebook: Notebook) -> Found:
    """The last cell of a lesson leads back, and says what to name in a report."""
    end, number = notebook.cells[-1].source, len(notebook.cells)
    if not notebook.is_annex and "#progress)" not in end:
        todo = "Write there: Back to [Start here and your progress](00_start_here.ipynb#progress)."
        yield number, "the lesson's last cell does not lead back", todo
    if not notebook.is_annex and f"chapter {notebook_names.chapter(notebook.name)}, edition {__version__}" not in end:
        yield number, "the lesson's last cell has no line for reports", "Copy the last line of another lesson."


def sizes(notebook: Notebook) -> Found:
    """A lesson is done in two sittings, what of it is in class in an hour."""
    if notebook.is_annex:
        return
    time = minutes.minutes(notebook.name, notebook.folder)
    there = time.content
    if time.core > minutes.CLASS:
        todo = f"At most {minutes.CLASS}: take the tag core from the heading of a section."
        yield 0, f"what is in class takes {time.core} minutes", todo
    for what, size, most in (
        ("words outside its exercise cards", there.words, WORDS),
        ("visible code cells", there.cells, CELLS),
        ("exercises", there.exercises, EXERCISES),
        ("guesses", there.guesses, GUESSES),
    ):
        if size > most:
            yield 0, f"the lesson has {size} {what}", f"At most {most}: move some to its annex."


def halves(notebook: Notebook) -> Found:
    """A lesson has one half way, in bold words and what one has by then, and one problem, which says its minutes."""
    for tag, says, todo in (
        ("half", r"\*\*[^*]+\*\* \S", "Write: **Half way.** You have …; between two sections."),
        ("problem", r"## .*\d+ minutes", "Write: ## What is wanted · 45 minutes."),
    ):
        numbers = [number for number, cell in enumerate(notebook.cells, 1) if tag in tags(cell)]
        for number in numbers[not notebook.is_annex :]:
            yield number, f"a cell tagged {tag} too many", "A lesson has one, an annex none."
        for number in numbers:
            cell = notebook.cells[number - 1]
            if cell.cell_type != "markdown" or not re.match(says, cell.source, re.S):
                yield number, f"a cell tagged {tag} does not say what it should", todo


def lines(notebook: Notebook) -> Found:
    """A cell of a lesson holds one thought; a line of a lesson or an annex fits a projector."""
    for number, cell in visible(notebook):
        text, is_definition = cell.source.splitlines(), "definition" in tags(cell)
        most = DEFINITION if is_definition else OTHER
        size = sum(1 for line in text if line.strip())
        if size > most and not notebook.is_annex:
            todo = f"At most {most}: split it, or name a smaller definition."
            yield number, f"a {'cell of definitions' if is_definition else 'code cell'} of {size} lines", todo
        if notebook.is_annex and "exercise" in tags(cell):
            continue  # a program with an error is what its exercise says
        if wide := [line for line in text if len(line) > WIDTH]:
            yield number, f"a line of {len(wide[0])} characters ({wide[0].strip()[:30]!r})", f"At most {WIDTH}."


def stands_alone(notebook: Notebook) -> Found:
    """A section of an annex uses what it makes itself, or what the cells above the first section make."""
    if not notebook.is_annex:
        return
    starts = {n for n, level, _ in notebook.headings() if level == 2}
    common, made, begun = set(dir(builtins)) | BESIDE, set[str](), False
    for number, cell in enumerate(notebook.cells, 1):
        if number in starts:
            made, begun = set(), True
        if cell.cell_type == "code":
            here, used = names(cell.source)
            made |= here
            common |= set() if begun else here
            for name in sorted(used - made - common):
                todo = "Make or import it in this section, or in the annex's first cells."
                yield number, f"{name!r} comes from another section", todo


def exercises(notebook: Notebook) -> Found:
    """Each exercise has a card above it: minutes do not count its words, a class does not see it."""
    card, headings = False, {number for number, *_ in notebook.headings()}
    for number, cell in enumerate(notebook.cells, 1):
        card = "card" in tags(cell) if number in headings else card
        if "exercise" in tags(cell) and not card:
            yield number, "the text above it is no card", 'Tag the cell with its heading "card".'


def visible(notebook: Notebook) -> Iterator[tuple[int, Any]]:
    """(number, cell) of the code cells that a reader sees."""
    for number, cell in notebook.code():
        if not cell.metadata.get("jupyter", {}).get("source_hidden") and "asserts" not in tags(cell):
            yield number, cell


RULES = [sizes, halves, lines, exercises]  # of every notebook
OF_CHAPTERS = [opening, ending, stands_alone]  # of all but the first, 00_start_here
