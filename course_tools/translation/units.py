"""What there is to translate: units of Markdown, what a notebook's cells give to be shown, what is marked in code.

A unit of Markdown is a heading, a paragraph, a list item or a cell of a table: one line, or a part of one; or the words
of a formula that stands alone, in \\text. Formulas, code, anchors, comments and HTML stay outside of it; what a block
of code says, in its remarks or in its last column, is a unit.
"""

import ast
import csv
import functools
import importlib
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from course_kit import files
from course_kit.i18n import remarks
from course_kit.mine.composing import origins
from course_kit.mine.source import course
from course_tools.authoring import markup, rewriting, sources
from course_tools.authoring.rewriting import plain

CLASSROOM = "doctor", "lab", "workbook", "progress", "problems/*", "assignments", "scratch", "grading/**/*"  # started
MARKED_IN = {
    "kit": ["course.py", "course_kit/**/*.py", *(f"course_tools/classroom/{one}.py" for one in CLASSROOM)],
    "site": ["course_tools/publishing/**/*.py", "course_tools/publishing/**/*.j2"],
    "views": [f"{room}/**/*.js" for room in ("course_kit/views/js/src", "chapters")],
    "mine": ["chapters/*/kept/*.py", "chapters/ch06/adapters.py"],  # the files that readers keep, and what is revealed
}
MARKED_IN["site"] += [f"course_tools/{one}.py" for one in ("authoring/minutes", "classroom/plans")]
MARKED_IN["site"] += ["course_tools/classroom/presenting/*.py"]
MARKED_IN["views"] += [f"course_tools/{room}/**/*.js" for room in ("classroom/jupyter", "publishing/website")]
TABLES = {"ch07": ["data/history.csv"]}
BLOCK = re.compile(r"(?<=```)(python|diff|text|sh)\n(.*?)(?=```)", re.S)
COLUMN = re.compile(  # of a block of text: what stands behind the names, and a name of three words
    r"(?<=  )(?!#)(?=\S.*(?:[a-z]{2} [a-z]{2}|[a-z]{2}: )).*|^[a-z]+(?: [a-z]+){2,}(?=  )", re.M
)
REMARK_OF_COMMAND = re.compile(r"(?<= # ).+")  # what follows them on their line
SENTENCE = re.compile(r"[a-z]{3} [a-z]{2}|^[A-Za-z ]{5,}|^new\b|each$")  # of a remark: not a shape alone
JOINS = re.compile(r"[:;,.](?= |$)|^\(\)$")  # of values: what stands between two, or behind the last
ASIDE = re.compile("exercise: |noqa|fmt: ")  # marks for tools
PAGES = {"readme": "README.md"}  # catalogue of a page: the page
PAGES |= {name: f"docs/{name}.md" for name in ("teaching", "crosswalk", "capstone", "using", "keeping")}


def rooms() -> dict[str, Sequence[str]]:
    """{catalogue of marked text: patterns of the files that it is of}, one for each chapter that there is."""
    chapters = sorted(path.name for path in files.course_folder().glob("chapters/ch[0-9][0-9]"))
    return MARKED_IN | {one: [f"chapters/{one}/**/*.py", *TABLES.get(one, ())] for one in chapters}


class Unit(NamedTuple):
    """What one entry of a catalogue is of: English, its other form for many, and its context."""

    text: str
    many: str = ""
    context: str | None = None


@functools.cache
def labels() -> frozenset[str]:
    """What a view shows as it was given, by its name in the spec: each View says so of its kind."""
    from course_kit.views.view import View

    root = files.course_folder()
    for path in (*root.glob("course_kit/views/*.py"), *root.glob("chapters/*/labs/*.py")):
        importlib.import_module(".".join(path.relative_to(root).with_suffix("").parts))
    return frozenset().union(*(kind.wording for kind in View.__subclasses__()))


Placed = tuple[str, int, Unit]  # file, number of a cell or a line, unit


