"""What there is to translate: the units of a notebook's Markdown, and the strings in code that readers see.

A unit is a heading, a paragraph, a list item or a cell of a table: one line of Markdown, or a part of one. Formulas,
code blocks, anchors, comments and HTML stay outside of it.
"""

import ast
import json
import re
import subprocess

from course_kit import files, lessons
from course_kit.language import BEFORE, HOLE, RUNS, marked
from course_kit.views import fragments
from course_tools.authoring import bundle, sources

VERBATIM = re.compile(r"(```.*?```|\$\$.*?\$\$|<!--.*?-->|<a id=\"[^\"]*\"></a>|</?(?:details|summary)>)", re.S)
LEAD = re.compile(r"(\s*(?:#+ |[-*] (?:\[[ x]\] )?|\d+\. |> )*)(.*?)(\s*)$", re.S)
RULE = re.compile(r"[\s|:-]+$")
READERS = {"title", "caption", "because", "question", "label", "xlabel", "ylabel", "name", "names", "foot", "used"}
READERS |= {"along"}
CODE = re.compile(  # CSS, paths, code: no words
    r"^\s{3,}|^[\w., ]+ = |[;{]\s*$|^[\w.-]+:\s*[\w#.-]+;|=[\"#]|--\w|^[\w.{}-]+/[\w./{}-]*$"
    r"|==|\)\\b|^(def|import|from|class) |^https?:|^[\w{}]+\.[\w{}.]+$"
)
LABELS = {"name", "title", "label", "xlabel", "ylabel"}
SILENT = {"print", "assert", "compile", "getLogger", "import_module", "warn", "replace", "split", "add_argument"}


def of_markdown(text):
    """The units of a cell's Markdown, in order."""
    found = []
    rewritten(text, lambda unit: found.append(unit) or unit)
    return found


def rewritten(text, said):
    """A cell's Markdown with said(unit) in place of each unit."""
    pieces = VERBATIM.split(text)
    for i, piece in enumerate(pieces):
        if not VERBATIM.fullmatch(piece):
            pieces[i] = "\n".join(_line(line, said) for line in piece.split("\n"))
    return "".join(pieces)


def _line(line, said):
    if line.lstrip().startswith("|"):
        return line if RULE.match(line) else "|".join(_part(cell, said) for cell in re.split(r"(?<!\\)\|", line))
    return _part(line, said)


def _part(text, said):
    before, inside, after = LEAD.match(text).groups()
    return before + (said(inside) if re.search(r"[A-Za-z]{2}", plain(inside)) else inside) + after


def plain(text):
    """A unit without its formulas, its code, its tags and the addresses of its links."""
    return re.sub(r"\$[^$]*\$|`[^`]*`|<[^>]*>|\]\([^)]*\)", "", text)


def of_code(text):
    """(line, string) of what readers see of Python: constants; templates with {0}, {1}, … for what is computed."""
    tree = ast.parse(text)
    hidden = {id(node) for parent in ast.walk(tree) for node in _hidden(parent)}
    found = []

    def visit(node, reader=False):
        if node is None or id(node) in hidden:
            return
        text = _template(node) if isinstance(node, ast.JoinedStr) else getattr(node, "value", None)
        if isinstance(text, str):
            found.extend((node.lineno, one) for one in _runs(text) if reader or _is_sentence(one))
        if isinstance(node, ast.JoinedStr):
            for part in node.values:
                visit(part.value if isinstance(part, ast.FormattedValue) else None)
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                visit(key)
                visit(value, isinstance(key, ast.Constant) and key.value in LABELS - {"name"})
        else:
            for child in ast.iter_child_nodes(node):
                asked = isinstance(node, ast.keyword) and node.arg in READERS
                visit(child, asked or reader and isinstance(node, (ast.List, ast.Tuple)))

    visit(tree)
    return found


def _hidden(node):
    """Parts of a node whose strings no reader sees."""
    if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node, clean=False):
        yield node.body[0]
    misfit = isinstance(node, ast.Raise) and getattr(getattr(node.exc, "func", None), "id", "") == "Misfit"  # is shown
    if not misfit and isinstance(node, (ast.Raise, ast.Assert, ast.Import, ast.ImportFrom)):
        yield node
    if isinstance(node, ast.Call):
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name in SILENT:
            yield from [*node.args, *node.keywords]
    if isinstance(node, ast.Subscript):
        yield node.slice
    if isinstance(node, ast.FormattedValue) and node.format_spec:
        yield node.format_spec
    for part in (getattr(node, "returns", None), getattr(node, "annotation", None)):
        if part is not None:
            yield part


def _template(node):
    holes = iter(range(len(node.values)))
    return "".join(v.value if isinstance(v, ast.Constant) else f"{{{next(holes)}}}" for v in node.values)


def _runs(text):
    """The runs of text in a string, which may be HTML, each with holes counted from 0."""
    runs = [run for run in RUNS.split(text)[::3] if run] if "<" in text else [text]
    runs = [_counted(BEFORE.sub("", marked(run)).rstrip()) for run in runs]
    return [run for run in runs if re.search(r"[A-Za-z]{2}", HOLE.sub("", plain(run))) and not CODE.search(run)]


