"""Notebooks from their sources: `notebooks/source/NAME.py` (jupytext percent format) -> `notebooks/NAME.ipynb`.

    course notebooks            build all
    course notebooks 01         build those whose name starts so
    course notebooks --check    say what differs from its source (drift); exit status 1 if anything does

A build executes the notebook and is deterministic: cell ids come from a hash of the cell's text, nothing of this
machine or of the clock is kept, and two builds of deterministic cells are the same bytes.
"""

import copy
import hashlib
import json
import os
import re
import time

from course_kit import files

from .clean import clean

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE = {
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}
TIMEOUT = 600  # seconds for one cell


class BuildError(RuntimeError):
    """A notebook could not be built. The message names file, cell and what to do."""


def folder():
    """The folder `notebooks/` of the course."""
    return files.course_folder() / "notebooks"


def names(prefixes=(), where=None):
    """The notebooks that have a source, in order; with `prefixes`, only those whose name starts with one of them.

    Raises ValueError for a prefix that fits none, listing what there is.
    """
    source = (where or folder()) / "source"
    there = sorted(path.stem for path in source.glob("*.py"))
    for prefix in prefixes:
        if not any(name.startswith(_stem(prefix)) for name in there):
            raise ValueError(f"No notebook's name starts with {prefix!r}. There are: {', '.join(there) or 'none'}.")
    return [name for name in there if not prefixes or name.startswith(tuple(map(_stem, prefixes)))]


def read_source(name, where=None):
    """The notebook that `source/NAME.py` describes, not executed, as it will be written (ids, metadata)."""
    import jupytext

    path = (where or folder()) / "source" / f"{name}.py"
    notebook = jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent")
    notebook.metadata = type(notebook.metadata)({"kernelspec": KERNEL, "language_info": LANGUAGE})
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    seen = {}
    for cell in notebook.cells:
        digest = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:12]
        seen[digest] = seen.get(digest, 0) + 1
        cell.id = digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"
        cell.metadata.pop("lines_to_next_cell", None)
    return notebook


def build(name, where=None):
    """Execute the notebook of a source and write `NAME.ipynb` -> seconds. Raises BuildError if a cell raises."""
    where = where or folder()
    notebook = read_source(name, where)
    start = time.monotonic()
    if any("\u4e00" <= letter <= "\u9fff" for cell in notebook.cells for letter in cell.source):
        _need_chinese()
    execute(notebook, f"notebooks/source/{name}.py", where)
    _need_silence(notebook, f"notebooks/source/{name}.py")
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            output.get("metadata", {}).pop("execution", None)
    clean(notebook)
    notebook.metadata = type(notebook.metadata)({"kernelspec": KERNEL, "language_info": LANGUAGE})
    notebook.metadata["course"] = {"outputs": _outputs(notebook)}
    files.write_atomically(where / f"{name}.ipynb", dumps(notebook))
    (where / "source" / f"{name}.py").touch()  # JupyterLab refuses to open a pair whose notebook is the newer one
    return time.monotonic() - start


def _need_chinese():
    """Pictures of the committed notebooks have Chinese labels, not numbers instead."""
    from course_kit.views import picture

    if not picture.drawable("注意力"):
        raise BuildError(
            "No font draws Chinese here, so labels would be missing from the pictures. Install one and build again:\n"
            "  Debian, Ubuntu:  sudo apt-get install fonts-wqy-microhei\n"
            "  Fedora:          sudo dnf install wqy-microhei-fonts\n"
            "macOS and Windows have one."
        )


def _need_silence(notebook, label):
    """A notebook prints nothing on stderr: what is there is a warning that readers would see."""
    for number, cell in enumerate(notebook.cells, 1):
        for output in cell.get("outputs", []):
            if output.get("output_type") == "stream" and output.get("name") == "stderr":
                raise BuildError(
                    f"{label}, cell {number}: it prints on stderr: {output['text'].strip()[:300]!r}. Find out why, and "
                    "fix that; readers should see no warnings."
                )