def of_markdown(text: str) -> list[str]:
    """The units of a cell's Markdown, in order."""
    return _units_of(lambda translate: rewrite_markdown(text, translate))


def _units_of(rewrites: Callable[[Callable[[str], str]], object]) -> list[str]:
    """The units that something which puts others in their place asks for."""
    requested: list[str] = []

    def translate(unit: str) -> str:
        requested.append(unit)
        return unit

    rewrites(translate)
    return requested


def rewrite_markdown(text: str, translate: Callable[[str], str]) -> str:
    """A cell's Markdown with translate(unit) in place of each unit."""
    return BLOCK.sub(lambda block: _block(block, translate), rewriting.rewrite(text, translate))


def _block(block: re.Match[str], translate: Callable[[str], str]) -> str:
    kind, code = block.groups()
    pattern = {"text": COLUMN, "sh": REMARK_OF_COMMAND}.get(kind)
    places = [one.span() for one in pattern.finditer(code)] if pattern else list(remarks.places(code))
    for begin, end in reversed(places):
        if kind == "text" or _is_sentence(code[begin:end]):
            code = code[:begin] + translate(code[begin:end]) + code[end:]
    return f"{kind}\n{code}"


def _is_sentence(remark: str) -> bool:
    return bool(SENTENCE.search(remark)) and not ASIDE.match(remark)


def of_notebook(name: str) -> Iterator[Placed]:
    """(path, number of cell, unit) of a notebook's own catalogue: its Markdown, the strings that its code gives and
    its outputs show as titles, labels or in tables, what it gives to `from_cell`, and `of_comments`."""
    import nbformat

    notebook = nbformat.read(sources.folder() / f"{name}.ipynb", as_version=4)
    shown = set().union(*map(_shown_texts, notebook.cells))
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type == "markdown":
            yield from ((f"{name}.md", number, Unit(unit)) for unit in of_markdown(cell.source))
        else:
            yield from ((f"{name}.py", number, Unit(unit)) for unit in [*_texts(cell, shown), *of_comments(cell)])


def _texts(cell: Any, shown: set[str]) -> Iterator[str]:
    tree = ast.parse(re.sub(r"^[%!].*", "", cell.source, flags=re.M))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    marked = [call.args[0] for call in calls if getattr(call.func, "id", "") == "from_cell"]
    names = {value.id for value in marked if isinstance(value, ast.Name)}
    known = {id(value) for value in (*marked, *(word for name, word in _words(tree, of_tables=True) if name in names))}
    for node in ast.walk(tree):
        text = getattr(node, "value", None) if isinstance(node, ast.Constant) else None
        if isinstance(text, str) and re.search(r"[A-Za-z]{2}", plain(text)) and (id(node) in known or text in shown):
            yield text


def _shown_texts(cell: Any) -> set[str]:
    """What a cell shows as titles, labels, or in tables."""
    from course_kit.views import fragments

    texts = set()
    for output in cell.get("outputs", []):
        page = output.get("data", {}).get("text/html", "")
        if view := fragments.read(page):
            texts |= {one for key, one in _inside(view.spec) if key in labels() and isinstance(one, str)}
            options = [one for control in view.spec["controls"] for one in control.get("options", ())]
            texts |= {one for one in options if isinstance(one, str)}
        else:
            parts = markup.tree(page).find_all(["th", "td", "div"])
            texts |= {one for part in parts for one in part.find_all(string=True, recursive=False)}
    return texts


