"""How long a notebook takes, by one formula: `course minutes`, and `<!-- minutes -->` in a source.

    words / 110  +  ½ a visible code cell  +  2 a lab  +  ½ a guess  +  1.6 × the exercises' minutes  +  idle time

words           of the Markdown cells, without formulas, code blocks and addresses; not those of exercise cards (a cell
                with a heading that begins with Exercise or Find the error), the glossary and further reading
visible         code cells that are not folded, nor tagged `asserts`, `workbook` or `exercise`
labs, guesses   cells tagged `lab`, `predict`
exercises       those above the functions in cells; their minutes are in their definitions
idle time       of a cell whose header says how long it runs, `# %% seconds=40 tags=["training"]`, what is beyond 5 s

Alone is the whole notebook. Live is what `course present` shows a class: a cell marked `skip` is left out with the
unmarked cells below it. There, the text is said instead of read, and takes as long; exercises are not counted.
"""

import re
from dataclasses import dataclass

from course_kit import lessons
from course_kit.exercises import define

from . import sources
from .sources import tags

STEP = 5  # what is said is rounded to so many minutes
PATIENCE = 5  # seconds that nobody counts
CARD = re.compile(r"#+ +(Exercise|Find the error)")
LISTS = re.compile(r"Glossary|Further reading")
HEADING = re.compile(r"^(#+) +(.*)$", re.M)
BLOCK = re.compile(r"^(```|~~~).*?^\1", re.S | re.M)
NO_WORDS = re.compile(r"\$\$.*?\$\$|\$[^$\n]+\$|<!--.*?-->|<[^>]*>|(?<=\])\([^)\s]*\)", re.S)


@dataclass(frozen=True)
class Content:
    """What there is to do in some cells of a notebook."""

    words: int
    cells: int  # visible code
    labs: int
    guesses: int
    exercises: int
    solving: int  # minutes, as the exercises say
    idle: float  # minutes

    @property
    def minutes(self):
        """By the formula above."""
        reading = self.words / 110 + self.cells / 2 + 2 * self.labs + self.guesses / 2
        return reading + 1.6 * self.solving + self.idle


@dataclass(frozen=True)
class Minutes:
    """The minutes of a notebook, rounded to 5, as they are said everywhere; and the content they come from."""

    name: str
    alone: int
    live: int
    content: Content

    @property
    def words(self):
        """What `<!-- minutes -->` becomes, a sentence: "75 minutes alone, 45 live."."""
        live = "" if lessons.is_annex(self.name) else f", {self.live} live"
        return f"{self.alone} minutes alone{live}."


def minutes(name, where=None):
    """The Minutes of the notebook NAME, counted in its source."""
    return of(sources.read(name, where), name)


def of(notebook, name):
    """The Minutes of a source that was read. Raises LookupError for an exercise that the chapter does not define."""
    cells = list(_parts(notebook))
    whole, live = _content(cells, name), _content([one for one in cells if one[2]], name)
    return Minutes(name, _rounded(whole.minutes), _rounded(live.minutes - 1.6 * live.solving), whole)


def _rounded(time):
    """To the nearest 5, and never down to nothing."""
    return STEP * max(round(time / STEP), 1) if time else 0


def _parts(notebook):
    """Each cell, whether it is in a list (LISTS), and whether a class is shown it."""
    under, shown = 0, True  # the level of the list's heading
    for cell in notebook.cells:
        for level, head in headings(cell):
            under = 0 if level <= under else under
            under = under or level * bool(LISTS.match(head))
        kind = cell.metadata.get("slideshow", {}).get("slide_type", "-")
        shown = shown if kind == "-" else kind not in ("skip", "notes")
        yield cell, bool(under), shown


def headings(cell):
    """(level, words) of each heading in a Markdown cell; lines of code blocks do not count."""
    if cell.cell_type != "markdown":
        return []
    return [(len(marks), head.strip()) for marks, head in HEADING.findall(BLOCK.sub("", cell.source))]


def _content(cells, name):
    """The Content of cells as `_parts` gives them."""
    texts = [cell.source for cell, listed, _ in cells if cell.cell_type == "markdown" and not listed]
    code = [cell for cell, *_ in cells if cell.cell_type == "code"]
    solved = [_exercise(stub.name, name) for cell in code for stub in define.stubs(cell.source)]
    return Content(
        words=sum(map(words, texts)),
        cells=sum(map(_visible, code)),
        labs=sum("lab" in tags(cell) for cell in code),
        guesses=sum("predict" in tags(cell) for cell in code),
        exercises=len(solved),
        solving=sum(one.minutes for one in solved),
        idle=sum(max(cell.metadata.get("seconds", 0) - PATIENCE, 0) for cell in code) / 60,
    )


def words(text):
    """How many words there are to read in a Markdown text; none in an exercise card."""
    text = BLOCK.sub("", text)
    if any(CARD.match(line) for line in text.splitlines()):
        return 0
    return sum(any(map(str.isalnum, word)) for word in NO_WORDS.sub(" ", text).split())


def _visible(cell):
    folded = cell.metadata.get("jupyter", {}).get("source_hidden")
    return not folded and not {"asserts", "workbook", "exercise"} & set(tags(cell))


def _exercise(exercise, name):
    sources.load_exercises(name)
    return define.find(exercise)


def run(names=()):
    """The command `course minutes` -> exit status."""
    print(f"{'':28}{'words':>7}{'cells':>7}{'labs':>6}{'guesses':>9}{'exercises':>11}{'alone':>7}{'live':>6}")
    for name in sources.names(names):
        time, there = minutes(name), minutes(name).content
        print(
            f"{name:28}{there.words:>7}{there.cells:>7}{there.labs:>6}{there.guesses:>9}{there.exercises:>11}"
            f"{time.alone:>7}{time.live:>6}"
        )
    return 0
