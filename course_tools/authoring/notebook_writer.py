"""A built notebook as a file: always the same bytes for the same content, and a seal that shows a changed output."""

import copy
import hashlib
import json
from pathlib import Path
from typing import Any

from course_kit import files
from course_tools.authoring.clean import clean
from course_tools.authoring.sources import KERNEL, LANGUAGE


def dumps(notebook: Any) -> str:
    """The notebook as the text of an .ipynb file."""
    import nbformat

    plain = json.loads(nbformat.writes(notebook, version=4))
    return json.dumps(plain, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def seal(notebook: Any) -> str:
    """What the cells show, as a sha256: an output written by hand is noticed."""
    import nbformat

    read = nbformat.reads(dumps(copy.deepcopy(notebook)), as_version=4)
    shown = [cell.outputs for cell in read.cells if cell.cell_type == "code"]
    return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()


def write(notebook: Any, name: str, where: Path) -> None:
    """Write `NAME.ipynb` without anything of the machine or the clock; cells that ran are counted from 1."""
    ran = [cell for cell in notebook.cells if cell.get("execution_count")]
    for count, cell in enumerate(ran, 1):
        cell.execution_count = count
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = count
    clean(notebook)
    notebook.metadata = type(notebook.metadata)({"kernelspec": KERNEL, "language_info": LANGUAGE})
    notebook.metadata["course"] = {"outputs": seal(notebook)}
    files.write_atomically(where / f"{name}.ipynb", dumps(notebook))
    if (source := where / "source" / f"{name}.py").exists():
        source.touch()  # JupyterLab refuses to open a pair whose notebook is the newer one
