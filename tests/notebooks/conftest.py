"""Tests of the notebooks are written once and hold for every notebook that has a source: chapters get added."""

import textwrap

import pytest

from course_tools.authoring import building

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
        metafunc.parametrize("notebook_name", building.names())


@pytest.fixture(scope="session")
def write_source():
    """write_source(folder, name, text, header=True): a source in a folder like notebooks/ -> the folder."""

    def write(folder, name, text, header=True):
        (folder / "source").mkdir(exist_ok=True)
        text = (HEADER if header else "") + textwrap.dedent(text)
        (folder / "source" / f"{name}.py").write_text(text, encoding="utf-8")
        return folder

    return write


@pytest.fixture
def course(tmp_path, write_source):
    """course(name, text): a source in a folder of this test -> the folder."""
    return lambda name, text, **options: write_source(tmp_path, name, text, **options)
