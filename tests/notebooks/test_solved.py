"""Every notebook with its exercises solved: each is ticked, and nothing after it changes.

Where there is a browser, tests/browser/test_chapters.py runs some of them in JupyterLab instead.
"""

import pytest
from cells import assert_solved, solved

from course_tools.authoring import building


@pytest.mark.slow
def test_solved_the_whole_notebook_runs_and_nothing_after_it_changes(notebook_name):
    notebook = solved(notebook_name)
    building.execute(notebook, notebook_name, building.folder())
    assert_solved(notebook_name, notebook.cells)
