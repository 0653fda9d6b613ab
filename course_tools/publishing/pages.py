"""A committed, executed notebook as pieces of HTML: what slides, paper and the website have in common.

Everything is in the notebook already: formulas become MathML, code is coloured, outputs stay as they are.
Nothing is executed here, and nothing refers to another machine.
"""

import base64
import functools
import html
import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from course_tools.authoring.clean import STAND_IN
from course_utils.support.files import course_folder

from .formulas import to_mathml

ASSETS = Path(__file__).parent / "assets"
CHECKED = re.compile(r"^# NBVAL_CHECK_OUTPUT\n", re.M)  # a line for the tests, not for readers
HEADING = re.compile(r"<h([1-6]) id=\"([^\"]*)\">(.*?)</h\1>", re.S)


@dataclass(frozen=True)
class Cell:
    """A cell as HTML. source: text, or coloured code; outputs: one string each; slide: "slide", "subslide",
    "fragment", "skip" or "" (goes with the cell before); deeper: under a heading that begins with Deeper;
    hidden: its code is folded in JupyterLab; headings: (level, id, HTML) of those that it holds."""

    id: str
    kind: str
    source: str
    outputs: tuple[str, ...] = ()
    slide: str = ""
    tags: frozenset[str] = frozenset()
    deeper: bool = False
    hidden: bool = False
    headings: tuple[tuple[int, str, str], ...] = ()


@dataclass(frozen=True)
class Chapter:
    """A notebook as HTML. name: such as "01_nadaraya_watson"; title: its first heading, as plain text."""

    name: str
    title: str
    cells: list[Cell] = field(repr=False)

    def change(self, write):
        """The same chapter with `write(HTML)` in the place of each output."""
        cells = [replace(c, outputs=tuple(write(o) for o in c.outputs)) for c in self.cells]
        return Chapter(self.name, self.title, cells)


def names(wanted=()):
    """The notebooks whose names begin as wanted, such as "03"; without: all. Raises ValueError if there is none."""
    there = sorted(path.stem for path in (course_folder() / "notebooks").glob("[0-9]*.ipynb"))
    for one in wanted:
        if not any(name.startswith(one) for name in there):
            raise ValueError(f"No chapter begins with {one!r}; there are: {', '.join(there)}")
    return [name for name in there if not wanted or name.startswith(tuple(wanted))]


def chapter(name, link=lambda address: address):
    """Reads notebooks/NAME.ipynb, or a notebook at a path -> Chapter.

    link(address) -> the address to write for each link in the text, or None: then only its words stay.
    Raises ValueError for a notebook that was not executed, or holds a formula that cannot be shown.
    """
    import nbformat

    path = Path(name) if str(name).endswith(".ipynb") else course_folder() / "notebooks" / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    if any(c.cell_type == "code" and c.source.strip() and not c.execution_count for c in notebook.cells):
        raise ValueError(f"{path.name} has cells that were not run. Build it: make notebooks ARGS={path.stem[:2]}")
    text, cells, under = markdown(link), [], 0
    for raw in notebook.cells:
        tags = frozenset(raw.metadata.get("tags", ()))
        slide = raw.metadata.get("slideshow", {}).get("slide_type", "").replace("-", "")
        if raw.cell_type == "markdown":
            made = text(raw.source)
            headings = tuple((int(level), id, words) for level, id, words in HEADING.findall(made))
            for level, _, words in headings:
                if under and level <= under:
                    under = 0
                if plain(words).startswith("Deeper"):
                    under = under or level
            cell = Cell(raw.id, "markdown", made, (), slide, tags, bool(under), False, headings)
        elif raw.cell_type == "code":
            hidden = bool(raw.metadata.get("jupyter", {}).get("source_hidden"))
            outputs = tuple(made for o in raw.outputs if (made := _output(o, text)))
            cell = Cell(raw.id, "code", code(CHECKED.sub("", raw.source)), outputs, slide, tags, bool(under), hidden)
        else:
            continue
        cells.append(cell)
    first = next((words for c in cells for level, _, words in c.headings if level == 1), path.stem)
    return Chapter(path.stem, plain(first), cells)