def _counted(text):
    """Its holes, {3}, {} or {name}, numbered from 0 in their order."""
    count = iter(range(100))
    return re.sub(r"\{\w*(?::[^{}]*)?\}", lambda _: f"{{{next(count)}}}", text)


def _is_sentence(text):
    """Whether a constant looks like words: some in a row, and neither CSS, code nor a path."""
    return bool(re.search(r"[A-Za-z]{2,}\S* \S|\S [A-Za-z]{2,}|^[A-Z][a-z]+[.?]?$", text))


def of_template(text):
    """(line, unit) of a page's template: its text between tags, with {0} for what is filled in."""
    holes = re.sub(r"\{#.*?#\}|\{%.*?%\}", lambda m: "<t>" + "\n" * m[0].count("\n") + "</t>", text, flags=re.S)
    count = iter(range(10**6))
    holes = re.sub(r"\{\{.*?\}\}", lambda _: f"{{{next(count)}}}", holes, flags=re.S)
    found, line = [], 1
    holes = re.sub(r' (?:alt|title|aria-label|placeholder)="([^"]*)"', r"><t>\1</t", holes)
    for piece in RUNS.split(holes)[::3]:
        if piece and not piece.startswith("<"):
            found += [(line, " ".join(one.split())) for one in _runs(piece.strip())]
        line += (piece or "").count("\n")
    return found


def of_notebook(name):
    """(place, number of cell or line, unit) for one catalogue: a notebook, and for a lesson its chapter's Python."""
    import nbformat

    notebook = nbformat.read(sources.folder() / f"{name}.ipynb", as_version=4)
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type == "markdown":
            yield from ((f"{name}.md", number, unit) for unit in of_markdown(cell.source))
        else:
            yield from ((f"{name}.py", number, unit) for _, unit in of_code(_without_magics(cell.source)))
            yield from ((f"{name}.py", number, unit) for unit in of_outputs(cell))
    if lessons.lesson_of(name) == name:
        for path in sorted((files.course_folder() / "chapters" / f"ch{lessons.chapter(name):02}").rglob("*.py")):
            if "kept" not in path.parts:
                yield from _of_file(path)


def of_outputs(cell):
    """The single words in what a cell shows that code does not tell from data: labels of views, cells of tables."""
    for output in cell.outputs:
        made = output.get("data", {}).get("text/html", "")
        if view := fragments.read(made):
            inside = list(_inside(view.spec))
            lists = [one for _, one in inside if isinstance(one, list) and len(one) > 4]
            tokens = {word for one in lists if all(isinstance(part, str) for part in one) for word in one}
            words = {one for key, one in inside if key in LABELS and isinstance(one, str)} - tokens
        else:
            words = set(re.findall(r"<t[hd]\b[^>]*>([a-z-]{3,})</t[hd]>", made))
        yield from sorted(word for word in words if re.fullmatch(r"[A-Za-z-]{3,}", word))


def _inside(value, key=""):
    """(key, value) of all that is in a view's spec; of a list the key is that of the list, of controls "controls"."""
    yield key, value
    if isinstance(value, dict | list):
        for name, one in value.items() if isinstance(value, dict) else ((key, one) for one in value):
            yield from _inside(one, key if key == "controls" else name)


def _without_magics(text):
    return re.sub(r"^[%!].*", "", text, flags=re.M)


def _of_file(path):
    place = path.relative_to(files.course_folder()).as_posix()
    read = of_template if path.suffix == ".j2" else of_code
    yield from ((place, line, unit) for line, unit in read(path.read_text(encoding="utf-8")))


INTERFACE = ["course_kit/**/*.py", "course_tools/authoring/minutes.py", "course_tools/publishing/*.py"]
INTERFACE += ["course_tools/publishing/website/*.j2", "course_tools/publishing/assets/*.j2"]
SCRIPTS = ("course_kit/views/js/src", "chapters", "course_tools/classroom/jupyter", "course_tools/publishing/website")


def of_readme():
    """The same of README.md."""
    text = (files.course_folder() / "README.md").read_text(encoding="utf-8")
    yield from (("README.md", 1, unit) for unit in of_markdown(text))


def of_interface():
    """The same of what works for readers in all chapters: the kit, the views' program, the site."""
    course = files.course_folder()
    for pattern in INTERFACE:
        for path in sorted(course.glob(pattern)):
            if "node_modules" not in path.parts:
                yield from _of_file(path)
    js = course / "course_kit" / "views" / "js"
    scripts = sorted(path for folder in SCRIPTS for path in (course / folder).rglob("*.js"))
    bundle.install()
    command = [bundle.node(), js / "words.mjs", *(path.relative_to(course).as_posix() for path in scripts)]
    made = subprocess.run(command, cwd=course, check=True, capture_output=True, text=True).stdout
    yield from ((place, line, unit) for place, line, unit in json.loads(made))
