"""Rules of layout and language: what one can see in the source alone."""

import ast
import re
import statistics

from .notebook import LINK, Notebook, tags, without_magics

LONGEST, MEDIAN, CORE_CELLS, IMPORTS = 25, 6, 40, 6
PARAGRAPH = 600  # characters: about four lines on a wide screen
TAGS = {"predict", "lab", "exercise", "training", "check", "deeper", "optional-network", "shows"}
TAGS |= {"definition"}  # names what the build writes out
TAGS |= {"asserts", "nbval-check-output"}  # numbers of the text, out of sight; an output compared at each test
TAGS |= {"workbook"}  # about the student's own copy; left out of the website and slides
FILLER = (
    "simply", "as we all know", "obviously", "needless to say", "as can be seen", "it is easy to see",
    "in this section we will", "in this chapter we will", "let us now", "clearly,",
)  # fmt: skip
PRAISE = ("great", "well done", "congratulations", "excellent", "awesome", "amazing", "fantastic", "good job")
AMERICAN = {
    "color": "colour", "colors": "colours", "behavior": "behaviour", "neighbor": "neighbour", "neighbors": "neighbours",
    "center": "centre", "gray": "grey", "normalize": "normalise", "normalizes": "normalises",
    "normalized": "normalised", "visualize": "visualise", "generalize": "generalise", "labeled": "labelled",
}  # fmt: skip


def header(notebook):
    """The percent format, so that a round trip through JupyterLab shows no difference."""
    if "display_name: Python 3 (ipykernel)" not in notebook.text.split("# %%", 1)[0]:
        todo = "Add the kernelspec of another source to the top, with display_name: Python 3 (ipykernel)."
        yield 0, "the header names no kernel", todo
    for number, line in enumerate(notebook.text.splitlines(), 1):
        if not line.startswith("# %%"):
            continue
        bare = re.sub(r'"[^"]*"', '""', line)
        while (shorter := re.sub(r"[{\[][^{}\[\]]*[}\]]", "", bare)) != bare:
            bare = shorter
        keys = re.findall(r"([\w-]+)=", bare)
        if keys != sorted(keys):
            todo = f"Write: {', '.join(sorted(keys))}."
            yield 0, f"line {number}: the keys of a cell are not in alphabetic order", todo


def size_of_cells(notebook):
    """The sizes of a chapter without an annex; see pattern.py for the others."""
    if notebook.by_pattern:
        return
    apart = {"asserts", "workbook"}
    sizes, read = [], [(number, cell) for number, cell in notebook.code() if not apart & set(tags(cell))]
    for number, cell in read:
        lines = cell.source.splitlines()
        own = re.split(r"^@find_error\(", cell.source, flags=re.M)[0].splitlines()  # not the wrong program
        if not cell.metadata.get("jupyter", {}).get("source_hidden"):
            sizes.append(sum(1 for line in own if line.strip() and not line.lstrip().startswith("#")))
        if len(lines) > LONGEST:
            todo = f"At most {LONGEST}: split it, or put it into course_utils and show it with reveal()."
            yield number, f"a code cell of {len(lines)} lines", todo
        imports = [line for line in lines if re.match(r"\s*(import|from)\s", line)]
        if len(imports) > IMPORTS:
            yield number, f"a wall of {len(imports)} imports", "Import in each section what that section needs."
    if sizes and statistics.median(sizes) > MEDIAN:
        todo = f"At most {MEDIAN}: one idea in a cell."
        yield 0, f"the median of its code cells is {statistics.median(sizes):g} lines", todo
    core = [number for number, cell in read if "deeper" not in tags(cell)]
    if len(core) > CORE_CELLS:
        todo = f"At most {CORE_CELLS}: move some to sections headed Deeper."
        yield 0, f"the core path has {len(core)} code cells", todo


def known_tags(notebook):
    for number, cell in enumerate(notebook.cells, 1):
        for tag in tags(cell):
            if tag not in TAGS:
                yield number, f"unknown tag {tag!r}", f"Known: {', '.join(sorted(TAGS))}."


