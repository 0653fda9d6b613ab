"""The rule of numbers: what a text says in digits, its section shows.

A number in Markdown has to be, rounded as it is written, in an output, an assert or the code of its section, which goes
from one heading of level 1 or 2 to the next. What is known from elsewhere is marked at the end of its paragraph, list
item or table: `<!-- source: Vaswani et al. 2017, section 5 -->`.

97.4 % is .974, 2,500 is 2500, 336 million is 336000000; signs do not count. A band in an assert, `.97 < score < .978`,
holds a number between its ends if these are at most two units of the number's last digit away. Words that an author
typed into a cell (a caption, the options of a guess) are no output, though the output repeats them.

Not looked at: code, formulas, quotations, headings, the numbers of lists; 0 and 1; years; what numbers something
(chapter 3, layer 2.2, table 1) or is part of a name (GPT-2, F1, 2a); minutes in the title.
"""

import ast
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from course_kit.exercises.cells import without_magics

from .notebook import Found, Notebook

SOURCE = re.compile(r"<!--\s*source:\s*\w.*?-->", re.S)
FENCED = re.compile(r"^(```|~~~).*?^\1", re.S | re.M)
HEADING = re.compile(r"^(#+) .*$", re.M)
ITEM = re.compile(r"^\s*(?:[-*]|\d+\.) ", re.M)
APART = re.compile(
    r"""<!--.*?--> | <[^>]*> | `[^`]*` | \$\$.*?\$\$ | \$[^$]*\$     # comments, tags, code, formulas
      | \]\([^)\s]*\) | https?://\S+ | [“"][^”"\n]*[”"]              # addresses, quotations
      | ^\#+\ [^\n]*$ | ^\s*(?:\*\*)?\d+\.\                          # headings, the numbers of lists
      | \[\d+\ · | \d+:\d\d | \bCC\ BY\S*\ \d\.\d                    # links to chapters, times of day, licences
    """,
    re.S | re.M | re.X,
)
NUMBERED = "appendix block cell chapter column edition equation example exercise figure head layer level line page part"
NUMBERED += " position program question row section sentence table version word llama python pytorch squad torch"
LABEL = re.compile(
    rf"\b(?:{'|'.join(NUMBERED.split())})s?\s+\d[\d.]*\b(?:(?:,\s*|\s*(?:and|or|to|–|-)\s*)\d[\d.]*\b)*", re.I
)
HEADS = re.compile(r"\b(?:head|layer)s?\s+\d\.\d\b(?:(?:,| and| or) \d\.\d\b)*", re.I)  # 2.2: the second of the second
NUMBER = re.compile(
    r"""(?<![\w.]) (?<![A-Za-z]-)
        (?P<digits> \d{1,3}(?:[,\u2009\u202f]\d{3})+(?:\.\d+)? | \d*\.?\d+ (?:e[-+]?\d+)? )
        (?![\w⁰¹²³⁴⁵⁶⁷⁸⁹⁻])
        (?: \s*(?P<percent>%|per\ ?cent\b) | \s+(?P<scale>thousand|million|billion|trillion|[MB])\b )?""",
    re.X,
)
SCALES = {None: 1, "thousand": 1e3, "million": 1e6, "M": 1e6, "billion": 1e9, "B": 1e9, "trillion": 1e12}
YEARS = range(1900, 2100)
TODO = "Show or assert it there, or mark its paragraph with <!-- source: … -->."


@dataclass(frozen=True)
class Number:
    """A number as it is written. unit: of its last digit"""

    written: str
    value: float
    unit: float
    scale: float
    percent: bool

    @property
    def counts(self) -> bool:
        """Whether it says something: not 0, 1, or a year."""
        year = self.value in YEARS and self.written.isdecimal()
        return self.value not in (0, 1) and not year


def numbers(text: str) -> Iterator[Number]:
    """Each Number in a text."""
    for match in NUMBER.finditer(text):
        digits = re.sub(r"[,\u2009\u202f]", "", match["digits"])
        places = len(digits.partition(".")[2]) if "e" not in digits else 0
        unit = 10.0**-places if "e" not in digits else 10.0 ** int(digits.partition("e")[2])
        written = " ".join(match[0].split())
        yield Number(written, float(digits), unit, SCALES[match["scale"]], bool(match["percent"]))


