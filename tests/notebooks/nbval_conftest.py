"""conftest.py of the folder that nbval runs.

What a cell prints on stderr is not compared: a newer library that warns changes no result. That the committed notebooks
hold no warning, the build sees to. COURSE_READ is where the kernel of a notebook lists what it reads, if it does.
"""

import os

import pytest


def pytest_collectstart(collector):
    if hasattr(collector, "skip_compare"):  # nbval's own, of each notebook
        collector.skip_compare += ("stderr",)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Before the first cell of a notebook its kernel starts."""
    os.environ["COURSE_READ"] = str(item.path.with_suffix(".read"))
