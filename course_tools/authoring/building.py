"""Notebooks from their sources: `notebooks/source/NAME.py` (jupytext percent format) -> `notebooks/NAME.ipynb`.

    course notebooks            build all
    course notebooks 05         build those whose name starts so: a lesson, and its annex
    course notebooks --text 05  carry changed Markdown over, and run nothing
    course notebooks --check    say what differs from its source (drift); exit status 1 if anything does

A build writes out what a source names (filling.py), executes the notebook, and leaves out the cells tagged `asserts`,
which are for the build and the tests. Still pictures are the program's where a browser is at hand (stills.py). It is
deterministic: cell ids come from a hash of the cell's text, nothing of
this machine or of the clock is kept, and two builds of deterministic cells are the same bytes.
"""

import os
import re
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from course_tools.authoring import asserts, notebook_writer, stamps, stills

from .filling import for_readers, read_source
from .page_differences import carry_text, drift
from .sources import KERNEL, BuildError, folder, head, names

TIMEOUT = 1200  # seconds for one cell, on a busy machine too
SLOW = 10  # seconds after which a cell should say how long it runs


def build(name: str, where: Path | None = None) -> dict[int, float]:
    """Execute the notebook of a source and write `NAME.ipynb`, and its stamp -> {number of a cell: its seconds}.

    It runs in an empty folder, so that what a cell saves, as chapter 9 its model, is not left among the notebooks.
    Raises BuildError if a cell raises, or prints a warning.
    """
    where = where or folder()
    label, notebook = f"notebooks/source/{name}.py", read_source(name, where)
    _need_fonts("".join(cell.source for cell in notebook.cells))
    with tempfile.TemporaryDirectory() as empty, tempfile.TemporaryDirectory() as beside:
        read = Path(beside) / "read"
        seconds = execute(notebook, label, empty, COURSE_READ=str(read))
        need_silence(notebook, label)
        stills.take(notebook)
        for cell in notebook.cells:
            for output in cell.get("outputs", []):
                output.get("metadata", {}).pop("execution", None)
        notebook_writer.write(for_readers(notebook), name, where)
        stamps.write(name, read, where)
    for number, taken in seconds.items():
        cell = notebook.cells[number - 1]
        if taken > SLOW and "seconds" not in cell.metadata:
            todo = f"For the minutes of the notebook, write seconds={taken:.0f} into its header."
            print(f"{label}, cell {number} ({head(cell)!r}) runs {taken:.0f} s. {todo}")
    return seconds


def _need_fonts(text: str) -> None:
    """Pictures of the committed notebooks have their Chinese labels, not numbers instead."""
    from course_kit.views import picture

    if not picture.drawable(text):
        raise BuildError(
            "No font draws Chinese here, so labels would be missing from the pictures. Install one and build again:\n"
            "  Debian, Ubuntu:  sudo apt-get install fonts-wqy-microhei\n"
            "  Fedora:          sudo dnf install wqy-microhei-fonts\n"
            "macOS and Windows have one."
        )


def need_silence(notebook: Any, label: str) -> None:
    """A notebook prints nothing on stderr: what is there is a warning that readers would see."""
    for number, cell in enumerate(notebook.cells, 1):
        for output in cell.get("outputs", []):
            if output.get("output_type") == "stream" and output.get("name") == "stderr":
                raise BuildError(
                    f"{label}, cell {number}: it prints on stderr: {output['text'].strip()[:300]!r}. Find out why, and "
                    "fix that; readers should see no warnings."
                )


def execute(notebook: Any, label: str, cwd: str | Path, **variables: str) -> dict[int, float]:
    """Run a notebook in place, in folder `cwd`, with the course's defaults (profile class, CPU unless set, English)
    and these variables of the environment -> {number of a code cell: its seconds}. An assert that fails says what it
    compared: asserts.py.

    The page that shows it brings the program of the views along, so none of its outputs holds a copy.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    from course_kit.views import program  # here, since it brings torch along

    environment = dict(os.environ, PYTHONHASHSEED="0", COURSE_VIEWS=program.BROUGHT, COURSE_LANGUAGE="en") | variables
    environment.setdefault("COURSE_PROFILE", "class")
    environment.setdefault("COURSE_DEVICE", "cpu")
    seconds = {}

    def begin(cell: Any, cell_index: int) -> None:
        seconds[cell_index + 1] = -time.monotonic()

    def end(cell: Any, cell_index: int) -> None:
        seconds[cell_index + 1] += time.monotonic()

    client = NotebookClient(
        notebook,
        timeout=TIMEOUT,
        kernel_name=KERNEL["name"],
        resources={"metadata": {"path": str(cwd)}},
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,
        extra_arguments=["--log-level=40", *(f"--ext={one.__name__}" for one in (asserts, stamps))],
        on_cell_execute=begin,
        on_cell_complete=end,
    )
    try:
        client.execute(env=environment)
    except CellExecutionError as error:
        raise BuildError(f"{_where(label, notebook)}: a cell raised.\n{_plain(str(error))}") from None
    except CellTimeoutError:
        raise BuildError(f"{_where(label, notebook)}: a cell took more than {TIMEOUT} s. Make it smaller.") from None
    except DeadKernelError:
        raise BuildError(f"{_where(label, notebook)}: the kernel died (out of memory?).") from None
    return seconds


def run(prefixes: Sequence[str] = (), check: bool = False, text: bool = False) -> int:
    """Build these notebooks, carry over their Markdown, or say what differs from their sources -> exit status."""
    return max([_told(name, check) if check or text else _built(name) for name in names(prefixes)], default=0)


def _told(name: str, check: bool) -> int:
    """Say how a notebook differs from its source, or why its text cannot be carried over -> exit status."""
    problems = drift(name) if check else carry_text(name)
    is_in_order = f"notebooks/{name}.ipynb " + ("is what its source says" if check else "has the text of its source")
    print("\n".join(problems or [is_in_order]))
    return int(bool(problems))


def _built(name: str) -> int:
    print(f"notebooks/{name}.ipynb … ", end="", flush=True)
    start = time.monotonic()
    try:
        build(name)
    except BuildError as error:
        print(f"not built\n{error}")
        return 1
    print(f"built in {time.monotonic() - start:.0f} s")
    return 0


def _where(label: str, notebook: Any) -> str:
    """File and cell where an execution stopped: the last cell that has a number."""
    for number, cell in reversed(list(enumerate(notebook.cells, 1))):
        if cell.cell_type == "code" and cell.get("execution_count"):
            return f"{label}, cell {number} ({head(cell)!r})"
    return label


def _plain(text: str) -> str:
    """Without terminal colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)
