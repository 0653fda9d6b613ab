"""How long a notebook takes, by one formula: `<!-- minutes -->` in a source. README.md
and docs/lesson_plans.md get them from `course plans`.

    words / 110  +  ½ a formula  +  lines of code / 20  +  ½ a result  +  1 a figure  +  2 a lab  +  1 a guess
    +  the exercises' minutes  +  idle time

words           of the Markdown cells, without formulas, code blocks and addresses; not of a cell tagged `glossary` or
                `reading`, nor, of one tagged `card`, from its last heading on
formulas        displayed ones, $$…$$
lines, results  of code cells that are not folded, nor tagged `asserts`, `workbook` or `exercise`, and such cells; of a
                cell that names definitions, the lines of their text
figures         folded cells that draw, tagged `plot` by the build (structure.py), and are no labs
labs, guesses   cells tagged `lab`, `predict`
exercises       those above the functions in cells; their minutes are in their definitions
idle time       of a cell whose header says how long it runs, `# %% seconds=40 tags=["training"]`, what is beyond 5 s

Alone is the whole notebook, in two halves where a cell is tagged `half`; the problem, from a cell tagged `problem` to
the next section, takes minutes of its own, which it says. Shown is what `course present` shows a class: a cell marked
`skip` is left out with the unmarked cells below it. There, the text is said instead of read, and the whole takes ALOUD
of the time; each exercise, whether its cell is shown or not, is explained before and after, in half its minutes, and
solved elsewhere. Heard with a clock, ten lessons took 92 to 108 % of what this says. In class is what of that a class
of CLASS minutes takes: sections whose heading's cell is tagged `core`; the others are marked NOT_IN_CLASS.
"""

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from course_kit import notebook_names
from course_kit.exercises import registry
from course_kit.exercises.cells import stubs
from course_kit.i18n import mark, t
from course_kit.programs import definitions

from . import sources
from .shown import with_shown
from .sources import tags

STEP = 5  # what is said is rounded to so many minutes
CLASS = 60  # minutes of what is in class, at most
ALOUD = 0.86  # of the minutes that a reader takes
PATIENCE = 5  # seconds that nobody counts
LISTS = {"glossary", "reading"}  # tags of what is looked up, not read
NOT_IN_CLASS = mark("(not in class)")  # beside the heading of a section
ENDING = {"file", "problem", "lines", "questions", "glossary", "next"}  # tags of what a lesson ends with
HEADING = re.compile(r"^(#+) +(.*)$", re.M)
BLOCK = re.compile(r"^(```|~~~).*?^\1", re.S | re.M)
FORMULA = re.compile(r"\$\$.*?\$\$", re.S)
_stubs = functools.cache(stubs)  # a cell is counted with its half, with what a class is shown, with the whole
NO_WORDS = re.compile(r"\$\$.*?\$\$|\$[^$\n]+\$|<!--.*?-->|<[^>]*>|(?<=\])\([^)\s]*\)", re.S)


@dataclass(frozen=True)
class Content:
    """What there is to do in some cells of a notebook."""

    words: int
    formulas: int
    cells: int  # visible code
    lines: int  # of these cells
    figures: int
    labs: int
    guesses: int
    exercises: int
    solving: int  # minutes, as the exercises say
    idle: float  # minutes

    @property
    def reading(self) -> float:
        """By the formula above, without the exercises."""
        code = self.lines / 20 + self.cells / 2
        seen = self.formulas / 2 + self.figures + 2 * self.labs + self.guesses
        return self.words / 110 + code + seen + self.idle

    @property
    def minutes(self) -> float:
        """By the formula above."""
        return self.reading + self.solving

    @property
    def shown(self) -> float:
        """The same in front of a class."""
        return ALOUD * self.reading + self.solving / 2


@dataclass(frozen=True)
class Minutes:
    """The minutes of a notebook, rounded to 5, as they are said everywhere; and the content they come from.

    halves: alone, of each half, or of the whole, where it has none; shown: the whole in front of a class; core: of that
    what is in class, to the minute, 0 where nothing is marked.
    """

    name: str
    halves: tuple[int, ...]
    shown: int
    core: int
    content: Content

    @property
    def alone(self) -> str:
        """The halves, such as "45 + 45"."""
        return " + ".join(map(str, self.halves))

    @property
    def words(self) -> str:
        """What `<!-- minutes -->` becomes, a sentence: "45 + 45 minutes alone, 55 live."."""
        if notebook_names.is_annex(self.name):
            return t("{alone} minutes alone.", alone=self.alone)
        return t("{alone} minutes alone, {live} live.", alone=self.alone, live=self.shown)


def minutes(name: str, where: Path | None = None) -> Minutes:
    """The Minutes of the notebook NAME, counted in its source."""
    return estimate(sources.read(name, where), name)


