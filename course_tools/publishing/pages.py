"""A committed, executed notebook as pieces of HTML, for the website.

Everything is in the notebook already: formulas become MathML, code is coloured, outputs stay as they are.
Nothing is executed here, and nothing refers to another machine.
"""

import functools
import html
import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from course_kit import files, notebook_names
from course_kit.i18n import mark, t, tn
from course_kit.i18n.catalogues import languages
from course_kit.views import fragments
from course_tools.authoring import structure
from course_tools.authoring.clean import STAND_IN

from ..authoring.markup import headings, plain, tree
from .formulas import to_mathml

WEBSITE = Path(__file__).with_name("website")
FORMULA = '<div class="formula">'
Link = Callable[[str], str | None]  # of an address the one that a page has, None for none
PLAIN = re.compile(r'<span class="[npw]">([^<]*)</span>')  # names, signs and spaces of code: as the text
COMMAND = re.compile(r"[^.?!。？！<>]*<em>[^<]*</em>[^<]*(?=</p>\s*$)")  # half way's last sentence, as in screen.js
BEHIND = mark("Guess first, or show what follows")


@dataclass(frozen=True)
class Cell:
    """A cell as HTML. source: text, or coloured code; outputs: HTML, or a `fragments.SavedView`; hidden: its code is
    folded in JupyterLab; headings: (level, id, plain text) of those in it."""

    id: str
    kind: str
    source: str
    outputs: tuple[str | fragments.SavedView, ...] = ()
    tags: frozenset[str] = frozenset()
    hidden: bool = False
    headings: tuple[tuple[int, str, str], ...] = ()


@dataclass(frozen=True)
class Chapter:
    """A lesson or an annex as HTML. name: such as "01_nadaraya_watson"; title: its first heading, as plain text."""

    name: str
    title: str
    cells: list[Cell] = field(repr=False)

    @property
    def annex(self) -> bool:
        return notebook_names.is_annex(self.name)


def chapter(name: str | Path, link: Link = lambda address: address) -> Chapter:
    """Reads notebooks/NAME.ipynb, or a notebook at a path -> Chapter.

    link(address) -> the address to write for each link in the text, or None: then only its words stay.
    Raises ValueError for a notebook that was not executed, or holds a formula that cannot be shown.
    """
    import nbformat

    path = Path(name) if str(name).endswith(".ipynb") else files.course_folder() / "notebooks" / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    if any(c.cell_type == "code" and c.source.strip() and not c.execution_count for c in notebook.cells):
        raise ValueError(f"{path.name} has cells that were not run. Build it: make notebooks ARGS={path.stem[:2]}")
    text, cells = markdown(link), []
    for raw in notebook.cells:
        tags = frozenset(raw.metadata.get("tags", ()))
        if raw.cell_type == "markdown":
            content = text(raw.source)
            if "half" in tags:
                content = COMMAND.sub("", content)
            tags_of_headings = headings(tree(content)) if "<h" in content else ()
            heading_entries = tuple((int(h.name[1]), h["id"], plain(h)) for h in tags_of_headings)
            cell = Cell(raw.id, "markdown", content, (), tags, headings=heading_entries)
        elif raw.cell_type == "code" and not tags & {"asserts", "workbook"}:  # not for readers of a page
            hidden = bool(raw.metadata.get("jupyter", {}).get("source_hidden"))
            outputs = tuple(content for o in raw.outputs if (content := _output(o, text)))
            cell = Cell(raw.id, "code", code(raw.source), outputs, tags, hidden)
        else:
            continue
        cells.append(cell)
    title = next((words for c in cells for level, _, words in c.headings if level == 1), path.stem)
    return Chapter(path.stem, title, cells)


def body(chapter: Chapter, show: Callable[[Any], str] = lambda view: view.still) -> str:
    """The cells of a chapter in one piece of HTML. show(view) is the HTML of a `fragments.SavedView`.

    Each cell is a `<div class="cell markdown">` or `<div class="cell code TAG …">`; folded code stands in a
    `<div class="folded">` below what it shows, and page.js shows it at one switch for all. What follows a guess, up to
    the next heading or half way, is in a `<div class="behind">`, where page.js closes a curtain over it: cells with a
    `pale` view keep title and still. Left out are what `setup()` says of its machine, and that an exercise is not
    solved, which only a kernel could change.
    """
    curtain = f'<div class="behind"><button type="button" class="curtain">{t(BEHIND)}</button>'
    parts, behind = [], 0
    for cell, after in itertools.zip_longest(chapter.cells, chapter.cells[1:]):
        before, cell_html = "", _cell(cell, show, behind)
        if behind and _ends(cell, after):
            before, cell_html = _cut(cell_html) if cell.headings else ("", cell_html)
            parts.append(before + behind * "</div>")
            behind = 0
        parts.append(cell_html)
        if "predict" in cell.tags:
            parts.append(curtain)
            behind += 1
    whole = "\n".join(parts) + behind * "</div>"
    return re.sub(rf"{re.escape(curtain)}\s*</div>", "", whole)  # nothing follows this guess


