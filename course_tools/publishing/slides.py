"""Chapters as slides: one HTML file each, with reveal.js, views, font and notes inside, that opens from disk.

The slide types of the cells in notebooks/source say what is on which slide. How much of it fits is known only in the
browser: `assets/deck.js` lays the blocks out, divides what is too long, and then starts reveal.js.
"""

import re

from course_kit import lessons
from course_kit.views import program
from course_tools.classroom.presenting import speaker

from ..authoring import fragments
from ..authoring.markup import tree
from ..classroom import maps
from . import pages

SILENT = {"lab", "predict", "training"}  # tags of cells whose code only calls what is shown


def build(name, notes=()):
    """A lesson or an annex as a page of HTML.

    name: such as "03_seq2seq". notes: (heading, HTML) for the speaker, by the heading of a section.
    """
    chapter = pages.chapter(name, link=_link)
    notes, stacks, section = dict(notes), [], chapter.title
    for cell in chapter.cells:
        if cell.slide == "skip" or cell.setup:
            continue
        section = next((words for level, _, words in cell.headings if level <= 2), section)
        if cell.slide == "slide" or not stacks:
            stacks.append([])
        if cell.slide in ("slide", "subslide") or not stacks[-1]:
            stacks[-1].append((section, []))
        stacks[-1][-1][1].append(_cell(cell))
    style = pages.style("reveal/reveal.css", "code.css", "deck.css") + maps.style()
    cover = maps.strip(lessons.chapter(name))
    return pages.page(
        "slides", title=chapter.title, stacks=stacks, notes=notes, program=program.source(), style=style, cover=cover
    )


def run(names=(), out=None):
    """`course slides`: writes one file for each chapter, says where -> exit status."""
    with_notes = lambda name: build(name, [(note.heading, note.rows()) for note in speaker.notes(name)])  # noqa: E731
    for path in pages.write("slides", names, out, with_notes):
        print(f"{path}  {path.stat().st_size / 1e6:.1f} MB", flush=True)
    print("Open one in a browser. ? shows the keys, S opens the notes, ?print-pdf after the address prints.")
    return 0


def _link(address):
    """Links to other chapters go to their slides; those inside a chapter stay words: their targets may be skipped."""
    if address.startswith("#"):
        return None
    return re.sub(r"^(?:\./)?(\d\d_\w+)\.ipynb(?:#.*)?$", r"\1.html", address)


def _cell(cell):
    """A cell in one element; what unfolds in the notebook becomes a page of its own."""
    if cell.kind == "markdown":
        made = _unfolded(cell.source)
    else:
        silent = cell.hidden or (cell.tags & SILENT and cell.outputs)
        made = "" if silent else f'<div class="source">{_still(cell.source)}</div>'
        for output in cell.outputs:
            view = isinstance(output, fragments.View)
            shown = output.presenting().html() + output.after if view else _still(output)
            made += f'<div class="output">{shown}</div>'
        made += '<hr class="page">' if "predict" in cell.tags else ""  # what follows would tell the answer
    return f'<div class="cell{" fragment" if cell.slide == "fragment" else ""}">{made}</div>'


def _unfolded(made):
    """What unfolds (`<details>`) as a heading and its text, with a new page before and after."""
    page = tree(made)
    for details in page.find_all("details"):
        details.summary.name = "h3"
        details.insert_before(page.new_tag("hr", attrs={"class": "page"}))
        details.insert_after(page.new_tag("hr", attrs={"class": "page"}))
        details.unwrap()
    return str(page)


def _still(made):
    """Blocks that never scroll on a slide need no place in the order of Tab."""
    return made.replace('<pre tabindex="0">', "<pre>").replace('class="stream" tabindex="0"', 'class="stream"')