def estimate(notebook: Any, name: str) -> Minutes:
    """The Minutes of a source that was read. Raises LookupError for an exercise that the chapter does not define."""
    parts = list(_parts(notebook))
    cells = [cell for cell, *_ in parts]
    half = next((number for number, cell in enumerate(cells) if "half" in tags(cell)), 0)
    halves = (cells[:half], cells[half:]) if half else (cells,)
    alone = tuple(_rounded(_content(some, name).minutes) for some in halves)
    shown = _live(parts, name)
    core = _live([part for part in parts if part[2]], name)
    return Minutes(name, alone, _rounded(shown), round(core), _content(cells, name))


def _live(parts: Sequence[tuple[Any, bool, bool]], name: str) -> float:
    """Minutes in front of a class of what it is shown, with all exercises."""
    shown, whole = (
        _content([cell for cell, is_shown, _ in parts if is_shown], name),
        _content([p[0] for p in parts], name),
    )
    return replace(shown, solving=whole.solving).shown


def problem(notebook: Any) -> tuple[str, int] | None:
    """(title, minutes) of the problem of a source, as its card says them; None where it has none."""
    card = next((cell for cell in notebook.cells if "problem" in tags(cell)), None)
    said = card and re.search(r"(\d+) minutes", card.source)
    return (headings(card)[0][1].partition(" · ")[0], int(said[1])) if said and headings(card) else None


def not_in_class(cells: Sequence[Any]) -> list[int]:
    """The numbers, from 0, of those cells of a lesson's whose heading ## begins what a class leaves out: it is not
    tagged `core`, though others are, and does not belong to the lesson's end."""
    heads = [number for number, cell in enumerate(cells) if any(level == 2 for level, _ in headings(cell))]
    ends = [n for n, cell in enumerate(cells) if ENDING & set(tags(cell))]
    end = max((head for head in heads if ends and head <= ends[0]), default=len(cells))
    left = [head for head in heads if head < end and "core" not in tags(cells[head])]
    return left if any("core" in tags(cells[head]) for head in heads) else []


def shown(cells: Sequence[Any], name: str) -> int:
    """Minutes in front of a class of some cells of the notebook NAME."""
    return max(round(_content(cells, name).shown), 1)


def _rounded(time: float) -> int:
    """To the nearest 5, and never down to nothing."""
    return STEP * max(round(time / STEP), 1) if time else 0


def _parts(notebook: Any) -> Iterator[tuple[Any, bool, bool]]:
    """Each cell but the problem's, whether a class is shown it, and whether it is in class."""
    core, problem = False, False
    for cell, is_shown in with_shown(notebook.cells):
        if any(level < 3 for level, _ in headings(cell)):
            core, problem = "core" in tags(cell), "problem" in tags(cell)
        if not problem:
            yield cell, is_shown, core


def headings(cell: Any) -> list[tuple[int, str]]:
    """(level, words) of each heading in a Markdown cell; lines of code blocks do not count."""
    if cell.cell_type != "markdown":
        return []
    return [(len(marks), head.strip()) for marks, head in HEADING.findall(BLOCK.sub("", cell.source))]


def _content(cells: Sequence[Any], name: str) -> Content:
    """The Content of cells."""
    texts = [cell for cell in cells if cell.cell_type == "markdown" and not LISTS & set(tags(cell))]
    code = [cell for cell in cells if cell.cell_type == "code"]
    visible = [cell for cell in code if _visible(cell)]
    solved = [_exercise(stub.name, name) for cell in code for stub in _stubs(cell.source)]
    return Content(
        words=sum(words(cell.source, "card" in tags(cell)) for cell in texts),
        formulas=sum(len(FORMULA.findall(cell.source)) for cell in texts),
        cells=len(visible),
        lines=sum(_lines(cell.source, "definition" in tags(cell)) for cell in visible),
        figures=sum(map(_draws, code)),
        labs=sum("lab" in tags(cell) for cell in code),
        guesses=sum("predict" in tags(cell) for cell in code),
        exercises=len(solved),
        solving=sum(one.minutes for one in solved),
        idle=sum(max(cell.metadata.get("seconds", 0) - PATIENCE, 0) for cell in code) / 60,
    )


@functools.cache
def words(text: str, is_card: bool = False) -> int:
    """How many words there are to read in a Markdown text; those of a card, from its last heading on, do not count."""
    text = BLOCK.sub("", text)
    text = text[: [*HEADING.finditer(text)][-1].start()] if is_card else text
    return sum(any(map(str.isalnum, word)) for word in NO_WORDS.sub(" ", text).split())


def _visible(cell: Any) -> bool:
    folded = cell.metadata.get("jupyter", {}).get("source_hidden")
    return not folded and not {"asserts", "workbook", "exercise"} & set(tags(cell))


@functools.cache
def _lines(source: str, names_definitions: bool) -> int:
    text = definitions.written_out(source) if names_definitions else source
    return sum(map(bool, map(str.strip, text.splitlines())))


def _draws(cell: Any) -> bool:
    return not _visible(cell) and "plot" in tags(cell) and not {"asserts", "lab", "predict"} & set(tags(cell))


def _exercise(exercise: str, name: str) -> Any:
    sources.load_exercises(name)
    return registry.find(exercise)
