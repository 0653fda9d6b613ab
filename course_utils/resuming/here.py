"""`resume_here()`: what the cells above had defined, brought back into a fresh kernel."""

from __future__ import annotations

import ast
import contextlib
import os
import time
from pathlib import Path
from typing import Any

from . import cells, keeping


class CannotResume(RuntimeError):
    """There is nothing to go by. The message says what to do."""

    def _render_traceback_(self):
        return [f"{type(self).__name__}: {self}"]


def resume_here(cell: str | None = None) -> None:
    """After a restart, in any cell: defines again what the cells above had defined, and says in a few lines what came
    back and what did not. Trainings and slow cells come from what was kept (keeping.py). Outputs on the page stay.

    cell: the id of the cell to stop before; without: the cell that calls.
    Cells under *Deeper* are brought back if they have run before; of those tagged `shows`, on which nothing below
    depends, only imports and definitions. ■ stops it; what is back by then stays.
    Raises CannotResume outside of a notebook, and where the saved notebook does not have this cell.
    """
    shell = keeping.shell()
    if shell is None:
        raise CannotResume("resume_here() was called outside of a notebook; run it in a cell of the chapter.")
    above = _above(shell, cell)
    where = keeping.folder()
    ran = set(cells.ids_that_ran(where)) if where else set()
    started, report = time.monotonic(), Report()
    try:
        for one in above:
            tags = one.metadata.get("tags", ())
            if "deeper" not in tags or one.get("id") in ran:
                _replay(shell, one.source, tags, where, report)
    except KeyboardInterrupt:
        report.stopped = True
    cells.watch()
    print(report.text(time.monotonic() - started))


class Report:
    """What became of the cells."""

    def __init__(self):
        self.back, self.failed, self.heard, self.kept, self.stopped = 0, [], [], 0, False

    def text(self, seconds: float) -> str:
        kept = [title for what, title in self.heard if what == "kept"]
        trained = [title for what, title in self.heard if what == "trained"]
        lines = [f"{self.back} cells above are back, in {seconds:.0f} s; what they showed stays as it was."]
        parts = [f"{len(kept)} training{'s' * (len(kept) != 1)}"] * bool(kept)
        parts += [f"what {self.kept} slow cell{'s' * (self.kept != 1)} had computed"] * bool(self.kept)
        if parts:
            lines.append(f"Taken as kept: {' and '.join(parts)}.")
        if trained:
            names = ", ".join(f"“{title or 'Training'}”" for title in dict.fromkeys(trained))
            lines.append(f"Trained again, for nothing fitting was kept (new, or changed since): {names}.")
        for first, error in self.failed:
            lines.append(f"Not brought back: the cell that begins with “{first}”: {error}")
        if self.stopped:
            lines.append("Stopped before all was back: run this again to go on.")
        return "\n".join(lines)


def _replay(shell: Any, text: str, tags: Any, where: Path | None, report: Report) -> None:
    """Run what a cell defines, silently. A training cell changes a model, so it cannot be kept as a whole: `fit` keeps
    what was trained, and each statement beside it is kept by itself."""
    from IPython.utils.capture import capture_output

    first = next((line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")), "")
    if "resume_here" in text or not first or first.startswith(("%", "!")):
        return
    names = shell.user_ns
    try:
        tree = ast.parse(shell.transform_cell(text))
        if "shows" in tags:
            tree = cells.definitions(tree)
        with capture_output(), keeping.replaying(text, report.heard):
            found = cells.key(text, tree, names)
            values = _values(where, found)
            tree_left = tree if values is None else cells.skippable(tree, values)
            names.update(values or {})
            started = time.monotonic()
            tree_left = cells.without_shows(tree_left, names)
            if "training" in tags and values is None:
                for node in tree_left.body:
                    _replay_statement(shell, node, text, where, report)
            else:
                _execute(shell, tree_left, text)
            slow = values is None and time.monotonic() - started > cells.SLOW
            if values is not None:
                names.update(values)  # again: what ran may have bound some of them on its way
                report.kept += 1
            elif slow and where and found and cells.key(text, tree, names) == found:
                made = cells.worth_keeping(tree, names)
                if made is not None:
                    keeping.write(where, found, made)
        report.back += 1
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        report.failed.append((first[:60], f"{type(error).__name__}: {error}".splitlines()[0][:200]))


def _replay_statement(shell: Any, node: ast.stmt, text: str, where: Path | None, report: Report) -> None:
    """Run one statement of a cell, or take what it bound from what is kept."""
    tree, names = ast.Module([node], []), shell.user_ns
    found = cells.key(f"{text}\n{ast.unparse(node)}", tree, names)
    if (values := _values(where, found)) is not None:
        names.update(values)
        report.kept += 1
        return
    read = {name: names[name] for name in cells.reads(tree, names)}
    started = time.monotonic()
    _execute(shell, tree, text)
    slow = time.monotonic() - started > cells.SLOW
    if slow and where and found and cells.key(f"{text}\n{ast.unparse(node)}", tree, {**names, **read}) == found:
        made = cells.worth_keeping(tree, names)
        if made and made.keys() == set(cells.binds([node])):
            keeping.write(where, found, made)


def _values(where: Path | None, key: str | None) -> dict[str, Any] | None:
    if where is not None and key:
        with contextlib.suppress(*keeping.UNREADABLE):
            return keeping.read(where, key)
    return None


def _execute(shell: Any, tree: ast.Module, text: str) -> None:
    """In the user's names, with the text where inspect.getsource and tracebacks find it."""
    name = shell.compile.cache(shell.transform_cell(text), 0, raw_code=text)
    for node in tree.body:  # one by one, as IPython does: together they would compile to other bytecode
        exec(compile(ast.Module([node], []), name, "exec", dont_inherit=True), shell.user_global_ns, shell.user_ns)


def _above(shell: Any, cell: str | None) -> list[Any]:
    """The code cells of the saved notebook above a cell."""
    import nbformat

    asked = cell or _cell_id(shell)
    for path in _notebooks():
        try:
            found = nbformat.read(path, as_version=4).cells
        except Exception:  # not the one that runs here
            continue
        for number, one in enumerate(found):
            if (one.get("id") == asked) if asked else ("resume_here()" in one.source):
                return [x for x in found[:number] if x.cell_type == "code"]
    raise CannotResume(
        f"This cell is in no saved notebook of {Path.cwd()}. Save the notebook (Ctrl-S), then run the cell again."
    )


def _cell_id(shell: Any) -> str | None:
    with contextlib.suppress(AttributeError, KeyError, TypeError):
        return shell.get_parent()["metadata"].get("cellId")
    return None


def _notebooks() -> list[Path]:
    """The notebook that this kernel was started for, as the server says; then those beside it, newest first."""
    said = [Path(os.environ["JPY_SESSION_NAME"])] if os.environ.get("JPY_SESSION_NAME") else []
    beside = sorted(Path.cwd().glob("*.ipynb"), key=lambda path: -path.stat().st_mtime)
    return [path for path in [*said, *beside] if path.suffix == ".ipynb" and path.is_file()]
