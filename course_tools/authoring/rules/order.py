"""The order of a chapter without an annex: title, setup, something to touch, three questions, …, glossary, next."""

import re

from .notebook import LINK, tags

FIRST_SCREEN = 6  # something to touch is among so many cells
PREDICTIONS, CHECKED = 3, 3  # at least
SMALL = 12  # code cells, asserts aside: a chapter of so many may have fewer

ENDING = [
    ("What we measured", r"what we measured"),
    ("Five lines to keep", r"five lines|summary"),
    ("Glossary", r"glossary"),
    ("Further reading", r"further reading"),
    ("Next", r"next"),
]


def one_title(notebook):
    """It begins with the one heading of level 1 and its minutes; the first code cell calls setup()."""
    if not first(notebook).startswith("# "):
        yield 1, "the first cell is not the title", "Begin with a Markdown cell: # N · A question?"
    if not re.search(r"\d+ minutes", first(notebook)):
        todo = "Write <!-- minutes --> there: the build counts them."
        yield 1, "the title cell does not say how many minutes it takes", todo
    if sum(1 for _, level, _ in notebook.headings() if level == 1) != 1:
        yield 0, "there must be exactly one heading of level 1", "Use ## for sections."
    code = notebook.code()
    if not code or not re.search(r"\bsetup\(", code[0][1].source):
        yield code[0][0] if code else 0, "the first code cell does not call setup()", "Call it there."


def first(notebook):
    """The text of the cell that should be the title."""
    return notebook.cells[0].source if notebook.cells and notebook.cells[0].cell_type == "markdown" else ""


def opening(notebook):
    yield from one_title(notebook)
    for what, pattern in {
        "what to know before (**Before:** …)": r"before:",
        "goals (**By the end** …)": r"by the end",
    }.items():
        if not re.search(pattern, first(notebook), re.I):
            yield 1, f"the title cell lacks {what}", "See the title of chapter 1."
    labs = [number for number, cell in notebook.code() if "lab" in tags(cell)]
    if not labs or labs[0] > FIRST_SCREEN:
        todo = f"Put a cell tagged lab among the first {FIRST_SCREEN} cells."
        yield 0, "there is nothing to touch within the first screen", todo


def three_questions(notebook):
    found = [number for number, _, head in notebook.headings() if re.match(r"three questions", head, re.I)]
    if not found:
        todo = "Add a section '## Three questions first', from earlier chapters, with folded answers."
        yield 0, "the chapter does not open with three questions", todo
    elif len(re.findall(r"^\d\. ", notebook.cells[found[0] - 1].source.split("<details")[0], re.M)) != 3:
        yield found[0], "these are not three numbered questions", "Write them as 1., 2., 3."


def activities(notebook):
    if sum("asserts" not in tags(cell) for _, cell in notebook.code()) <= SMALL:
        return
    predictions = [number for number, cell in notebook.code() if "predict" in tags(cell)]
    if len(predictions) < PREDICTIONS:
        todo = f"At least {PREDICTIONS}: ask before you show, with predict(…) in a cell tagged predict."
        yield 0, f"{len(predictions)} cells are tagged predict", todo
    checked = [number for number, cell in notebook.code() if "nbval-check-output" in tags(cell)]
    if len(checked) < CHECKED:
        todo = f'At least {CHECKED}: tag cells that print strings or shapes "nbval-check-output".'
        yield 0, f"{len(checked)} cells have their output compared", todo
    if not any(re.match(r"find the error", head, re.I) for _, _, head in notebook.headings()):
        yield 0, "there is no section 'Find the error'", "Add one, from an error that circulated."
    yield from live(notebook)


def live(notebook):
    if not any(re.search(r"live\s*=\s*True", cell.source) for _, cell in notebook.code()):
        yield 0, "no lab is live", "Every chapter has a lab to which Python listens: live=True and .observe or jslink."


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
    yield from ends(notebook, ENDING)


def ends(notebook, sections):
    """It ends with these sections, in this order, and one of them has five lines."""
    found, headings = [], notebook.headings()
    for what, pattern in sections:
        places = [place for place, (_, _, head) in enumerate(headings) if re.match(pattern, head, re.I)]
        if not places:
            yield 0, f"there is no section {what!r}", "A chapter ends with it; see chapter 1."
        else:
            found.append((places[-1], what))
    names = [what for _, what in found]
    if [what for _, what in sorted(found)] != names:
        yield 0, "its last sections are not in order", f"The order is: {', '.join(names)}."
    summary = [headings[place][0] for place, what in found if what == "Five lines to keep"]
    if summary:
        lines = re.findall(r"^(?:\d\.|[-*]) ", notebook.cells[summary[0] - 1].source, re.M)
        if len(lines) != 5:
            yield summary[0], f"the summary has {len(lines)} lines", "Write five, as a list."


def glossary(notebook):
    """A row for each term: English, linked to where it is introduced; Chinese; a few words."""
    found = [number for number, _, head in notebook.headings() if head.lower().startswith("glossary")]
    if not found:
        return
    rows = re.findall(r"^\|(.*)\|\s*$", notebook.cells[found[-1] - 1].source, re.M)[2:]
    if not rows:
        yield found[-1], "the glossary has no table", "Columns: English, 中文, in a few words."
    for row in rows:
        english, chinese = [part.strip() for part in (*row.split("|"), "", "")][:2]
        if not LINK.search(english):
            yield found[-1], f"{english!r} has no link", "Link the term to where it is introduced."
        if not re.search(r"[\u4e00-\u9fff]", chinese):
            yield found[-1], f"{english!r} has no Chinese term", "Add it in the second column."


RULES = [opening, three_questions, activities, exercises, ending, glossary]
