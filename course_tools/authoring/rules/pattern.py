"""The pattern of a chapter: sizes and order of the lesson, sections of the annex that stand alone."""

import ast
import builtins
import re

from course_tools.authoring import minutes

from .names import names
from .notebook import LINK, tags, without_magics

WORDS, CELLS, EXERCISES, GUESSES = 2500, 28, 5, 5  # of a lesson, at most: what minutes.py counts
DEFINITION, OTHER = 48, 12  # lines of a visible cell of a lesson, empty ones aside
WIDTH = 90  # characters of a line that can be projected
FIRST_VIEW = 3  # something to touch is among so many cells
BESIDE = {"display", "get_ipython"}  # what a notebook knows without an import

ENDING = [
    ("Keep it", r"keep it"),
    ("Five lines to keep", r"five lines"),
    ("Open questions", r"(three )?open questions"),
    ("Glossary", r"glossary"),
    ("Next", r"next"),
]


def opening(notebook):
    """One heading of level 1, with its minutes, and setup(); something to touch on the first screen of a lesson."""
    title = notebook.cells[0].source if notebook.cells and notebook.cells[0].cell_type == "markdown" else ""
    if not title.startswith("# "):
        yield 1, "the first cell is not the title", "Begin with a Markdown cell: # N · A question?"
    if not re.search(r"\d+ minutes", title):
        todo = "Write <!-- minutes --> there: the build counts them."
        yield 1, "the title cell does not say how many minutes it takes", todo
    if sum(1 for _, level, _ in notebook.headings() if level == 1) != 1:
        yield 0, "there must be exactly one heading of level 1", "Use ## for sections."
    code = notebook.code()
    if not code or not re.search(r"\bsetup\(", code[0][1].source):
        yield code[0][0] if code else 0, "the first code cell does not call setup()", "Call it there."
    labs = [number for number, cell in code if "lab" in tags(cell)]
    if not notebook.is_annex and (not labs or labs[0] > FIRST_VIEW):
        todo = f"Put a cell tagged lab among the first {FIRST_VIEW} cells."
        yield 0, "there is nothing to touch within the first screen", todo


def sizes(notebook):
    """A lesson is done in one sitting."""
    if notebook.is_annex:
        return
    there = minutes.minutes(notebook.name, notebook.folder).content
    for what, size, most in (
        ("words outside its exercise cards", there.words, WORDS),
        ("visible code cells", there.cells, CELLS),
        ("exercises", there.exercises, EXERCISES),
        ("guesses", there.guesses, GUESSES),
    ):
        if size > most:
            yield 0, f"the lesson has {size} {what}", f"At most {most}: move some to its annex."


def lines(notebook):
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


def drawn(notebook):
    """A cell that only draws hides its input."""
    views = {name for _, cell in notebook.code() for name in _views(cell)}
    for number, cell in visible(notebook):
        body = ast.parse(without_magics(cell.source)).body
        other = [node for node in body if not isinstance(node, ast.Import | ast.ImportFrom)]
        if other and all(_root(node) in views for node in other):
            todo = 'Its header is: # %% jupyter={"source_hidden": true}'
            yield number, "a cell that only draws shows its code", todo


def stands_alone(notebook):
    """A section of an annex uses what it makes itself, or what the cells above the first section make."""
    if not notebook.is_annex:
        return
    common, made, starts = set(dir(builtins)) | BESIDE, set(), {n for n, level, _ in notebook.headings() if level == 2}
    begun = False
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


def exercises(notebook):
    """Each exercise is under a heading that gives its difficulty and minutes."""
    heading = ""
    for number, cell in enumerate(notebook.cells, 1):
        heads = [head for n, _, head in notebook.headings() if n == number]
        heading = heads[-1] if heads else heading
        if "exercise" not in tags(cell):
            continue
        if not re.search(r"[●○]{3}", heading) or not re.search(r"\d+ minutes?", heading):
            todo = "Write, for example: ### Exercise ●○○ · 3 minutes"
            yield number, f"the heading above it ({heading!r}) lacks difficulty or minutes", todo


def ending(notebook):
    """A lesson ends with the sections of ENDING, in this order, and one of them has five lines."""
    if notebook.is_annex:
        return
    found, headings = [], notebook.headings()
    for what, pattern in ENDING:
        places = [place for place, (_, _, head) in enumerate(headings) if re.match(pattern, head, re.I)]
        if not places:
            yield 0, f"there is no section {what!r}", "A chapter ends with it; see chapter 1."
        else:
            found.append((places[-1], what))
    if sorted(found) != found:
        yield 0, "its last sections are not in order", f"The order is: {', '.join(what for _, what in found)}."
    summary = [headings[place][0] for place, what in found if what == "Five lines to keep"]
    for number in summary:
        count = len(re.findall(r"^(?:\d\.|[-*]) ", notebook.cells[number - 1].source, re.M))
        if count != 5:
            yield number, f"the summary has {count} lines", "Write five, as a list."


def glossary(notebook):
    """A row for each term: English, linked to where it is introduced; Chinese, which may come later; a few words."""
    found = [number for number, _, head in notebook.headings() if head.lower().startswith("glossary")]
    if not found:
        return
    rows = re.findall(r"^\|(.*)\|\s*$", notebook.cells[found[-1] - 1].source, re.M)[2:]
    if not rows:
        yield found[-1], "the glossary has no table", "Columns: English, 中文, in a few words."
    for row in rows:
        english = row.split("|")[0].strip()
        if not LINK.search(english):
            yield found[-1], f"{english!r} has no link", "Link the term to where it is introduced."


def visible(notebook):
    """(number, cell) of the code cells that a reader sees."""
    for number, cell in notebook.code():
        if not cell.metadata.get("jupyter", {}).get("source_hidden") and "asserts" not in tags(cell):
            yield number, cell


def _views(cell):
    """The names that a cell imports from the packages of views."""
    for node in ast.walk(ast.parse(without_magics(cell.source))):
        if isinstance(node, ast.ImportFrom) and node.module:
            drawing = re.match(r"course_kit\.views|chapters\.\w+\.labs", node.module)
            yield from (one.asname or one.name for one in node.names if drawing or one.name == "labs")


def _root(statement):
    """The first name of a statement that is a call: `labs` of `labs.heads(…)`; else ""."""
    node = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(node, ast.Call):
        return ""
    while isinstance(node, ast.Call | ast.Attribute):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


RULES = [sizes, lines, drawn, exercises, glossary]  # of every notebook
OF_CHAPTERS = [opening, stands_alone, ending]  # of all but the first, 00_start_here
