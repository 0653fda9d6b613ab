"""Where the places of a notebook have gone that links still name: `#zoo` of a lesson may be in its annex by now.

What is in the annex under the same name is found without being told, a section too that was headed *Deeper* before.
So is a heading that a link names with straight quotes, which every page has as curly ones.
Everything else that has another name or place is in `notebooks/moved.json`: {lesson: {old place: "NOTEBOOK#place"}}.
"""

import json
import re

from course_kit import files, lessons

NAMED = re.compile(r"\bid=[\"']([^\"']+)[\"']")
BLOCK = re.compile(r"^(```|~~~).*?^\1", re.S | re.M)
HEADING = re.compile(r"^#+ +(.+)$", re.M)
STRAIGHT = str.maketrans("“”’", '""\'')
CARD = "●"  # headings of exercises have it; they are numbered, and no link names them


def places(name):
    """What a link may name that is not in this notebook any more -> {old place: "NOTEBOOK.ipynb#place"}."""
    there = {one: anchors(one) for one in (name, lessons.annex_of(name))}
    return {old: new.replace("#", ".ipynb#") for old, new in gone(name, there).items()}


def gone(name, there):
    """As `places`, and without the file's ending, of notebooks whose places are given: {notebook: its places}."""
    here, annex, found = there.get(name, ()), lessons.annex_of(name), {}
    for place in () if lessons.is_annex(name) else there.get(annex, ()):
        if place not in here:
            found |= dict.fromkeys((place, f"Deeper:-{place[0].lower()}{place[1:]}"), f"{annex}#{place}")
    found |= {old.translate(STRAIGHT): new for old, new in found.items()}
    found |= {typed: f"{name}#{place}" for place in here if (typed := place.translate(STRAIGHT)) != place}
    return found | table().get(name, {})


def table():
    """What notebooks/moved.json says."""
    path = _folder() / "moved.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def everywhere():
    """`places` of every notebook that has lost any -> {notebook: {old place: "NOTEBOOK.ipynb#place"}}."""
    names = (path.stem for path in sorted(_folder().glob("[0-9]*.ipynb")))
    return {name: found for name in names if (found := places(name))}


def anchors(name):
    """The places in a built notebook that links may name: what has an id, and the headings; none if it is not there."""
    path = _folder() / f"{name}.ipynb"
    cells = json.loads(path.read_bytes())["cells"] if path.is_file() else []
    texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    return list(dict.fromkeys(place for text in texts for place in of_text(text)))


def of_text(text):
    """The places in a Markdown text: ids, and headings as JupyterLab names them."""
    heads = [re.sub(r"[*`]", "", head).strip().replace(" ", "-") for head in HEADING.findall(BLOCK.sub("", text))]
    return NAMED.findall(text) + [head for head in heads if CARD not in head]


def _folder():
    return files.course_folder() / "notebooks"
