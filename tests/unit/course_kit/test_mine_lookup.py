"""`from mine import …`: the reader's function if it is solved and right as it stands, else the course's, and whose."""

import ast
import importlib
import sys

import pytest
import torch
from unit.own_package import ADD, SOFTMAX, SPLIT, changed, solve

import chapters.ch05  # noqa: F401 - its exercises, and chapter 1's, are known by their names
from course_kit.exercises import registry
from course_kit.exercises.cells import stubs
from course_kit.exercises.registry import find
from course_kit.mine import answers, lookup, written
from course_tools.authoring import sources

FAST = ADD.replace("return x + f(norm(x))", "return x + f(norm(x))  # by hand")


def whose(name):
    return lookup.owned(name)[1]


def edit(book, old, new, file="ch05.py"):
    return changed(book / "mine" / file, old, new)


def test_what_is_solved_is_the_readers_in_another_notebook_and_the_page_says_whose(book, capsys, monkeypatch):
    solve("stable masked softmax", SOFTMAX)
    capsys.readouterr()
    monkeypatch.setattr(answers, "check", lambda *_: pytest.fail("it was judged when its cell ran"))
    from mine import add_norm, masked_softmax

    scores, mask = torch.randn(2, 3), torch.tensor([[True, False, True], [False] * 3])
    assert masked_softmax.__module__ == "mine.ch01" and not masked_softmax(scores, mask)[1].any()
    assert add_norm is find("residual and norm").reference
    sys.modules["mine"].say()
    assert capsys.readouterr().out == "`add_norm`: the course's · `masked_softmax`: yours, from chapter 1\n"
    sys.modules["mine"].say()
    assert not capsys.readouterr().out, "it is said once"


def test_an_unknown_name_is_refused_and_a_file_of_the_package_is_a_module(book):
    with pytest.raises(ImportError, match="has no 'nobody_wrote_this': no exercise"):
        from mine import nobody_wrote_this  # noqa: F401
    assert not hasattr(sys.modules["mine"], "state_dict"), "things may be asked for what they have"
    solve("residual and norm", ADD)
    (book / "mine" / "helpers.py").write_text("X = 3\n")
    assert importlib.import_module("mine.helpers").X == 3
    (book / "mine" / "helpers.py").write_text("X = 4\n")
    assert importlib.import_module("mine.ch05") and whose("add_norm") == "yours, from chapter 5"
    from mine.helpers import X

    assert X == 4, "edited, it is loaded anew, also within a second"


def test_a_function_changed_by_hand_is_judged_once_and_the_readers_if_it_is_right(book, monkeypatch):
    judged = []
    monkeypatch.setattr(answers, "check", lambda *one, check=answers.check: judged.append(one[0]) or check(*one))
    solve("residual and norm", ADD)
    edit(book, ADD, FAST)
    assert whose("add_norm") == whose("add_norm") == "yours, from chapter 5" and judged == ["residual and norm"]
    edit(book, "x + f", "x - f")
    assert lookup.owned("add_norm") == (
        find("residual and norm").reference,
        "the course's, since yours in mine/ch05.py no longer passes its check",
    )


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("def add_norm(x, f, norm):\n    return (", "SyntaxError"),
        (f"def add_norm(x, f, norm):\n    return {'-' * 20_000}x", ""),  # Pythons differ in what that is
        ("1 / 0\n" + ADD, "ZeroDivisionError"),
    ],
)
def test_a_file_that_stops_gives_way_to_the_course_and_says_so(book, text, error):
    solve("residual and norm", ADD)
    (book / "mine" / "ch05.py").write_text(text, "utf-8")
    assert whose("add_norm").startswith(f"the course's, since mine/ch05.py: {error}")
    (book / "mine" / "ch05.py").write_text(ADD + "\n", "utf-8")
    assert whose("add_norm") == "yours, from chapter 5"


