"""A workbook as a released edition left it opens with the course of today, and nothing is lost.

`tests/released/0.4/` was made by commit 6c2b53bb: its `workbook.sync` of lesson 1, cut short; one exercise solved in a
kernel, a hint asked for, a linear layer trained for six steps with `fit`. `tests/released/0.6/` was made by commit
c5292194: `tests/helpers/half_solved.py` run there. Its answer to the greedy loop knows no other <eos> than 3. Its
`serve.py` is what lesson 8 kept.
"""

import importlib
import json
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path
from threading import Thread
from types import SimpleNamespace

import nbformat
import pytest
import torch
from helpers import half_solved
from torch import nn
from unit.own_package import cell, loaded

import chapters.ch01  # noqa: F401 - its exercises are known by their names
from chapters.ch09 import sums
from course_kit import exercises, files, gone, progress
from course_kit.exercises import judge, record, registry
from course_kit.exercises.define import FindError
from course_kit.exercises.diagnose import Verdict
from course_kit.mine import answers, keep, keeping, lookup
from course_kit.runs import state, store
from course_tools.classroom import workbook

RELEASED = Path(__file__).parents[2] / "released"
LEFT, PAGES = RELEASED / "0.4", RELEASED / "0.6"
NAMES = json.loads((PAGES / "names.json").read_text("utf-8"))
LESSON = "01_nadaraya_watson.ipynb"
ANSWER = '@exercise("gaussian kernel")\ndef kernel(distance, width=1.0):\n    scaled = distance / width  # mine'


@pytest.fixture
def course(tmp_path):
    """The notebooks of today: one of them."""
    (tmp_path / "notebooks").mkdir()
    shutil.copy(files.course_folder() / "notebooks" / LESSON, tmp_path / "notebooks")
    return tmp_path / "notebooks"


@pytest.fixture
def opened(course, tmp_path, monkeypatch):
    """The workbook after the first start of the course of today."""
    where = tmp_path / "workbook"
    shutil.copytree(LEFT, where)
    (change,) = workbook.sync(course, where)
    assert (change.kind, change.file) == ("beside", "01_nadaraya_watson.new-edition.ipynb")
    monkeypatch.chdir(where)
    return where


