"""Chapters as slides: one HTML file each, with reveal.js, views, font and notes inside, that opens from disk.

`course_tools/classroom/presenting/screens.py` says what is on which slide, for slides and for `make present` alike;
what is said of it goes to the speaker's notes. How large a thing can be is known only in the browser: fitting.js of the
plugin gives each as much of the slide as it can fill, as it does in JupyterLab; `assets/deck.js` starts reveal.js.
"""

import html
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat

from course_kit import chapter_maps, files, lessons
from course_kit.chapter_maps.frames import frame
from course_kit.i18n import t, use
from course_kit.views import fragments, program
from course_kit.views.models import model_files
from course_tools.authoring import minutes, sources
from course_tools.classroom.presenting import excerpt, screens, speaker
from course_tools.publishing import citation, pages

from ..authoring.markup import HEADINGS, headings, tree

BARE = {"picture", "file"}  # kinds whose code is not shown, if it shows something
PARTS = {"formula": ".formula", "table": ".scroll", "drawing": ".highlight"}
PLUGIN = Path(screens.__file__).parents[1] / "jupyter" / "labextension" / "static"
FILE = re.compile(r"<code>(mine/\w+\.py)</code>")


def build(name: str, notes: Sequence[Any] = (), to: str = "en") -> str:
    """A lesson or an annex as a page of HTML, in a language.

    name: such as "03_seq2seq". notes: (heading, HTML) for the speaker, by the English heading of a section.
    """
    path = sources.folder(to) / f"{name}.ipynb"
    chapter = pages.chapter(path, link=_link)
    cells, heads = {cell.id: cell for cell in chapter.cells}, screens.headings(name, path)
    beside = {heads.get(heading, heading): made for heading, made in notes}
    notebook = nbformat.read(path, as_version=4)
    ran, slides = {cell.id: cell for cell in notebook.cells}, []
    for screen in screens.screens(notebook.cells):
        kept = screen.kind == "file" and screens.kept_files(notebook.cells, ran[screen.cell].outputs)
        shown, told = kept or _thing(screen, cells[screen.cell], chapter), ""
        if screen.kind in BARE:
            shown, told = _told(shown)
        said = told + "".join(_prose(cells[one].source) for one in screen.said)
        parts = [{"shown": shown, "look": ""}]
        instead = screen.later and screen.kind != "formula"
        if screen.later or (screen.kind == "formula" and screen.code):
            look = " fragment" * screen.later + " instead" * instead
            head = f'<p class="section">{html.escape(screen.title)}</p>' * bool(instead)
            parts.append({"shown": head + _source(screen.code), "look": look})
        slides.append(
            {
                "title": screen.title,
                "kind": screen.kind,
                "aside": screen.not_in_class,
                "parts": parts,
                "hides": instead,
                "keep": _kept(cells[screen.keep].source) if screen.keep else "",
                "notes": beside.get(screen.title, "") + (f'<div class="said">{said}</div>' if said else ""),
            }
        )
    slides[-1]["parts"].append({"shown": f"<p>{html.escape(citation.line())}</p>", "look": " licence"})
    style = pages.style("reveal/reveal.css", "code.css", "deck.css") + chapter_maps.style()
    fitting = "".join((PLUGIN / name).read_text(encoding="utf-8") for name in ("fitting.js", "keys.js"))
    outputs = [made for screen in screens.screens(notebook.cells) for made in cells[screen.cell].outputs]
    heads_of = [made.spec for made in outputs if isinstance(made, fragments.SavedView) and made.spec["kind"] == "heads"]
    models = dict.fromkeys(model for spec in heads_of for model in spec.get("own", {}).get("models", []))
    inside = [script for model in models for script in model_files(model).values()]  # what is asked there, they answer
    return pages.page(
        "slides", to, title=chapter.title, slides=slides, program=program.source(to), fitting=fitting, style=style,
        models=inside,
    )  # fmt: skip


def with_notes(name: str, to: str = "en") -> str:
    """A lesson or an annex as a page of HTML, with the notes of its speaker, in the language in use."""
    return build(name, [(note.heading, note.rows()) for note in speaker.notes(name)], to)


