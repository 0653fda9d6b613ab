"""Rules of layout and language: what one can see in the source alone."""

import ast
import functools
import re
from pathlib import Path

from course_kit.exercises.cells import without_magics

from ..sources import tags
from ..structure import TAGS as OF_CODE
from .notebook import LINK, Found, Notebook

TAGS = {"predict", "lab", "exercise", "training", "check", "optional-network", "shows"}
TAGS |= {"tile"}  # whose view is the lesson's picture on the website's first page
TAGS |= {"guess"}  # a text that asks, of what a view or a fold of its own answers
TAGS |= {"definition"}  # names what the build writes out
TAGS |= {"asserts", "nbval-check-output"}  # numbers of the text, out of sight; an output compared at each test
TAGS |= {"trained"}  # asserts of what a training has led to: not where the tests run it short
TAGS |= {"workbook"}  # about the student's own copy; left out of the website and of screens
TAGS |= {"core", "half", "problem"}  # what is in class, where a lesson may be interrupted, what it ends with
TAGS |= {"artifact", "keep", "card", "solution"}  # what a text is, which nobody reads off its words:
TAGS |= {"lines", "questions", "glossary", "reading", "next"}  # CONTRIBUTING.md
TAGS |= {*OF_CODE}  # which the build adds
ROLES = {"query", "key", "value", "output", "cool", "warm"}
AMERICAN = {
    "color": "colour", "colors": "colours", "behavior": "behaviour", "neighbor": "neighbour", "neighbors": "neighbours",
    "center": "centre", "gray": "grey", "normalize": "normalise", "normalizes": "normalises",
    "normalized": "normalised", "visualize": "visualise", "generalize": "generalise", "labeled": "labelled",
}  # fmt: skip


def header(notebook: Notebook) -> Found:
    """The percent format, so that a round trip through JupyterLab shows no difference."""
    if "display_name: Python 3 (ipykernel)" not in notebook.text.split("# %%", 1)[0]:
        todo = "Add the kernelspec of another source to the top, with display_name: Python 3 (ipykernel)."
        yield 0, "the header names no kernel", todo


def roles(notebook: Notebook) -> Found:
    """What colours a word in a caption names one of the four roles; anything else is shown with its brackets."""
    for number, cell in notebook.code():
        for node in ast.walk(ast.parse(without_magics(cell.source))):
            said = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
            for role in sorted(set(re.findall(r"\[(\w+)\|[^\]]*\]", said)) - ROLES):
                yield number, f"{role!r} is no role", "Write [query|word], or key, value, output: first the role."


def known_tags(notebook: Notebook) -> Found:
    for number, cell in enumerate(notebook.cells, 1):
        for tag in tags(cell):
            if tag not in TAGS:
                yield number, f"unknown tag {tag!r}", f"Known: {', '.join(sorted(TAGS))}."


def asserts(notebook: Notebook) -> Found:
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


def links(notebook: Notebook) -> Found:
    anchors = notebook.anchors()
    for number, text in notebook.prose():
        for target in LINK.findall(text):
            if re.match(r"(https?:|mailto:)", target):
                continue
            file, _, anchor = target.partition("#")
            there, known = True, anchors
            if file.endswith(".ipynb"):
                name = file.removesuffix(".ipynb").rsplit("/", 1)[-1]
                source = notebook.folder / "source" / f"{name}.py"
                there = source.exists()
                known = _anchors(name, notebook.folder, source.stat().st_mtime_ns) if there and anchor else set()
            elif file:
                there = (notebook.folder / file).exists()
            if not there:
                yield number, f"the link to {target} leads nowhere", "Write the file's name as it is."
            elif anchor and anchor not in known:
                todo = f'Put <a id="{anchor}"></a> where it should lead, or use a heading with - for its spaces.'
                yield number, f"the link to {target} finds no such place", todo


@functools.cache
def _anchors(name: str, folder: Path, _changed: float) -> set[str]:
    return Notebook(name, folder).anchors()


def language(notebook: Notebook) -> Found:
    """British spelling, and words for those who don't see a picture."""
    for number, text in notebook.prose():
        bare = re.sub(
            r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$]*\$|<[^>]*>|\]\([^)]*\)|[“\"][^”\"]*[”\"]", " ", text, flags=re.S
        )
        for word in sorted(set(re.findall(r"[a-z]+", bare.lower())) & AMERICAN.keys()):
            yield number, f"American spelling {word!r}", f"The course writes {AMERICAN[word]!r}."
        if re.search(r"!\[\]\(|<img(?![^>]*\balt=)", text):
            yield number, "a picture without a text for those who don't see it", "Give it alt text."


RULES = [header, roles, known_tags, asserts, links, language]
