"""The pattern of a chapter: sizes and order of the lesson, sections of the annex that stand alone."""

import ast
import builtins
import re

from course_tools.authoring import minutes
from course_tools.authoring.markup import sentences, to_keep

from .names import names
from .notebook import LINK, tags, without_magics

WORDS, CELLS, EXERCISES, GUESSES = 3000, 28, 5, 5  # of a lesson, at most: what minutes.py counts
DEFINITION, OTHER = 48, 12  # lines of a visible cell of a lesson, empty ones aside
WIDTH = 90  # characters of a line that can be projected
FIRST_VIEW = 3  # something to touch is among so many cells
BESIDE = {"display", "get_ipython"}  # what a notebook knows without an import

KEPT = "keep(…)"
ENDING = [KEPT, "lines", "questions", "glossary", "next"]  # what a lesson ends with: a call, and tags


def opening(notebook):
    """One heading of level 1, with its minutes, and setup(); something to touch on the first screen of a lesson."""
    title = notebook.cells[0].source if notebook.cells and notebook.cells[0].cell_type == "markdown" else ""
    if not title.startswith("# "):
        yield 1, "the first cell is not the title", "Begin with a Markdown cell: # N · A question?"
    if not notebook.is_annex and not ("artifact" in tags(notebook.cells[0]) and "`" in _second_sentence(title)):
        todo = 'Tag it "artifact": its second sentence says what one will hold, such as `mine/attention.py`.'
        yield 1, "the title cell does not say what one will hold", todo
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


def _second_sentence(title):
    """Of the first line below a heading, as publishing/site.py takes it; "" if there is none."""
    return (sentences((title.splitlines() + [""])[1].replace("*", "")) + [""])[1]


def sizes(notebook):
    """A lesson is done in one sitting, its core path in a class's hour."""
    if notebook.is_annex:
        return
    time = minutes.minutes(notebook.name, notebook.folder)
    there = time.content
    if time.core > minutes.CLASS:
        todo = f"At most {minutes.CLASS}: take the tag core from the heading of a section."
        yield 0, f"the core path takes {time.core} minutes", todo
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
    """Each exercise has a card above it, whose last heading gives its difficulty and minutes."""
    card, last = False, {number: head for number, _, head in notebook.headings()}
    for number, cell in enumerate(notebook.cells, 1):
        card = "card" in tags(cell) if number in last else card
        if "exercise" in tags(cell) and not card:
            yield number, "the text above it is no card", 'Tag the cell with its heading "card".'
        if "card" in tags(cell) and not re.search(r"[●○]{3}.*\d+ minutes?", last.get(number, "")):
            todo = "Write, for example: ### Exercise ●○○ · 3 minutes"
            yield number, f"the last heading of a card ({last.get(number, '')!r}) lacks difficulty or minutes", todo


def kept(notebook):
    """The sentence to keep of a cell tagged so is its last paragraph, which begins in bold."""
    for number, cell in enumerate(notebook.cells, 1):
        if "keep" in tags(cell) and not (cell.source.split("\n\n")[-1].startswith("**") and to_keep(cell.source)):
            todo = "Write it as the last paragraph, **Keep this:** in front; what comes after it, in a cell of its own."
            yield number, "a cell tagged keep does not end with its sentence", todo


def ending(notebook):
    """A lesson ends with the file that is kept and the sections of ENDING, in this order; `lines` has five."""
    if notebook.is_annex:
        return
    found = {tag: number for number, cell in enumerate(notebook.cells, 1) for tag in tags(cell)}
    if keeping := [number for number, cell in notebook.code() if re.search(r"^keep\(", cell.source, re.M)]:
        found[KEPT] = keeping[-1]
    for what in ENDING:
        if what not in found:
            yield 0, f"there is no cell with {what!r}", "A chapter ends with it, a call or a tag; see chapter 1."
    places = [found[what] for what in ENDING if what in found]
    if sorted(places) != places:
        yield 0, "its last sections are not in order", f"The order is: {', '.join(ENDING)}."
    if number := found.get("lines"):
        count = len(re.findall(r"^(?:\d\.|[-*]) ", notebook.cells[number - 1].source, re.M))
        if count != 5:
            yield number, f"the summary has {count} lines", "Write five, as a list."


def glossary(notebook):
    """A row for each term: English, linked to where it is introduced; Chinese, which may come later; a few words."""
    for number in [number for number, cell in enumerate(notebook.cells, 1) if "glossary" in tags(cell)]:
        rows = re.findall(r"^\|(.*)\|\s*$", notebook.cells[number - 1].source, re.M)[2:]
        if not rows:
            yield number, "the glossary has no table", "Columns: English, Chinese, in a few words."
        for row in rows:
            english = row.split("|")[0].strip()
            if not LINK.search(english):
                yield number, f"{english!r} has no link", "Link the term to where it is introduced."


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


RULES = [sizes, lines, drawn, exercises, kept, glossary]  # of every notebook
OF_CHAPTERS = [opening, stands_alone, ending]  # of all but the first, 00_start_here
