"""Notebooks in another language: `notebooks/zh/NAME.ipynb` from the English one as it was executed and a catalogue.

    course translate                 bring the catalogues in step with the English, and build
    course translate --check 05      what is fuzzy or missing, with both texts; what differs from its catalogue
    course translate readme          README.zh-CN.md alone; interface: the strings of the views, the checks and the site

Nothing is run: an output has the same numbers, its words are looked up. The code is the same but for its first line,
`course_kit.setup(language="zh")`. A unit without a translation stays English, and says so.
"""

import functools
import re

from course_kit import files, language, lessons
from course_kit.views import spoken
from course_tools.authoring import serialiser, sources, stills
from course_tools.translation import catalogues, units

SETUP = "course_kit.setup()"
MARK = {"zh": " *〔译文待更新〕*"}
INCOMPLETE = {"zh": "> 本页还没有全部译完，尚未翻译的段落保留英文。\n\n"}
REVIEWED = {"zh": "> 中文版由项目组翻译，**尚未经母语者审校**。怎样改正一处译文，见 CONTRIBUTING。\n\n"}
README = {"zh": files.course_folder() / "README.zh-CN.md"}
LINKED = re.compile(r"\]\((?:(\w+)\.ipynb)?#([^)]+)\)")
OUTSIDE = re.compile(r"\]\(\.\./")


def translated(name, to):
    """The notebook NAME in a language -> notebook."""
    import nbformat

    notebook = nbformat.read(sources.folder() / f"{name}.ipynb", as_version=4)
    own = {one.msgid: one for one in catalogues.read(name, to)}
    before = language.current()
    language.use(to)
    try:
        for cell in notebook.cells:
            _translate(cell, own, to)
    finally:
        language.use(before)
    first = notebook.cells[0]
    note = REVIEWED[to] if name == sources.names()[0] else ""
    if any(not own[u].translated() for u in own if _in_text(own[u])):
        note += INCOMPLETE[to]
    title, _, rest = first.source.partition("\n")
    first.source = f"{title}\n{note}{rest}" if note else first.source
    return notebook


def _in_text(entry):
    return any(place.endswith(".md") for place, _ in entry.occurrences)


def _translate(cell, own, to):
    if cell.cell_type == "markdown":
        cell.source = _anchored(units.rewritten(cell.source, lambda unit: _said(unit, own, to)), cell.source)
        cell.source = OUTSIDE.sub("](../../", cell.source)
        return
    cell.source = cell.source.replace(SETUP, f'course_kit.setup(language="{to}")')
    for output in cell.outputs:
        if "data" in output:
            output["data"] = spoken.output(output["data"])


def _said(unit, own, to):
    entry = own.get(unit)
    if entry is None or not entry.msgstr:
        return unit
    return unit + MARK[to] if entry.fuzzy else entry.msgstr


def _anchored(text, english):
    """Its headings can be reached by the addresses that the English ones have, where something leads there."""
    lines = text.split("\n")
    for i, line in enumerate(english.split("\n")):
        slug = re.sub(r"^#+ ", "", line).replace(" ", "-")
        if line.startswith("#") and slug in linked() and lines[i] != line:
            lines[i] += f'\n<a id="{slug}"></a>'
    return "\n".join(lines)


@functools.cache
def linked():
    """The headings to which notebooks lead by their words."""
    texts = (path.read_text(encoding="utf-8") for path in sources.folder().glob("*.ipynb"))
    return {anchor for text in texts for _, anchor in LINKED.findall(text)}


def where(to):
    return sources.folder() / to


def build(name, to):
    """Write notebooks/LANGUAGE/NAME.ipynb."""
    notebook = translated(name, to)
    stills.take(notebook, to)
    where(to).mkdir(exist_ok=True)
    serialiser.write(notebook, name, where(to))


def drift(name, to):
    """How a notebook differs from its catalogue and its English -> sentences. Its still pictures are not compared."""
    import nbformat

    path = where(to) / f"{name}.ipynb"
    wanted = translated(name, to)
    found = nbformat.read(path, as_version=4) if path.exists() else None
    todo = f"Run `course translate {name}`, and commit both files."
    if found is None:
        return [f"{path} is missing. {todo}"]
    problems = []
    for number, (ours, theirs) in enumerate(zip(wanted.cells, found.cells, strict=False), 1):
        if _compared(ours) != _compared(theirs):
            problems.append(f"{path}, cell {number} ({sources.head(ours)!r}) is not what its catalogue says. {todo}")
    if len(wanted.cells) != len(found.cells):
        problems.append(f"{path} has {len(found.cells)} cells, the English {len(wanted.cells)}. {todo}")
    return problems


def _compared(cell):
    shown = [output.get("data", output.get("text")) for output in cell.get("outputs", [])]
    return cell.cell_type, cell.source, cell.metadata, stills.PICTURE.sub("", str(shown))


def readme(to):
    """README.md in a language: its text, with links to that language's notebooks."""
    own = {one.msgid: one for one in catalogues.read("readme", to)}
    text = (files.course_folder() / "README.md").read_text(encoding="utf-8")
    text = units.rewritten(text, lambda unit: _said(unit, own, to))
    title, _, rest = text.split("\n\n", 2)
    others = "[English](README.md) · 中文"  # the other way round
    return f"{title}\n\n{others}\n\n{REVIEWED[to]}{rest}".replace("](notebooks/", f"](notebooks/{to}/")


def run(names=(), check=False, to="zh"):
    """The command `course translate` -> exit status."""
    chosen = catalogues.names(names)
    if check:
        return max(int(bool(_problems(name, to))) for name in chosen)
    for name in chosen:
        catalogues.update(name, to)
    catalogues.merged(to)  # all or nothing
    for name in chosen:
        if name in sources.names():
            build(name, to)
            print(f"notebooks/{to}/{name}.ipynb built", flush=True)
        elif name == "readme":
            files.write_atomically(README[to], readme(to))
    return 0


def _problems(name, to):
    """Say what is wrong with a catalogue and what is made of it -> whether anything is."""
    fuzzy, missing, lacking = catalogues.state(name, to)
    file = catalogues.path(name, to)
    said = [f"{file}, line {line}: {problem}" for line, problem in catalogues.problems(name, to)]
    for entry in [*fuzzy, *missing]:
        state = "fuzzy" if entry.fuzzy else "missing"
        said.append(f"{file}, line {entry.linenum}: {state}\n  {entry.msgid}\n  {entry.msgstr}")
    said += [f"{file} lacks: {unit}" for unit in lacking]
    said += drift(name, to) if name in sources.names() else []
    if name == "readme" and README[to].read_text("utf-8") != readme(to):
        said.append(f"{README[to]} is not what its catalogue says. Run `course translate readme`.")
    if said:
        print("\n".join(said))
    optional = lessons.is_annex(name)
    return len(said) > (len(missing) if optional else 0)
