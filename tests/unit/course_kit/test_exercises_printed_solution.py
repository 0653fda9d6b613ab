"""Whether the answer of the course is below an exercise in the notebook that runs, so that ✓ need not unfold it."""

import json

import pytest

from course_kit.exercises import printed_solution

STUB = '@exercise("total")\ndef total(x):\n    return x.sum()'
FOLDED = f"<details><summary>{printed_solution.HOW}</summary>\n\n```python\ndef total(x): ...\n```\n\n</details>"


def cell(kind, source):
    return {"cell_type": kind, "source": source.splitlines(keepends=True)}


@pytest.fixture
def running(tmp_path, monkeypatch):
    """running(*cells) writes the notebook of this kernel."""

    def write(*cells):
        file = tmp_path / "05_lesson.ipynb"
        file.write_text(json.dumps({"cells": [cell(*one) for one in cells]}))
        monkeypatch.setenv("JPY_SESSION_NAME", str(file))

    return write


def test_a_lesson_says_it_in_the_next_cell_and_other_notebooks_do_not(running, monkeypatch):
    running(("markdown", "Write it."), ("code", STUB), ("markdown", f"{FOLDED}\n\nNow the next step."))
    assert printed_solution.says_how("total") and not printed_solution.says_how("mean")
    running(("code", STUB), ("code", "total(x)"), ("markdown", FOLDED))
    assert not printed_solution.says_how("total")
    running(("markdown", FOLDED), ("code", STUB))
    assert not printed_solution.says_how("total")
    monkeypatch.delenv("JPY_SESSION_NAME")
    assert not printed_solution.says_how("total")


def test_a_server_may_name_the_file_from_another_folder(running, tmp_path, monkeypatch):
    running(("code", STUB), ("markdown", FOLDED))
    monkeypatch.setenv("JPY_SESSION_NAME", "a/b/05_lesson.ipynb")
    assert not printed_solution.says_how("total")
    monkeypatch.chdir(tmp_path)
    assert printed_solution.says_how("total")


@pytest.mark.parametrize("content", ["", "[]", '{"cells": [{}, {}]}', '{"cells": 3}'])
def test_what_is_no_notebook_says_nothing(running, tmp_path, content):
    running()
    (tmp_path / "05_lesson.ipynb").write_text(content)
    assert not printed_solution.says_how("total")