def asserts(notebook):
    """A cell tagged asserts has some; no other cell is marked by a comment for the tests."""
    for number, cell in notebook.code():
        some = any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(without_magics(cell.source))))
        if "asserts" in tags(cell) and not some:
            yield (
                number,
                "a cell tagged asserts has no assert",
                "Readers do not get it: take the tag away, or the cell.",
            )
        if "NBVAL_CHECK_OUTPUT" in cell.source:
            yield number, "a mark for the tests is read by students", 'Tag it "nbval-check-output".'


def deeper(notebook):
    """A section headed Deeper is tagged, and folded; what follows it belongs to it until the next heading.

    A chapter with an annex has none.
    """
    inside = 0
    for number, cell in enumerate(notebook.cells, 1):
        heads = [(level, head) for n, level, head in notebook.headings() if n == number]
        if heads:
            level, head = heads[0]
            if head.startswith("Deeper"):
                inside = level
                if "deeper" not in tags(cell) or not cell.metadata.get("jp-MarkdownHeadingCollapsed"):
                    todo = 'Its header is: # %% [markdown] jp-MarkdownHeadingCollapsed=true tags=["deeper"]'
                    yield number, "a section headed Deeper is not folded and tagged", todo
            elif level <= inside or not inside:
                inside = 0
        if "deeper" in tags(cell) and not inside:
            todo = "Give its section a heading that begins with Deeper, or take the tag away."
            yield number, "a cell tagged deeper is outside such a section", todo
        if inside and cell.cell_type == "code" and "deeper" not in tags(cell):
            todo = 'Tag it: # %% tags=["deeper"]; or end the section with a heading of its own level.'
            yield number, "code of a folded section is not tagged", todo


def links(notebook):
    anchors = notebook.anchors()
    for number, text in notebook.prose():
        for target in LINK.findall(text):
            if re.match(r"(https?:|mailto:)", target):
                continue
            file, _, anchor = target.partition("#")
            there, known = True, anchors
            if file.endswith(".ipynb"):
                name = file.removesuffix(".ipynb").rsplit("/", 1)[-1]
                there = (notebook.folder / "source" / f"{name}.py").exists()
                known = Notebook(name, notebook.folder).anchors() if there and anchor else set()
            elif file:
                there = (notebook.folder / file).exists()
            if not there:
                yield number, f"the link to {target} leads nowhere", "Write the file's name as it is."
            elif anchor and anchor not in known:
                todo = f'Put <a id="{anchor}"></a> where it should lead, or use a heading with - for its spaces.'
                yield number, f"the link to {target} finds no such place", todo


def language(notebook):
    for number, text in notebook.prose():
        bare = re.sub(
            r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$]*\$|<[^>]*>|\]\([^)]*\)|[“\"][^”\"]*[”\"]", " ", text, flags=re.S
        )
        lower = bare.lower()
        for phrase in FILLER:
            if re.search(rf"\b{re.escape(phrase)}", lower):
                yield number, f"filler: {phrase!r}", "Leave it out; see CONTRIBUTING.md on the voice."
        for word in sorted(set(re.findall(r"[a-z]+", lower)) & AMERICAN.keys()):
            yield number, f"American spelling {word!r}", f"The course writes {AMERICAN[word]!r}."
        for word in PRAISE:
            if re.search(rf"\b{word}\b", lower):
                yield number, f"praise: {word!r}", "Say what is so, with a number, or leave it out."
        if found := re.search(r"(\S*)!(?!\[)", bare):
            yield number, f"an exclamation mark ({found[0]!r})", "End the sentence with a full stop."
        for paragraph in re.split(r"\n\s*\n|\n(?=[-|0-9#>])", bare):
            if len(" ".join(paragraph.split())) > PARAGRAPH:
                yield number, f"a paragraph of {len(paragraph)} characters", "Split it in two."
        if re.search(r"!\[\]\(|<img(?![^>]*\balt=)", text):
            yield number, "a picture without a text for those who don't see it", "Give it alt text."


RULES = [header, size_of_cells, known_tags, asserts, deeper, links, language]