def execute(notebook, label, cwd):
    """Run a notebook in place, in folder `cwd`, with the course's defaults (profile class, CPU unless set).

    The page that shows it brings the program of the views along, so none of its outputs holds a copy.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    from course_kit.views import program  # here, since it brings torch along

    environment = dict(os.environ, PYTHONHASHSEED="0", COURSE_VIEWS=program.BROUGHT)
    environment.setdefault("COURSE_PROFILE", "class")
    environment.setdefault("COURSE_DEVICE", "cpu")
    client = NotebookClient(
        notebook,
        timeout=TIMEOUT,
        kernel_name=KERNEL["name"],
        resources={"metadata": {"path": str(cwd)}},
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,
        extra_arguments=["--log-level=40"],
    )
    try:
        client.execute(env=environment)
    except CellExecutionError as error:
        raise BuildError(f"{_where(label, notebook)}: a cell raised.\n{_plain(str(error))}") from None
    except CellTimeoutError:
        raise BuildError(f"{_where(label, notebook)}: a cell took more than {TIMEOUT} s. Make it smaller.") from None
    except DeadKernelError:
        raise BuildError(f"{_where(label, notebook)}: the kernel died (out of memory?).") from None


def dumps(notebook):
    """The notebook as the text of an .ipynb file, always the same for the same content."""
    import nbformat

    plain = json.loads(nbformat.writes(notebook, version=4))
    return json.dumps(plain, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _outputs(notebook):
    """What the cells showed, as a sha256: so that one sees when an output was written by hand."""
    import nbformat

    read = nbformat.reads(dumps(copy.deepcopy(notebook)), as_version=4)
    shown = [cell.outputs for cell in read.cells if cell.cell_type == "code"]
    return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()


def drift(name, where=None):
    """How `NAME.ipynb` differs from its source: a list of sentences, empty if it does not."""
    import nbformat

    where = where or folder()
    todo = f"Run `course notebooks {name}`, look at the result and commit both files."
    path = where / f"{name}.ipynb"
    if not path.exists():
        return [f"notebooks/{name}.ipynb is missing. {todo}"]
    wanted, found = read_source(name, where), nbformat.read(path, as_version=4)
    problems = []
    if len(wanted.cells) != len(found.cells):
        problems.append(f"the source has {len(wanted.cells)} cells, the notebook {len(found.cells)}")
    for number, (ours, theirs) in enumerate(zip(wanted.cells, found.cells, strict=False), 1):
        for part in ("cell_type", "source", "metadata", "id"):
            if ours[part] != theirs.get(part):
                problems.append(f"cell {number} ({head(ours)!r}) differs in its {part}" + _who(ours, theirs, name))
                break
    layout = dumps(copy.deepcopy(found))
    shown, built = _outputs(found), found.metadata.pop("course", {})
    if not problems and built.get("outputs", shown) != shown:
        problems.append("an output is not what the build wrote")
    if wanted.metadata != found.metadata:
        problems.append(f"the notebook's metadata differ: {dict(found.metadata)}")
    if not problems and layout != path.read_text(encoding="utf-8"):
        problems.append("the file was not written by the build (its layout differs)")
    return [f"notebooks/{name}.ipynb: {problem}. {todo}" for problem in problems[:5]]


def _who(ours, theirs, name):
    """Which of the two was changed, where one can tell: a cell's id is made of the source that it was built from."""
    if ours.source == theirs.source:
        return ""
    if ours.id == theirs.get("id"):
        return f": it was changed in the notebook. Write that into notebooks/source/{name}.py, too, or it will be lost"
    return ": the source was changed, and the notebook is older"


def run(prefixes=(), check=False):
    """Build these notebooks, or say what differs from their sources -> exit status."""
    status = 0
    for name in names(prefixes):
        if check:
            problems = drift(name)
            print("\n".join(problems) if problems else f"notebooks/{name}.ipynb is what its source says")
            status = status or int(bool(problems))
            continue
        try:
            print(f"notebooks/{name}.ipynb … ", end="", flush=True)
            print(f"built in {build(name):.0f} s")
        except BuildError as error:
            print(f"not built\n{error}")
            status = 1
    return status


def _stem(name):
    return name.rsplit("/", 1)[-1].removesuffix(".ipynb").removesuffix(".py")


def head(cell):
    """The first line of a cell that says what it is about."""
    lines = [line for line in cell.source.splitlines() if line.strip()]
    return lines[0][:60] if lines else ""


def _where(label, notebook):
    """File and cell where an execution stopped: the last cell that has a number."""
    for number, cell in reversed(list(enumerate(notebook.cells, 1))):
        if cell.cell_type == "code" and cell.get("execution_count"):
            return f"{label}, cell {number} ({head(cell)!r})"
    return label


def _plain(text):
    """Without terminal colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)