def test_files_of_the_student_are_as_they_were_and_the_new_edition_is_beside_them(opened, course):
    left = [path.relative_to(LEFT) for path in LEFT.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert len(left) == 7
    for path in left:
        assert ((opened / path).read_bytes() == (LEFT / path).read_bytes()) == (path.name != files.STATE), path
    assert ANSWER in [cell.source[: len(ANSWER)] for cell in nbformat.read(opened / LESSON, as_version=4).cells]
    assert workbook.sync(course, opened) == []


def test_what_was_solved_counts(opened, course):
    states = {name: entry["state"] for name, entry in record.read(opened).items()}
    assert states == {"gaussian kernel": "solved", "attention pooling": "open"}
    assert str(progress.note(opened, course)).startswith("1 of ")


def test_what_was_kept_in_mine_is_imported_as_it_was_written(opened):
    before = {name: sys.modules.pop(name) for name in loaded()}
    lookup.install()
    try:
        from mine import gaussian_kernel

        assert gaussian_kernel.__code__.co_varnames == ("distance", "width", "scaled")
    finally:
        for name in loaded():
            del sys.modules[name]
        sys.modules.update(before)


def test_a_kept_training_can_be_read(opened):
    (path,) = (opened / store.FOLDER).glob("*.safetensors")
    back, more = state.unpack(path, nn.Linear(2, 1))
    assert back.step == 6 and len(back.history["loss"][1]) > 0 and more["date"]


def is_there(module, name):
    """Whether an import of 0.6 finds something today, were it the sentence that it has gone."""
    if {module, f"{module}.{name}"} & gone.GONE.keys():
        return True
    if module == "mine":
        return answers.task_of(name) is not None
    return (
        not name or hasattr(importlib.import_module(module), name) or bool(importlib.util.find_spec(f"{module}.{name}"))
    )


def test_what_the_pages_of_0_6_import_is_there():
    registry.load()
    assert [f"{module}: {name}" for module, name in NAMES["imports"] if not is_there(module, name)] == []
    assert len(NAMES["imports"]) > 200


def test_the_exercises_of_0_6_are_known_judged_and_kept():
    registry.load()
    assert len(NAMES["exercises"]) == 52
    for name, function in NAMES["exercises"]:
        task = registry.find(name)
        assert isinstance(task, FindError) == (not function) and list(task.cases()), name
        assert not function or answers.task_of(function) is task, f"what is kept as {function} has another exercise"


@pytest.fixture
def half_done(tmp_path, monkeypatch):
    """The workbook of 0.6, half solved, in which the kernel works."""
    where = tmp_path / "workbook"
    shutil.copytree(PAGES, where)
    registry.load()
    before = {name: sys.modules.pop(name) for name in loaded()}
    lookup.install()
    monkeypatch.chdir(where)
    yield where
    exercises.LISTENERS.clear()
    for name in loaded():
        del sys.modules[name]
    sys.modules.update(before)


def test_what_0_6_accepted_stays_solved_until_its_cell_is_run_again(half_done, monkeypatch):
    monkeypatch.setattr(answers, "check", lambda *_: SimpleNamespace(right=False))  # today's judge takes nothing
    kept, before = (half_done / "mine" / "ch03.py").read_text("utf-8"), record.read(half_done)
    states = {name: entry["state"] for name, entry in before.items()}
    assert states["greedy loop"] == "solved" and states["masked loss"] == "tried" and states["top-p"] == "tried"
    yours, whose = lookup.owned("greedy")
    assert whose == "yours, from chapter 3" and {"greedy", "look_back"} <= answers.solved().keys()

    def nine(word, state):
        return nn.functional.one_hot(torch.tensor(9), 10).float(), state

    assert len(yours(nine, 0, bos=2, eos=9, max_length=4)) == 4, "it should have ended at once"
    monkeypatch.setattr(judge, "judge", lambda task, _: Verdict(task.name, "wrong", "It never ends at another <eos>."))
    page = nbformat.read(half_done / "03_seq2seq.ipynb", as_version=4)
    cell(next(one.source for one in page.cells if one.source.startswith('@exercise("greedy loop")')))
    assert record.read(half_done)["greedy loop"]["state"] == "solved"
    assert (half_done / "mine" / "ch03.py").read_text("utf-8") == kept
    assert lookup.owned("greedy") == (
        registry.find("greedy loop").reference, "the course's, since yours in mine/ch03.py no longer passes its check"
    )  # fmt: skip
    monkeypatch.setattr(answers, "check", lambda *_: SimpleNamespace(right=True))
    assert lookup.owned("greedy")[1] == "yours, from chapter 3", "where it was refused by chance"


def test_the_server_that_0_6_kept_stays_and_runs_beside_the_files_of_today(half_done, monkeypatch, capsys):
    kept = (half_done / "mine" / "serve.py").read_bytes()
    monkeypatch.setattr(keeping, "why_it_fails", lambda *_: "")
    keep("llama", "chat", "serve", "__main__")  # the cell of 0.6
    said = capsys.readouterr().out
    assert said.count("Written: mine/") == 3 and "Written: mine/__main__.py." in said
    assert "`chapters.ch08.kept.serve` left the course in 0.7; the page 07_gpt_annex.ipynb of the new edition" in said
    assert (half_done / "mine" / "serve.py").read_bytes() == kept
    sums.save(sums.fresh(), half_done / "talker.pt")

    def run(*words):
        command = [sys.executable, "-m", "mine", *words]
        done = subprocess.run(command, input="3 + 4 =\n", capture_output=True, text=True, cwd=half_done, timeout=120)
        return done.returncode, done.stdout, done.stderr

    status, out, err = run("serve", "8001", "--model", "talker.pt")
    assert (status, out, err.count("\n")) == (1, "", 1) and err.endswith("that you kept runs: python -m mine.serve\n")
    status, out, err = run("chat", "talker.pt", "--count", "3")
    assert (status, err) == (0, "") and out.startswith("Say something")
    serve = importlib.import_module("mine.serve")
    with serve.Server(0) as server:
        server.talker = serve.read_talker("talker.pt")
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        asked = {"messages": [{"role": "user", "content": "3 + 4 ="}], "max_tokens": 3, "stop": ["x"]}
        url = f"http://127.0.0.1:{server.server_port}/v1/chat/completions"
        with urllib.request.urlopen(url, json.dumps(asked).encode(), timeout=60) as reply:
            assert json.load(reply)["usage"]["completion_tokens"] <= 3
        server.shutdown()


@pytest.mark.weekly
@pytest.mark.parametrize("page", half_solved.PAGES)
def test_a_page_of_0_6_runs_whole_in_the_course_of_today(half_done, page):
    notebook = nbformat.read(half_done / f"{page}.ipynb", as_version=4)
    before = half_solved.errors(notebook)
    half_solved.run(notebook, half_done)
    news = half_solved.errors(notebook).items() - before.items()
    assert {kind for _, kind in news} <= {"LeftTheCourse"}, "a sentence, where a lab has gone; all else runs"
