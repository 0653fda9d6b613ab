"""After a restart, back at the same point: `resume_here()` runs the cells above again, quietly.

    from course_kit.resuming import resume_here
    resume_here()

Trainings come from what `fit` has kept in the workbook (course_kit/runs/store.py); everything else is computed
again. Nothing below depends on cells tagged `shows`, so of them only imports, functions and classes run. Cells that
begin with a magic (% or !) do not run. Sections of an annex stand alone: there the cells above its first section run,
and those of the section that one is in.
"""

import ast
import contextlib
import os
import re
import sys
import time
from pathlib import Path
from typing import Any

from course_kit import notebook_names
from course_kit.i18n import t, tn
from course_kit.programs import further_training
from course_kit.runs import store

# what runs of a cell tagged `shows`
DEFINITIONS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
SECTION = re.compile(r"^## ", re.M)


class CannotResume(RuntimeError):
    """There is nothing to go by. The message says what to do."""

    def _render_traceback_(self) -> list[str]:
        return [f"{type(self).__name__}: {self}"]


def resume_here(cell: str | None = None, *, tell: bool = False) -> None:
    """Defines again what the cells above had defined, and says in a few lines what came back and what did not.

    cell: the id of the cell to stop before; without: the cell that calls. tell: names each cell on stderr before it
    runs. Outputs on the page stay. ■ stops it, a training included; what is back by then stays. Raises CannotResume
    outside of a notebook, and where the saved notebook does not have this cell.
    """
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if not hasattr(shell, "kernel"):
        raise CannotResume("resume_here() was called outside of a notebook; run it in a cell of the chapter.")
    started, back, failed, stopped = time.monotonic(), 0, [], False
    with store.brought_back() as trainings:
        try:
            above = _above(shell, cell)
            for place, one in enumerate(above, 1):
                first = next((x.strip() for x in one.source.splitlines() if x.strip() and not x.startswith("#")), "")
                if not first or first.startswith(("%", "!")) or "resume_here" in one.source:
                    continue
                if tell:
                    told = t("Bringing back cell {place} of {n}: {first}", place=place, n=len(above), first=first[:48])
                    print(told, file=sys.stderr, flush=True)
                error = _run(shell, one.source, only_definitions="shows" in one.metadata.get("tags", ()))
                back += not error
                failed += [(first[:40], error)] if error else []
        except KeyboardInterrupt:
            stopped = True
    print(_report(back, time.monotonic() - started, trainings, failed, stopped))


def _run(shell: Any, text: str, only_definitions: bool) -> str:
    """Run a cell in the user's names, showing nothing -> "" or the error in one line."""
    from IPython.utils.capture import capture_output

    try:
        source = shell.transform_cell(text)
        name = shell.compile.cache(source, 0, raw_code=text)  # where inspect.getsource and tracebacks find it
        with capture_output():
            for node in ast.parse(source).body:
                if isinstance(node, DEFINITIONS) or not only_definitions:
                    exec(compile(ast.Module([node], []), name, "exec", dont_inherit=True), shell.user_ns)
        further_training.note(text, shell.user_ns)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return f"{type(error).__name__}: {error}".splitlines()[0][:50]
    return ""


def _report(back: int, seconds: float, trainings: list, failed: list, stopped: bool) -> str:
    cells = t("1 cell above is") if back == 1 else t("{back} cells above are", back=back)
    told = {"cells": cells, "seconds": f"{seconds:.0f}"}
    lines = [
        t("Stopped: {cells} back, in {seconds} s. Run it again; it begins at the top.", **told)
        if stopped
        else t("{cells} back, in {seconds} s; what they showed stays as it was.", **told)
    ]
    found = [title for how, title in trainings if how == "kept"]
    again = [title or t("Training") for how, title in trainings if how == "trained"]
    if found:
        lines.append(tn("Taken as kept: {n} training.", "Taken as kept: {n} trainings.", len(found)))
    if again:
        names = ", ".join(f"“{title}”" for title in dict.fromkeys(again))
        lines.append(t("Trained again, since none was kept for this code and data: {names}.", names=names))
    lines += [
        t("Not brought back: the cell that begins with “{first}”: {error}", first=first, error=error)
        for first, error in failed
    ]
    return ("■ " if stopped else "") + "\n".join(lines)


def _above(shell: Any, asked: str | None) -> list[Any]:
    """The code cells of the saved notebook above a cell that it may need."""
    import nbformat

    if asked is None:
        with contextlib.suppress(AttributeError, KeyError, TypeError):
            asked = shell.get_parent()["metadata"].get("cellId")
    for path in _notebooks():
        try:
            cells = nbformat.read(path, as_version=4).cells
        except Exception:  # not the one that runs here
            continue
        for here, one in enumerate(cells):
            if (one.get("id") == asked) if asked else ("resume_here()" in one.source):
                above = _of_annex(cells, here) if notebook_names.is_annex(path.name) else cells[:here]
                return [x for x in above if x.cell_type == "code"]
    raise CannotResume(
        f"This cell is in no saved notebook of {Path.cwd()}. Save the notebook (Ctrl-S), then run the cell again."
    )


def _of_annex(cells: list[Any], here: int) -> list[Any]:
    """What is above the first section, and what is above a cell in its own section."""
    heads = [i for i, x in enumerate(cells[:here]) if begins_section(x)]
    return cells[: heads[0]] + cells[heads[-1] : here] if heads else cells[:here]


def begins_section(cell: Any) -> bool:
    """Whether a cell has a heading of level 2."""
    return cell.cell_type == "markdown" and bool(SECTION.search(cell.source))


def _notebooks() -> list[Path]:
    """The notebook that this kernel was started for, as the server says; then those beside it, newest first."""
    said = [Path(os.environ["JPY_SESSION_NAME"])] if os.environ.get("JPY_SESSION_NAME") else []
    beside = sorted(Path.cwd().glob("*.ipynb"), key=lambda path: -path.stat().st_mtime)
    return [path for path in [*said, *beside] if path.suffix == ".ipynb" and path.is_file()]
