"""Chapters as slides: one HTML file each, with reveal.js, views, font and notes inside, that opens from disk.

What stands on which slide is said by the cells' slide types in notebooks/source. How much of it fits is known only
where it is drawn: `assets/deck.js` lays the blocks out, divides what is too long, and then starts reveal.js.
"""

import html
import re
from pathlib import Path

from . import fragments, pages

SILENT = {"lab", "predict", "training"}  # tags of cells whose code only calls what is shown
DETAILS = re.compile(r"<details>\s*<summary>(.*?)</summary>(.*?)</details>", re.S)


def build(name, notes=()):
    """One chapter as a page of HTML.

    name: such as "03_seq2seq". notes: (heading, HTML) for the speaker, by the heading of a section.
    """
    chapter = pages.chapter(name, link=_link)
    kits, notes, stacks, section = fragments.Kits(still=False), dict(notes), [], chapter.title
    for cell in chapter.cells:
        if cell.slide == "skip" or _setup(cell):
            continue
        top = next((pages.plain(words) for level, _, words in cell.headings if level <= 2), None)
        section = top or section
        if cell.slide == "slide" or not stacks:
            stacks.append([])
        if cell.slide in ("slide", "subslide") or not stacks[-1]:
            stacks[-1].append((section, []))
        stacks[-1][-1][1].append(_cell(cell, kits))
    body = []
    for stack in stacks:
        slides = []
        for section, cells in stack:
            aside = f'<aside class="notes">{notes[section]}</aside>' if section in notes else ""
            slides.append(f'<section data-head="{html.escape(section)}">{"".join(cells)}{aside}</section>')
        body.append(f"<section>{''.join(slides)}</section>")
    return _page(chapter.title, "\n".join(body), kits.script())


def run(wanted=(), out=None):
    """`course slides`: writes one file for each chapter, says where -> exit status.

    Raises ValueError for a name that no chapter has.
    """
    from course_utils.support.files import course_folder, write_atomically

    folder = Path(out) if out else course_folder() / "build" / "slides"
    folder.mkdir(parents=True, exist_ok=True)
    for name in pages.names(wanted):
        path = folder / f"{name}.html"
        write_atomically(path, build(name, speaker_notes(name)))
        print(f"{path}  {path.stat().st_size / 1e6:.1f} MB", flush=True)
    print("Open one in a browser. ? shows the keys, S opens the notes, ?print-pdf after the address prints.")
    return 0


def speaker_notes(name):
    """[(heading, HTML)] from docs/teaching.md, what to ask and which wrong guesses to expect."""
    from .presenting import notes

    said = [(re.sub(r"[`*]", "", note.heading), note.html()) for note in notes(name)]
    return [(heading, re.sub(r"<h1>.*?</h1>", "", words)) for heading, words in said]


def _setup(cell):
    """Whether a cell only makes the kernel ready."""
    return cell.kind == "code" and "course_utils" in cell.source and ">setup<" in cell.source


def _link(address):
    """Links to other chapters go to their slides; those inside a chapter stay words: their targets may be skipped."""
    if address.startswith("#"):
        return None
    return re.sub(r"^(?:\./)?(\d\d_\w+)\.ipynb(?:#.*)?$", r"\1.html", address)


def _cell(cell, kits):
    """A cell in one element; what unfolds in the notebook becomes a page of its own."""
    if cell.kind == "markdown":
        made = DETAILS.sub(r'<hr class="page"><h3>\1</h3>\2<hr class="page">', cell.source)
    else:
        silent = cell.hidden or (cell.tags & SILENT and cell.outputs)
        made = "" if silent else f'<div class="source">{_still(cell.source)}</div>'
        for output in cell.outputs:
            shown = fragments.replace_views(output, lambda view: kits.use(view.presenting()))
            made += f'<div class="output">{_still(shown)}</div>'
        made += '<hr class="page">' if "predict" in cell.tags else ""  # what follows would tell the answer
    return f'<div class="cell{" fragment" if cell.slide == "fragment" else ""}">{made}</div>'


def _still(made):
    """Blocks that never scroll on a slide need no place in the order of Tab."""
    return made.replace('<pre tabindex="0">', "<pre>").replace('class="stream" tabindex="0"', 'class="stream"')


def _page(title, body, kits):
    style = "\n".join([pages.asset("reveal/reveal.css"), pages.math_css(), *map(pages.asset, ("code.css", "deck.css"))])
    scripts = (pages.asset(f"{name}.js") for name in ("reveal/reveal", "reveal/notes", "deck"))
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{style}</style></head>\n"
        '<body class="measuring"><div class="reveal"><div class="slides">\n'
        f"<script>{pages.asset('sharp.js')}\n{kits}</script>\n{body}\n</div></div>\n"
        + "".join(f"<script>{script}</script>\n" for script in scripts)
        + "</body></html>\n"
    )
