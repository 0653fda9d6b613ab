"""Notebooks in another language: `notebooks/LANGUAGE/NAME.ipynb` from the English one and a catalogue, executed in it.

    course translate --to es 05           bring the catalogues in step with the English, and build: it is executed
    course translate --to es --text 05    the same, where only Markdown and comments differ; outputs stay
    course translate --to es --check      what is fuzzy or missing, pages that are not what their catalogue says
    course translate --catalogue          only bring the catalogues in step; readme, kit, site, views, ch05: one of them
    course translate --to es teaching     the guide and the plans of lessons, into docs/es/; using, keeping: so, too

The code is the English one's but for a line that says the language, before the chapters are imported, and the
comments, docstrings and printed texts of the cells that are read. What has no translation is English.
"""

import functools
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from course_kit import files
from course_kit.i18n import current, use
from course_kit.i18n.catalogues import languages, speech
from course_tools.authoring import building, minutes, notebook_writer, sources, stills
from course_tools.translation import catalogues, english, units
from course_tools.translation.units import Unit

IMPORT = "import course_kit\n"
LINKED = re.compile(r"\]\((?:(\w+)\.ipynb)?#([^)]+)\)")
OUTSIDE = re.compile(r"\]\(\.\./")
THERE = "|".join([*units.PAGES, "lesson_plans"])  # the pages of docs/ that other languages have
TAUGHT = re.compile(rf"\]\(docs/({THERE})\.md")
BESIDE = re.compile(rf"\]\((?=\.\./|(?!{THERE})\w+\.md)")


def translated(name: str, to: str) -> Any:
    """The notebook NAME in a language, without outputs -> notebook."""
    import nbformat

    notebook = nbformat.read(sources.folder() / f"{name}.ipynb", as_version=4)
    own = {catalogues.unit_of(one): one for one in catalogues.read(name, to)}
    notes = languages()[to]["notes"]
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    apart = languages()[to]["between"] + speech(to).text(minutes.NOT_IN_CLASS, None)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            text = units.rewrite_markdown(cell.source, lambda unit: _said(unit, own, notes["fuzzy"]))
            text = text.replace(f" {minutes.NOT_IN_CLASS}", apart)
            text = text.replace("\u00a0%", languages()[to].get("percent", "\u00a0%"))
            cell.source = OUTSIDE.sub("](../../", _anchored(text, cell.source))
        else:
            cell.source = units.rewrite_comments(cell, lambda unit: _said(unit, own))
            cell.outputs, cell.execution_count = [], None
    line = f'course_kit.use("{to}", "{name}")\n'
    begin, found, rest = code[0].source.rpartition(f"\n{IMPORT}")
    code[0].source = f"{begin}{found or IMPORT}{line}{rest}"
    first = notebook.cells[0]
    note = [notes["reviewed"]] if name == sources.names()[0] else []
    if any(not own[u].translated() for u in own if _in_text(own[u])):
        note.append(notes["incomplete"])
    title, _, rest = first.source.partition("\n")
    first.source = "\n".join([title, *(f"{one}\n" for one in note), rest]) if note else first.source
    return notebook


def _in_text(entry: Any) -> bool:
    return any(place.endswith(".md") for place, _ in entry.occurrences)


def _said(text: str, own: Mapping[Unit, Any], fuzzy: str | None = None) -> str:
    """What a unit of a notebook is called; of one that is fuzzy the English, marked where a mark is given."""
    entry = own.get(Unit(text))
    if entry is None or not entry.msgstr:
        return text
    return entry.msgstr if not entry.fuzzy else text + (fuzzy or "")


def _anchored(text: str, english: str) -> str:
    """Its headings can be reached by the addresses that the English ones have, where something leads there."""
    lines = text.split("\n")
    for i, line in enumerate(english.split("\n")):
        slug = re.sub(r"^#+ ", "", line).replace(" ", "-")
        if line.startswith("#") and slug in linked() and lines[i] != line:
            lines[i] += f'\n<a id="{slug}"></a>'
    return "\n".join(lines)


@functools.cache
def linked() -> set[str]:
    """The headings to which notebooks lead by their words."""
    texts = (path.read_text(encoding="utf-8") for path in sources.folder().glob("*.ipynb"))
    return {anchor for text in texts for _, anchor in LINKED.findall(text)}


def build(name: str, to: str, text: bool = False) -> None:
    """Write notebooks/LANGUAGE/NAME.ipynb, executed in the language; text: with the outputs that it has.

    Raises BuildError if a cell raises, or if with `text` the code of a cell has changed.
    """
    notebook, where = translated(name, to), sources.folder(to)
    if text:
        _keep_outputs(notebook, name, to)
    else:
        with tempfile.TemporaryDirectory() as empty:
            building.execute(notebook, f"notebooks/{to}/{name}.ipynb", empty, COURSE_LANGUAGE=to)
        building.need_silence(notebook, f"notebooks/{to}/{name}.ipynb")
        stills.take(notebook, to)
    for output in (output for cell in notebook.cells for output in cell.get("outputs", [])):
        output.get("metadata", {}).pop("execution", None)
    where.mkdir(exist_ok=True)
    notebook_writer.write(notebook, name, where)


def _keep_outputs(notebook: Any, name: str, to: str) -> None:
    before = {cell.id: cell for cell in _built(name, to).cells}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            old = before.get(cell.id)
            if old is None or _bare(old) != _bare(cell):
                raise sources.BuildError(f"notebooks/{to}/{name}.ipynb, cell {cell.id}: its code has changed. That "
                                         f"needs a build: `course translate --to {to} {name}`.")  # fmt: skip
            cell.outputs, cell.execution_count = old.outputs, old.execution_count