def test_a_line_beside_it_is_tried_in_a_process_of_its_own_before_a_kernel_loads_it(book, monkeypatch):
    tried = []
    why = lambda stem, texts, alone: tried.append([*texts]) or texts["ch05"][-9:-1]  # noqa: E731
    monkeypatch.setattr(answers, "why_it_fails", why)
    solve("residual and norm", ADD)
    edit(book, ADD, ADD + "\nfrom . import helpers\nraise SystemExit(3)")
    (book / "mine" / "helpers.py").write_text("import os\nos._exit(3)\n")
    assert whose("add_norm") == whose("add_norm") == "the course's, since mine/ch05.py: mExit(3)"
    assert tried == [["ch05", "helpers"]]
    monkeypatch.setattr(answers, "why_it_fails", lambda *_, **__: "")
    monkeypatch.setattr(answers, "LOADING", 0.2)
    (book / "mine" / "helpers.py").write_text("while True: pass\n")
    assert "since mine/ch05.py: it takes more than" in whose("add_norm"), (
        "as for a file beside mine/, which nobody tries"
    )
    (book / "mine" / "helpers.py").write_text("X = 3\n")
    assert whose("add_norm") == "the course's, since mine/ch05.py: SystemExit", "where only this kernel stops"
    edit(book, "raise SystemExit(3)", "print(torch.set_default_dtype(torch.float64))")
    edit(book, "from . import", "import torch\nfrom . import")
    assert whose("add_norm") == "yours, from chapter 5" and torch.get_default_dtype() == torch.float32
    monkeypatch.setattr(answers, "why_it_fails", lambda *_, **__: pytest.fail("it is noted that it loads"))
    answers._loads.cache_clear()
    assert whose("add_norm") == "yours, from chapter 5"


def test_the_answer_that_was_written_last_counts_also_where_files_are_damaged(book):
    solve("residual and norm", ADD)
    (book / "mine" / "ch05_2.py").write_text(ADD.replace("x + f", "0 * x + f"))
    edit(book, ADD, FAST)
    assert lookup.owned("add_norm")[0].__module__ == "mine.ch05"


def test_a_file_that_was_deleted_and_one_without_a_record(book):
    solve("residual and norm", ADD)
    (book / "mine" / written.FILE).unlink()
    assert whose("add_norm") == "yours, from chapter 5"
    (book / "mine" / "ch05.py").unlink()
    assert whose("add_norm") == "the course's"
    (book / "mine" / "ch05.py").write_text("def split_heads(x, heads):\n    return x\n")
    assert whose("add_norm") == "the course's" and "no longer passes" in whose("split_heads")


def test_a_function_under_another_name_is_found_by_that_of_the_page(book):
    solve("residual and norm", ADD.replace("add_norm", "around"))
    assert lookup.owned("add_norm")[0].__name__ == "around" and whose("add_norm") == "yours, from chapter 5"


def test_outside_of_a_workbook_everything_is_the_courses(book, tmp_path, monkeypatch):
    solve("residual and norm", ADD)
    solve("split heads", SPLIT)
    monkeypatch.chdir(tmp_path)
    assert whose("add_norm") == "the course's" and list(sys.modules["mine"].__path__) == []


@pytest.fixture(scope="module")
def cells():
    """The code of all sources of notebooks."""
    registry.load()
    return [cell.source for name in sources.names() for cell in sources.read(name).cells if cell.cell_type == "code"]


def test_each_exercise_knows_the_name_of_its_function_and_each_name_is_that_of_one(cells):
    found = [stub for source in cells for stub in stubs(source) if not stub.puzzle]
    names = [stub.bound for stub in found]
    assert len(names) > 40 and sorted(names) == sorted(set(names))
    assert [stub.name for stub in found if find(stub.name).function != stub.bound] == []


def test_what_sources_import_from_mine_is_an_exercise(cells):
    froms = [node for source in cells if "from mine" in source for node in ast.walk(ast.parse(source))]
    names = [alias.name for node in froms if getattr(node, "module", "") == "mine" for alias in node.names]
    assert "masked_softmax" in names and [name for name in names if answers.task_of(name) is None] == []