def _inside(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """(key, value) of all that is in a view's spec; of a list the key is that of the list."""
    yield key, value
    if isinstance(value, dict | list):
        for name, item in value.items() if isinstance(value, dict) else ((key, item) for item in value):
            yield from _inside(item, name)


def of_comments(cell: Any) -> list[str]:
    """The comments, docstrings and printed words of a cell: all that may differ in its code."""
    return _units_of(lambda translate: rewrite_comments(cell, translate))[::-1]


def rewrite_comments(cell: Any, translate: Callable[[str], str], every: bool = False) -> str:
    """A cell's code with translate(unit) in place of each comment, each line of a docstring, each text printed or
    returned with values in it, and each label with values; of asserts, as it is. every: also what has neither an
    English word nor signs between values. From its end to its beginning."""
    if "asserts" in sources.tags(cell):
        return cell.source
    code = re.sub(r"^[%!].*", lambda magic: " " * len(magic[0]), cell.source, flags=re.M)
    result = cell.source
    for begin, end in sorted({*remarks.places(code), *_strings(code)}, reverse=True):
        text = code[begin:end]
        words = re.sub(r"\{[^{}]*\}", "", text)
        if every or re.search("[A-Za-z]{2}", words) or (words != text or text == ", ") and JOINS.search(words):
            result = result[:begin] + translate(result[begin:end]) + result[end:]
    return result


def _strings(code: str) -> Iterator[tuple[int, int]]:
    """Where the texts are that a cell prints or raises, or that its values fill, with the places for these in them."""
    tree = ast.parse(code)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    printed = [one for call in calls if getattr(call.func, "id", "") == "print" for one in call.args]
    texts = [one for argument in (*printed, *remarks.raised(ast.walk(tree))) for one in remarks.made_of(argument)]
    filled: list[Any] = [word.value for call in calls for word in call.keywords if word.arg in labels()]
    filled += [node.value for node in ast.walk(tree) if isinstance(node, ast.Return)]
    texts += [node for node in filled if isinstance(node, ast.JoinedStr)]
    yield from remarks.inside(code, [*texts, *_printed_names(tree, printed)])


def _printed_names(tree: ast.AST, printed: list[Any]) -> Iterator[Any]:
    """The words over which a loop runs and that are printed, and used for nothing else."""
    shown = set()
    for node in printed:
        texts = [value for text in remarks.made_of(node) for value in getattr(text, "values", ())]
        filled = [argument for call in ast.walk(node) if isinstance(call, ast.Call)
                  and getattr(call.func, "attr", "") == "format" for argument in call.args]  # fmt: skip
        shown |= {id(argument) for argument in (node, *filled)} | {id(getattr(value, "value", None)) for value in texts}
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)]
    used = {name.id for name in names if id(name) not in shown}
    yield from (word for name, word in _words(tree) if name in {name.id for name in names} - used)


def _words(tree: ast.AST, of_tables: bool = False) -> Iterator[tuple[str, Any]]:
    """(name, word) for the words over which a loop runs; of_tables: also the keys of a table that has a name, and what
    comes first in a `zip`."""
    assigned = [node for node in ast.walk(tree) if isinstance(node, ast.Assign) and of_tables]
    tables = {to.id: node.value for node in assigned for to in node.targets if isinstance(to, ast.Name)}
    for loop in ast.walk(tree):
        if isinstance(loop, ast.For | ast.comprehension):
            rows, targets = loop.iter, getattr(loop.target, "elts", [loop.target])
            if isinstance(rows, ast.Call) and isinstance(rows.func, ast.Attribute) and rows.func.attr == "items":
                rows, targets = rows.func.value, targets[:1]
            if of_tables and isinstance(rows, ast.Call) and getattr(rows.func, "id", "") == "zip":
                rows = rows.args[0]
            iterables = [rows.left, rows.right] if of_tables and isinstance(rows, ast.BinOp) else [rows]
            for table in (tables.get(getattr(expression, "id", ""), expression) for expression in iterables):
                for row in table.keys if isinstance(table, ast.Dict) else getattr(table, "elts", ()):
                    for name, word in zip(targets, getattr(row, "elts", [row]), strict=False):
                        if isinstance(getattr(word, "value", None), str):
                            yield getattr(name, "id", ""), word


def of_page(name: str) -> Iterator[Placed]:
    """The same of a page."""
    text = (files.course_folder() / PAGES[name]).read_text(encoding="utf-8")
    yield from ((PAGES[name], 1, Unit(unit)) for unit in of_markdown(text))