def body(chapter, *, output=lambda made: made, fold=True):
    """The cells of a chapter in one piece of HTML. output(HTML) is what stands for an output (`fragments.Kits`).

    Each cell is a `<div class="cell markdown">` or `<div class="cell code TAG …">`; fold: a section headed Deeper
    becomes `<details class="deeper">` with the heading in its summary, and folded code `<details class="folded">`.
    """
    parts, open_level = [], 0
    for cell in chapter.cells:
        level = min((level for level, _, _ in cell.headings), default=0)
        if open_level and level and level <= open_level:
            parts.append("</details>")
            open_level = 0
        source = cell.source
        if fold and cell.deeper and not open_level and level:
            heading = HEADING.search(source)
            parts.append(f'<details class="deeper"><summary>{heading[0]}</summary>')
            source, open_level = source[: heading.start()] + source[heading.end() :], level
        if cell.kind == "code" and fold and cell.hidden:
            source = f'<details class="folded"><summary>code</summary>{source}</details>'
        outputs = "".join(f'<div class="output">{output(made)}</div>' for made in cell.outputs)
        classes = " ".join(["cell", cell.kind, *sorted(cell.tags)])
        parts.append(f'<div class="{classes}" id="cell-{cell.id}">{source}{outputs}</div>')
    return "\n".join([*parts, "</details>" if open_level else ""])


def headings(chapter, deepest=2):
    """(level, id, plain text) of the headings, for a table of contents."""
    return [(level, id, plain(words)) for c in chapter.cells for level, id, words in c.headings if level <= deepest]


def plain(made):
    """HTML as plain text in one line."""
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", made))).strip()


def anchor(words):
    """The id of a heading, as JupyterLab makes it: links to it work there and here."""
    return html.escape(re.sub(r"\s", "-", words))


def code(source, language="python"):
    """Coloured code, `<div class="highlight"><pre tabindex="0">…`; assets/code.css has its colours."""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import get_lexer_by_name

    made = highlight(source, get_lexer_by_name(language), HtmlFormatter())
    return made.replace("<pre>", '<pre tabindex="0">', 1)


def math_css():
    """A style sheet that brings the font of the formulas along: browsers need one made for mathematics."""
    font = base64.b64encode((ASSETS / "stix-two-math.woff2").read_bytes()).decode()
    return f'@font-face{{font-family:"Course Math";src:url(data:font/woff2;base64,{font})}}'


def asset(name):
    """The text of a file in course_tools/publishing/assets."""
    return (ASSETS / name).read_text(encoding="utf-8")


def _output(raw, text):
    """One output of a cell as HTML, the richest form that a page can show."""
    if raw.output_type == "stream":
        return f'<pre class="stream" tabindex="0">{html.escape(_joined(raw.text))}</pre>'
    data = raw.get("data", {})
    if "text/html" in data:
        made = _joined(data["text/html"])
        return "" if made == STAND_IN else made  # there is no kernel to run the cell again
    if "text/markdown" in data:
        return text(_joined(data["text/markdown"]))
    if "image/png" in data:
        return f'<img alt="{html.escape(data.get("text/plain", ""))}" src="data:image/png;base64,{data["image/png"]}">'
    return f'<pre class="stream" tabindex="0">{html.escape(_joined(data["text/plain"]))}</pre>' if data else ""


def _joined(value):
    return value if isinstance(value, str) else "".join(value)


def markdown(link):
    """A function from Markdown to HTML, with formulas in MathML and links as `link` says."""
    from mistune import HTMLRenderer  # noqa: F401  (nbconvert's renderer is made of it)
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    class Renderer(IPythonRenderer):
        def heading(self, text, level, **_):
            return f'<h{level} id="{anchor(plain(text))}">{text}</h{level}>\n'

        def block_code(self, code_text, info=None):
            return code(code_text, (info or "text").split()[0])

        def block_math(self, body):
            return f'<div class="formula">{to_mathml(body, True)}</div>'

        def inline_math(self, body):
            return to_mathml(body)

        def latex_environment(self, name, body):
            return self.block_math(f"\\begin{{{name}}}{body}\\end{{{name}}}")

        def link(self, text, url, title=None):
            address = link(url)
            return text if address is None else f'<a href="{html.escape(address)}">{text}</a>'

    def convert(source):
        made = MarkdownWithMath(renderer=Renderer(escape=False)).render(source)
        made = re.sub(r'<p>(<div class="formula">.*?</div>)</p>', r"\1", made, flags=re.S)
        return made.replace("<table>", '<div class="scroll" tabindex="0"><table>').replace("</table>", "</table></div>")

    return functools.cache(convert)