def _ends(cell: Any, after: Any) -> bool:
    """Whether what waits for a guess ends here: at a heading, if its section is more than words, or half way."""
    sums_up = after and after.headings and max(cell.headings + after.headings)[0] <= 2
    return "half" in cell.tags or (cell.headings and not sums_up)


def _cell(cell: Any, show: Callable[[Any], str], behind: int = 0) -> str:
    source = cell.source
    shown = (
        show(output) + output.after if isinstance(output, fragments.SavedView) else output for output in cell.outputs
    )
    # the website has the task of an exercise, and nothing that says it is not solved
    kept = [output for output in shown if output and not ("setup" in cell.tags or "course-unsolved" in output)]
    outputs = "".join(f'<div class="output">{output}</div>' for output in kept)
    if cell.kind == "code" and cell.hidden:
        content = f'{outputs}<div class="folded">{source}</div>'  # what is shown comes first
    else:
        content = f"{source}{outputs}"
    pale = ["pale"] if behind and any(isinstance(output, fragments.SavedView) for output in cell.outputs) else []
    classes = " ".join(["cell", cell.kind, *pale, *sorted(cell.tags - {*structure.TAGS})])
    return f'<div class="{classes}" id="{"half" if "half" in cell.tags else f"cell-{cell.id}"}">{content}</div>'


def _cut(cell: str) -> tuple[str, str]:
    """The HTML of a Markdown cell in two: before its first heading, "" if it begins with it, and from there on."""
    start, position = cell.index(">") + 1, re.search(r"<h[1-6][ >]", cell).start()  # type: ignore[union-attr]
    before = cell[start:position].strip()
    return (f'<div class="cell markdown">{before}</div>' if before else ""), cell[:start] + cell[position:]


def anchor(words: str) -> str:
    """The id of a heading, as JupyterLab makes it: links to it work there and here."""
    return html.escape(re.sub(r"\s", "-", words))


@functools.cache  # most of it stands on the page of another language, too
def code(source: str, language: str = "python") -> str:
    """Coloured code, `<div class="highlight"><pre>…`; website/site.css has its colours."""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import get_lexer_by_name

    return PLAIN.sub(r"\1", highlight(source, get_lexer_by_name(language), HtmlFormatter()))


@functools.cache
def _templates() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(WEBSITE), undefined=StrictUndefined, autoescape=True, trim_blocks=True,
        lstrip_blocks=True, extensions=["jinja2.ext.i18n"],
    )  # fmt: skip
    environment.install_gettext_callables(t, tn, newstyle=True)  # type: ignore[attr-defined]
    environment.globals["lessons"] = notebook_names
    return environment


def tag(language: str) -> str:
    """How HTML calls a language."""
    return language if language == "en" else languages()[language]["tag"]


def page(template: str, language: str = "en", **variables: Any) -> str:
    """A page from TEMPLATE.html.j2 in website/, in this language, which is in use."""
    return _templates().get_template(f"{template}.html.j2").render(variables, lang=tag(language)) + "\n"


def _output(raw: Any, text: Callable[[str], str]) -> Any:
    """One output of a cell as a view or as HTML, the richest form that a page can show."""
    if raw.output_type == "stream":
        return f'<pre class="stream">{html.escape(raw.text)}</pre>'
    data = raw.get("data", {})
    if "text/html" in data:
        content = data["text/html"]
        return (
            "" if content == STAND_IN else fragments.read(content) or content
        )  # there is no kernel to run the cell again
    if "text/markdown" in data:
        return text(data["text/markdown"])
    if "image/png" in data:
        return f'<img alt="{html.escape(data.get("text/plain", ""))}" src="data:image/png;base64,{data["image/png"]}">'
    return f'<pre class="stream">{html.escape(data["text/plain"])}</pre>' if data else ""


def markdown(link: Link) -> Callable[[str], str]:
    """A function from Markdown to HTML, with formulas in MathML and links as `link` says."""
    from mistune import HTMLRenderer  # noqa: F401  (nbconvert's renderer is made of it)
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    class Renderer(IPythonRenderer):
        def heading(self, text: str, level: int, **_: Any) -> str:
            return f'<h{level} id="{anchor(plain(text))}">{text}</h{level}>\n'

        def block_code(self, code_text: str, info: str | None = None) -> str:
            return code(code_text, (info or "text").split()[0])

        def block_math(self, body: str) -> str:
            return f"{FORMULA}{to_mathml(body, True)}</div>"

        def inline_math(self, body: str) -> str:
            return to_mathml(body)

        def latex_environment(self, name: str, body: str) -> str:
            return self.block_math(f"\\begin{{{name}}}{body}\\end{{{name}}}")

        def paragraph(self, text: str) -> str:
            alone = text.startswith(FORMULA) and text.endswith("</div>")
            return text if alone else super().paragraph(text)

        def table(self, text: str) -> str:
            return f'<div class="scroll"><table>{text}</table></div>\n'

        def link(self, text: str, url: str, title: str | None = None) -> str:
            address = link(url)
            return text if address is None else f'<a href="{html.escape(address)}">{text}</a>'

    return functools.cache(MarkdownWithMath(renderer=Renderer(escape=False)).render)