@dataclass
class Section:
    """What one section says, and what it shows."""

    said: list = field(default_factory=list)  # (number of the cell, Number)
    shown: list = field(default_factory=list)  # Numbers
    bands: list = field(default_factory=list)  # (low, high)

    def shows(self, number: Number) -> bool:
        """Whether a number that is said is among those shown."""
        close = 0.5001 * number.unit
        if any(abs(value - number.value) <= close for one in self.shown for value in _read_as(one, number)):
            return True
        near = 2.0001 * number.unit
        factors = (1, 100) if number.percent else (1 / number.scale,)
        ends = [(low * factor, high * factor) for low, high in self.bands for factor in factors]
        return any(
            low <= number.value <= high and number.value - low <= near >= high - number.value for low, high in ends
        )


def _read_as(shown: Number, number: Number) -> tuple[float, ...]:
    """The values that a shown number has, written like the one that is said."""
    value = shown.value * shown.scale / number.scale
    if number.percent and not shown.percent:
        return value, 100 * value
    return (value,) if number.percent == shown.percent else (value, value / 100)


def sections(notebook: Notebook) -> list[Section]:
    """The Sections of a Notebook, in order."""
    built = {cell.id: cell for cell in notebook.built.cells} if notebook.built else {}
    named = " ".join(found for _, text in notebook.prose() for found in HEADS.findall(text))
    heads = set(re.findall(r"\d\.\d", named))
    found = [Section()]
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type == "markdown":
            for start, text in _by_section(cell.source):
                if start:
                    found.append(Section())
                numbers_said = said(text, title=number == 1)
                found[-1].said += [(number, one) for one in numbers_said if one.written not in heads]
        elif cell.cell_type == "code":
            tree = ast.parse(without_magics(cell.source))
            found[-1].shown += list(written_out(tree))
            found[-1].bands += list(bands(tree))
            for output in built[cell.id].get("outputs", []) if cell.id in built else ():
                found[-1].shown += list(numbers(computed(output, tree)))
    return found


def _by_section(text: str) -> Iterator[tuple[bool, str]]:
    """(whether a section begins with it, text) of the parts of a Markdown cell."""
    text = FENCED.sub("", text)
    starts = [match.start() for match in HEADING.finditer(text) if len(match[1]) <= 2]
    for start, end in itertools.pairwise(sorted({0, *starts, len(text)})):
        yield start in starts, text[start:end]


def said(text: str, title: bool = False) -> Iterator[Number]:
    """The Numbers that a Markdown text says without naming a source."""
    for block in blocks(text):
        bare = LABEL.sub(" ", APART.sub(" ", block))
        bare = re.sub(r"(?:\d+ \+ )?\d+ (?:minutes?|live|more)\b", " ", bare) if title else bare
        if not SOURCE.search(block):
            yield from (one for one in numbers(bare) if one.counts)


def blocks(text: str) -> list[str]:
    """Paragraphs, list items and tables of a text; a source on a line of its own belongs to what is above it."""
    found: list[str] = []
    for part in re.split(r"\n\s*\n", text):
        starts = [match.start() for match in ITEM.finditer(part)]
        pieces = [part[a:b] for a, b in itertools.pairwise(sorted({0, *starts, len(part)}))]
        if found and SOURCE.fullmatch(part.strip()):
            found[-1] += part
        else:
            found += pieces
    return found


def written_out(tree: ast.AST) -> Iterator[Number]:
    """The Numbers in some code."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
            yield Number(repr(node.value), float(node.value), 0, 1, False)


def bands(tree: ast.AST) -> Iterator[tuple[float, float]]:
    """(low, high) of each assert like `.97 < score < .978`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and len(node.comparators) == 2:
            constants = [one.value for one in (node.left, node.comparators[1]) if isinstance(one, ast.Constant)]
            if len(ends := [one for one in constants if isinstance(one, int | float)]) == 2:
                yield min(ends), max(ends)


def computed(output: Any, tree: ast.AST) -> str:
    """The words of an output, without those that the author typed into its cell."""
    text = output.get("text") or output.get("data", {}).get("text/plain", "")
    text = text if isinstance(text, str) else "".join(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.search(r"\d", node.value):
            text = re.sub(rf"(?<![\w.]){re.escape(node.value.strip())}(?![\w.]*\d)", " ", text)
    return text


def numbers_are_shown(notebook: Notebook) -> Found:
    """Every number of the text is one that its section shows."""
    for section in sections(notebook):
        missing = {(cell, one.written): one for cell, one in section.said if not section.shows(one)}
        for cell, written in missing:
            yield cell, f"{written} is in no output, assert or code of its section", TODO


RULES = [numbers_are_shown]