def _bare(cell: Any) -> str:
    """A cell's code without what may differ by language."""
    return units.rewrite_comments(cell, lambda unit: "", every=True)


def _built(name: str, to: str) -> Any:
    import nbformat

    path = sources.folder(to) / f"{name}.ipynb"
    if not path.exists():
        raise sources.BuildError(f"notebooks/{to}/{name}.ipynb is missing: `course translate --to {to} {name}`.")
    return nbformat.read(path, as_version=4)


def drift(name: str, to: str) -> list[str]:
    """How a built notebook differs from its catalogue and its English, outputs aside -> sentences."""
    try:
        wanted, found = translated(name, to), _built(name, to)
    except sources.BuildError as error:
        return [str(error)]
    path, todo = f"notebooks/{to}/{name}.ipynb", f"Run `course translate --to {to} {name}`, and commit both files."
    problems = [
        f"{path}, cell {number} ({sources.head(ours)!r}) is not what its catalogue says. {todo}"
        for number, (ours, theirs) in enumerate(zip(wanted.cells, found.cells, strict=False), 1)
        if (ours.cell_type, ours.source, ours.metadata) != (theirs.cell_type, theirs.source, theirs.metadata)
    ]
    if len(wanted.cells) != len(found.cells):
        problems.append(f"{path} has {len(found.cells)} cells, the English {len(wanted.cells)}. {todo}")
    return problems


def pages(name: str, to: str) -> dict[Path, str]:
    """{file: text} of what a catalogue of a page gives in a language; the guide brings the lesson plans."""
    from course_tools.classroom import plans

    own = {catalogues.unit_of(one): one for one in catalogues.read(name, to)}
    told, root = languages()[to], files.course_folder()
    notes = told["notes"]
    text = (root / units.PAGES[name]).read_text(encoding="utf-8")
    text = units.rewrite_markdown(text, lambda unit: _said(unit, own, notes["fuzzy"]))
    if name == "readme":
        title, _, rest = text.split("\n\n", 2)
        head = "\n\n".join([title, notes["others"], notes["reviewed"], *notes.get("begin", [])])
        text = f"{head}\n\n{rest}".replace("](notebooks/", f"](notebooks/{to}/")
        return {root / told["readme"]: TAUGHT.sub(rf"](docs/{to}/\1.md", text)}
    text = BESIDE.sub("](../", text).replace("](../../README.md", f"](../../{told['readme']}")
    spoken, folder = current(), root / "docs" / to
    use(to)
    try:
        planned = {folder / "lesson_plans.md": plans.text(sources.names())} if name == "teaching" else {}
    finally:
        use(spoken)
    return {folder / f"{name}.md": text} | planned


def _language(to: str | None) -> str:
    """The language that is meant: the one that is named, the one in use, the only one. Raises ValueError."""
    known = list(languages())
    if not to:
        to = current() if current() != "en" else known[0] if len(known) == 1 else None
    if not to:
        raise ValueError(f"Which language? `--to` names one of {', '.join(known)}.")
    if to not in known:
        raise ValueError(f"There is no locale/{to}.toml; there are: {', '.join(known)}. CONTRIBUTING says how.")
    return to


def run(
    names: Sequence[str] = (), check: bool = False, catalogue: bool = False, text: bool = False, to: str | None = None
) -> int:
    """The command `course translate` -> exit status."""
    to = _language(to)
    chosen = catalogues.names(names)
    if check:
        return max(int(bool(_problems(name, to))) for name in chosen)
    for name in chosen:
        catalogues.update(name, to)
    catalogues.usable(to, chosen)  # all or nothing
    for name in chosen if not catalogue else ():
        if name in sources.names():
            build(name, to, text)
            print(f"notebooks/{to}/{name}.ipynb built", flush=True)
        elif name in units.PAGES:
            for path, words in pages(name, to).items():
                path.parent.mkdir(exist_ok=True)
                files.write_atomically(path, words)
    return 0


def _problems(name: str, to: str) -> list[str]:
    """Say what is wrong with a catalogue and what is made of it -> sentences."""
    fuzzy, missing, lacking = catalogues.state(name, to)
    file = catalogues.path(name, to)
    said = [f"{file}, line {line}: {problem}" for line, problem in catalogues.problems(name, to)]
    for state, entries in (("fuzzy", fuzzy), ("missing", [one for one in missing if not one.fuzzy])):
        said += [
            f"{_place(one.occurrences)}: {state} in {file.name}, line {one.linenum}: {one.msgid}" for one in entries
        ]
    said += [f"{_place(catalogues.expected(name)[unit])}: {file.name} lacks: {unit.text}" for unit in lacking]
    if name in sources.names():
        where = f"notebooks/{to}/{name}.ipynb"
        said += drift(name, to) or [f"{where}, {one}" for one in english.untranslated(_built(name, to), to)]
    for path, words in pages(name, to).items() if name in units.PAGES else ():
        if not path.exists() or path.read_text("utf-8") != words:
            said.append(f"{path} is not what its catalogue says. Run `course translate {name}`.")
    if said:
        print("\n".join(said))
    return said


def _place(occurrences: Sequence[tuple[str, str]]) -> str:
    place, line = occurrences[0] if occurrences else ("?", "?")
    return f"{place}, cell {line}" if place.endswith(".md") else f"{place}, line {line}"