def of_room(name: str) -> Iterator[Placed]:
    """(path, line, unit) of what is marked in a room's code and templates. Babel reads templates and JavaScript."""
    course = files.course_folder()
    for path in sorted({path for pattern in rooms()[name] for path in course.glob(pattern)}):
        relative = path.relative_to(course)
        if not {"node_modules", "dist", "" if name == "mine" else "kept"} & set(relative.parts):
            read = _of_kept if name == "mine" else READ[path.suffix]
            yield from ((relative.as_posix(), line, unit) for line, unit in read(path))


def _of_python(path: Path) -> Iterator[tuple[int, Unit]]:
    tree: Any = ast.parse(path.read_text(encoding="utf-8"))
    for node in (node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args):
        name, arguments = getattr(node.func, "id", ""), [getattr(one, "value", "") for one in node.args]
        if name in ("t", "tn", "mark") and isinstance(node.args[0], ast.Constant):
            context: Any = next((one.value for one in node.keywords if one.arg == "context"), None)
            yield node.lineno, Unit(arguments[0], arguments[1] if name == "tn" else "", context and context.value)


def _of_kept(path: Path) -> Iterator[tuple[int, Unit]]:
    """Comments, docstrings' lines and sentences of a kept file, and of what it takes from elsewhere; marks of exercises
    and of tools aside, and those that are shapes alone."""
    texts = [path.read_text(encoding="utf-8")]
    if path.stem != "__init__" and path.parent.name == "kept":
        module = ".".join(path.relative_to(files.course_folder()).with_suffix("").parts)
        definitions = (course(home).definition(name) for home, name in origins(module).values() if home != module)
        texts += filter(None, definitions)
    for code in texts:
        sentences = set(remarks.sentence_spans(code))
        for begin, end in sorted({*remarks.places(code), *sentences}):
            if (begin, end) in sentences or _is_sentence(code[begin:end]):
                yield code.count("\n", 0, begin) + 1, Unit(code[begin:end])


def _of_table(path: Path) -> Iterator[tuple[int, Unit]]:
    """What happened: a column of a table of events."""
    with path.open(encoding="utf-8", newline="") as file:
        yield from ((line, Unit(row["what"])) for line, row in enumerate(csv.DictReader(file), 2))


def _of_template(path: Path) -> Iterator[tuple[int, Unit]]:
    from babel.messages.extract import extract

    with path.open("rb") as file:
        options = {"trimmed": "false", "trim_blocks": "true", "lstrip_blocks": "true"}
        for line, text, _, context in extract(
            "jinja2.ext:babel_extract", file, {"_": None, "gettext": None}, (), options
        ):
            yield line, Unit(str(text), context=context)


def _of_script(path: Path) -> Iterator[tuple[int, Unit]]:
    """t("…", places), tn("one", "many", …) and tc("context", "…", …): the strings right in the brackets of the call."""
    from babel.messages.jslexer import tokenize as tokens_of
    from babel.messages.jslexer import unquote_string

    tokens = [token for token in tokens_of(path.read_text("utf-8"), jsx=False) if "comment" not in token.type]
    for i, token in enumerate(tokens[:-2]):
        before = tokens[i - 1].value if i else ""
        if token.value not in ("t", "tn", "tc") or tokens[i + 1].value != "(" or before in (".", "function"):
            continue
        strings: dict[int, str] = {}
        depth = commas = 0
        for inner in tokens[i + 1 :]:
            depth += (inner.value in "([{") - (inner.value in ")]}") if inner.type == "operator" else 0
            commas += inner.value == "," and depth == 1
            if inner.type == "string" and depth == 1:
                strings[commas] = strings.get(commas, "") + unquote_string(inner.value)
            if not depth:
                break
        first, second = strings.get(0), strings.get(1, "")
        if first and (token.value != "tc" or second):
            unit = {"t": Unit(first), "tn": Unit(first, second), "tc": Unit(second, context=first)}[token.value]
            yield token.lineno, unit


READ = {".py": _of_python, ".csv": _of_table, ".j2": _of_template, ".js": _of_script}
