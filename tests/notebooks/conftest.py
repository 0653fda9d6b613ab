"""Tests of the notebooks are written once and hold for every notebook that has a source: chapters get added."""

import contextlib
import io
import pathlib
import textwrap

import nbformat
import pytest

from course_tools.authoring import sources

HEADER = """\
# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

"""


def pytest_generate_tests(metafunc):
    if "notebook_name" in metafunc.fixturenames:
        metafunc.parametrize("notebook_name", sources.names())


@pytest.fixture
def course(tmp_path):
    """course(name, text): a source in a folder of this test, which is like notebooks/ -> the folder."""

    def write(name, text, header=HEADER):
        (tmp_path / "source").mkdir(exist_ok=True)
        (tmp_path / "source" / f"{name}.py").write_text(header + textwrap.dedent(text), encoding="utf-8")
        return tmp_path

    return write


@pytest.fixture
def build(monkeypatch):
    """build(name, folder): a build without a kernel. The cells run in this process; what they print is shown."""
    from course_tools.authoring import building  # and with it torch, which the process that starts others does without

    def execute(notebook, *_, COURSE_READ):
        pathlib.Path(COURSE_READ).write_text("course_kit/files.py", encoding="utf-8")
        names, cells = {}, [cell for cell in notebook.cells if cell.cell_type == "code"]
        for count, cell in enumerate(cells, 1):
            with contextlib.redirect_stdout(io.StringIO()) as said:
                exec(cell.source, names)
            cell.execution_count = count
            cell.outputs = [nbformat.v4.new_output("stream", text=said.getvalue())] if said.getvalue() else []
        return {}

    def run(name, folder):
        with monkeypatch.context() as patched:
            patched.setattr(building, "execute", execute)
            building.build(name, folder)

    return run