def run(names: Sequence[str] = (), out: str | None = None, to: str = "en") -> int:
    """`course slides`: writes one file for each chapter, says where -> exit status."""
    use(to)
    folder = Path(out) if out else files.course_folder() / "build" / "slides" / ("" if to == "en" else to)
    for name in sources.built(to, names):
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}.html"
        files.write_atomically(path, with_notes(name, to))
        print(f"{path}  {path.stat().st_size / 1e6:.1f} MB", flush=True)
    print("Open one in a browser. ? shows the keys, S opens the notes, ?print-pdf after the address prints.")
    return 0


def _link(address: str) -> str | None:
    """Links to other chapters go to their slides; those inside a chapter stay words: their targets may be skipped."""
    if address.startswith("#"):
        return None
    return re.sub(r"^(?:\./)?(\d\d_\w+)\.ipynb(?:#.*)?$", r"\1.html", address)


def _thing(screen: Any, cell: Any, chapter: pages.Chapter) -> str:
    """What a slide shows of a cell, as HTML."""
    kind = screen.kind
    if kind == "title":
        return _title(cell, chapter)
    if kind == "keep":
        return f'<p class="kept">{_kept(cell.source)}</p>'
    if kind in screens.WHOLE:
        return f'<div class="kept">{_bare(cell.source)}</div>'
    if kind == "lines":
        return _for_class(cell.source)
    if kind in PARTS:
        has_tables = kind == "formula" and not (screen.code or "card" in cell.tags)
        wanted = f"{PARTS[kind]}, .scroll" if has_tables else PARTS[kind]
        return "".join(str(part) for part in _unfolded(cell.source).select(wanted))
    if view := next((made for made in cell.outputs if isinstance(made, fragments.SavedView)), None):
        return view.presenting().html()
    shown = "".join(cell.outputs)
    return shown if screen.later or (kind in BARE and shown) else f"{_source(screen.code)}{shown}"


def _for_class(made: str) -> str:
    """The lines to keep, under their numbers, without those that are not in class."""
    page, left = _unfolded(made), (minutes.NOT_IN_CLASS, t(minutes.NOT_IN_CLASS))
    for number, line in enumerate(page.select("li"), 1):
        line["value"] = number
        if any(words in line.get_text() for words in left):
            line.decompose()
    return "".join(map(str, page.select("ol, ul")))


def _title(cell: Any, chapter: pages.Chapter) -> str:
    """The question of a chapter and the files that one will hold, beside its frame; below, small, the frames of all."""
    number = lessons.chapter(chapter.name)
    codes = "".join(f"<code>{html.escape(file)}</code>" for file in dict.fromkeys(FILE.findall(cell.source)))
    number_of, _, words = chapter.title.rpartition(" · ")
    head = (f'<p class="number">{html.escape(number_of)}</p>' if number_of else "") + f"<h1>{html.escape(words)}</h1>"
    panel = chapter_maps.maps().get(number)
    own = frame(number, panel) if panel else ""
    asked = f'<div class="asks">{head}{f"<p>{codes}</p>" if codes else ""}</div><div class="own">{own}</div>'
    return asked + chapter_maps.strip(number, words=False)


def _bare(made: str) -> str:
    """The text of a cell without its title: a heading, or the bold words that it begins with."""
    page = _unfolded(made)
    (page.find(HEADINGS) or page.strong).decompose()
    return str(page)


def _source(code: excerpt.Excerpt | None) -> str:
    """An excerpt as HTML."""
    return f'<div class="source">{excerpt.coloured(code)}</div>' if code else ""


def _told(made: str) -> tuple[str, str]:
    """(what is shown, what is said instead): the long caption of a table is the speaker's."""
    page = tree(made)
    table = page.select_one("div + div > table")  # as course_kit/views/table.py writes it
    if table is None:
        return made, ""
    words = table.parent.find_previous_sibling("div").extract().get_text()
    return str(page), f"<p>{html.escape(words)}</p>"


def _unfolded(made: str) -> Any:
    """A cell's tree without what unfolds, which is an answer or a solution."""
    page = tree(made)
    for details in page.find_all("details"):
        details.decompose()
    return page


def _prose(made: str) -> str:
    """The words of a cell for the speaker: answers unfolded, headings left out."""
    page = tree(made)
    for heading in headings(page):
        heading.decompose()
    for details in page.find_all("details"):
        details.summary.name = "b"
        details.unwrap()
    return str(page)


def _kept(made: str) -> str:
    """The sentence to keep, a cell's last paragraph, without the words in front of it."""
    sentence = _unfolded(made).find_all("p")[-1]
    sentence.strong.decompose()
    return sentence.decode_contents().strip().lstrip("：")
