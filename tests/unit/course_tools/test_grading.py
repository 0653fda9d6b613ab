"""Grading what was handed in: every exercise, every form of a hand-in, and the table that comes of it."""

import ast
import csv
import dataclasses
import json
import os
import re
import unicodedata
import zipfile

import find_sandbox
import hand_ins as make
import pytest

from course import main, parser
from course_kit import needed
from course_kit.exercises import judge
from course_tools.classroom import grading, handing_in
from course_tools.classroom.catalogue import chapters, exercises, find
from course_tools.classroom.grading import hand_ins, report, sandbox
from course_tools.classroom.grading.judging import STATES, STUCK, Row, borrowed
from course_tools.classroom.grading.remote import shifted, varied

ALL = [one for chapter in chapters() for one in exercises(chapter)]
FIRST, SECOND, THIRD = "gaussian kernel", "attention pooling", "leave-one-out mask"
WRONG = '@exercise("gaussian kernel")\ndef kernel(distance, width=1.0):\n    return -distance'
# Right for what the notebook shows and asks, and for nothing else.
LEARNT = """
import torch
SEEN = {seen}
@exercise("attention pooling")
def pool(queries, keys, values, width=1.0):
    found = SEEN.get(str((queries.tolist(), keys.tolist(), width)), ([0.0], [[0.0]]))
    return tuple(map(torch.tensor, found))
"""


def learnt():
    """An answer that has the results of the shown inputs by heart."""
    one, seen = find(SECOND), {}
    for case in one.cases():
        queries, keys, _ = case.args.values()
        key = str((queries.tolist(), keys.tolist(), case.keywords.get("width", 1.0)))
        seen[key] = tuple(x.tolist() for x in one.run(one.reference, case))
    return LEARNT.replace("{seen}", repr(seen).replace("nan", "float('nan')"))


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """A class, graded by the command -> (exit status, rows of the CSV by student, lines of --words)."""
    find_sandbox.needed()
    place = tmp_path_factory.mktemp("class")
    folder = place / "in"
    make.workbook(folder / "all right", {one.name: make.right(one.name) for one in ALL})
    jürgen = make.workbook(folder / unicodedata.normalize("NFD", "Jürgen Öz 王"), {FIRST: make.right(FIRST)}, "01")
    os.replace(jürgen / "01_nadaraya_watson.ipynb", jürgen / "my homework (2).ipynb")
    (jürgen / "02_scoring_functions.ipynb").write_text('{"cells": [{"cell_type": "code"')
    make.workbook(folder / "partial", {FIRST: WRONG, SECOND: learnt()}, "01")
    exported = make.workbook(place / "workbook", {FIRST: make.right(FIRST), SECOND: WRONG.replace(FIRST, SECOND)})
    (folder / "exported.json").write_text(json.dumps(handing_in.collect(exported)))
    with zipfile.ZipFile(folder / "exported.zip", "w") as packed:
        packed.writestr("work/01.ipynb", json.dumps({"cells": []}))
    os.utime(folder / "exported.zip", (1, 1))
    (folder / "empty").mkdir()
    (folder / "essay.pdf").write_bytes(b"%PDF")
    (folder / "=cmd|' calc'!A1.ipynb").write_text(json.dumps({"cells": [], "nbformat": 4}))
    (folder / "notes.csv").write_text("not a hand-in")
    status = main(["grade", str(folder), "--out", str(place / "out.csv"), "--words", str(place / "words.csv")])
    with open(place / "out.csv", encoding="utf-8-sig", newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    with open(place / "words.csv", encoding="utf-8-sig", newline="") as file:
        return status, rows, list(csv.DictReader(file))


@pytest.mark.parametrize("name", [one.name for one in ALL])
def test_every_exercise_is_graded_right(table, name):
    assert table[1]["all right"][name] == "right", [x["words"] for x in table[2] if x["exercise"] == name]


def test_all_states_and_forms(table):
    status, rows, words = table
    assert status == 1
    assert rows["all right"]["solved"] == rows["all right"]["of"] == str(len(ALL))
    jürgen = rows["Jürgen Öz 王"]
    assert (jürgen[FIRST], jürgen[SECOND], jürgen["additive score"]) == ("right", "open", "missing")
    assert "02_scoring_functions.ipynb is not a notebook" in jürgen["remarks"]
    assert (rows["partial"][FIRST], rows["partial"][SECOND]) == ("wrong", "suspect")
    assert "right on the inputs of the notebook, and wrong on new ones" in rows["partial"]["remarks"]
    exported = rows["exported"]
    assert (exported[FIRST], exported[SECOND], exported[THIRD]) == ("right", "wrong", "open")
    assert "handed in 2 times, counted: exported.json, not: exported.zip" in exported["remarks"]
    assert exported["handed in"].startswith("20")
    assert "nothing to grade" in rows["empty"]["remarks"]
    assert "neither a folder nor a zip" in rows["essay.pdf"]["remarks"]
    assert "'=cmd|' calc'!A1" in rows and len(rows) == 7
    said = [x["words"] for x in words if (x["student"], x["exercise"]) == ("partial", FIRST)]
    assert said and said[0] != "right"


def test_every_wrong_answer_stays_wrong(tmp_path):
    """In the sandbox a known wrong answer is recognised as in the notebook: the same engine, the same words."""
    find_sandbox.needed()
    one = find("scaled dot-product score")
    wrong = (
        "import torch\n@exercise('scaled dot-product score')\ndef score(queries, keys):\n    return queries @ keys.mT"
    )
    make.workbook(tmp_path / "in" / "a", {one.name: wrong}, "02")
    (row,) = grading.graded(hand_ins.entries(tmp_path / "in"))
    assert row.states[one.name] == "wrong" and any(x.hint in row.said[one.name] for x in one.wrong)


def test_what_is_imported_from_the_students_own_package_is_the_courses(tmp_path):
    """Each answer is judged by itself; one that hands on the course's function is told."""
    find_sandbox.needed()
    head = "import torch\nfrom mine import {}\n@exercise('attention in heads')\n"
    head += "def multi_head(q, k, v, heads, mask=None):\n    "
    uses = """q, k, v = (split_heads(x, heads) for x in (q, k, v))
    scores = q @ k.mT / q.shape[-1] ** 0.5
    mask = torch.ones(scores.shape[-2:], dtype=torch.bool) if mask is None else mask
    weights = masked_softmax(scores, mask[:, None] if mask.dim() == 3 else mask)
    return (weights @ v).transpose(1, 2).flatten(2), weights"""
    hands_on = "return course(q, k, v, heads, mask)"
    answers = {"own": ("masked_softmax, split_heads", uses), "lent": ("multi_head as course", hands_on)}
    for name, (names, body) in answers.items():
        make.workbook(tmp_path / "in" / name, {"attention in heads": head.format(names) + body}, "05")
    rows = {row.student: row for row in grading.graded(hand_ins.entries(tmp_path / "in"))}
    assert rows["own"].states["attention in heads"] == rows["lent"].states["attention in heads"] == "right"
    assert not any("the course's" in one for one in rows["own"].remarks)
    assert any("the course's" in one for one in rows["lent"].remarks), rows["lent"].remarks


def test_what_a_class_is_made_from_are_plain_numbers():
    assert all(type(number) is int for one in ALL for case in one.cases() for number in case.init)


def test_only_what_an_answer_needs():
    source = "import math, os\nimport torch as t\nfrom a.b import *\nscale = 2\nscale += k\nprint(1)\nk = 3\n"
    cells = [
        needed.parsed(source),
        needed.parsed("%time\n@exercise('x')\ndef f(q):\n    y = q\n    return t.exp(y) * scale"),
    ]
    stub = needed.Stub("x", "f", False, 2, 5)
    kept = [ast.unparse(x).splitlines()[0] for x in needed.needed(cells, 1, stub)]
    assert kept[:5] == ["import torch as t", "from a.b import *", "scale = 2", "scale += k", "k = 3"]
    assert kept[-1] == "@exercise('x')" and "print(1)" not in kept and "import math, os" not in kept


def test_the_courses_own_function_is_named():
    def lent(source):
        return borrowed(needed.parsed(source).statements, find(FIRST))

    assert lent("from course_utils.attention import gaussian_kernel as g\ndef f(x): return g(x)")
    assert lent("import course_utils.attention as a\ndef f(x): return a.gaussian_kernel(x)")
    assert not lent("from course_utils.attention import gaussian_kernel, causal_mask\ndef f(x): return causal_mask(x)")
    assert not lent("def gaussian_kernel(x): return (-x * x / 2).exp()")
    assert not lent("from course_utils.attention import masked_softmax\ndef f(x): return masked_softmax(x)")


def test_rows_one_for_each_student():
    rows = [
        Row("Bo", "bo", "2026-01-01", mark="m"),
        Row("bo", "bo.zip", "2026-01-02", mark="m"),
        Row("Al", "al", mark="m"),
    ]
    al, bo = report.finish(rows)
    assert (al.student, bo.file) == ("Al", "bo.zip")
    assert bo.remarks == [
        "handed in 2 times, counted: bo.zip, not: bo",
        "the same answers, letter for letter, as Al",
    ]


def test_a_missing_folder_an_empty_class_and_a_missing_sandbox_are_explained(tmp_path, monkeypatch, capsys):
    for folder, words in [(tmp_path / "none", "is no folder"), (tmp_path, "is empty")]:
        assert main(["grade", str(folder)]) == 2 and words in capsys.readouterr().err
    (tmp_path / "01_nadaraya_watson.ipynb").write_text("{}")
    assert main(["grade", str(tmp_path)]) == 2 and "is one workbook" in capsys.readouterr().err
    os.replace(tmp_path / "01_nadaraya_watson.ipynb", tmp_path / "anna.ipynb")
    monkeypatch.setattr(sandbox, "problem", sandbox.problem.__wrapped__)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["grade", str(tmp_path), "--out", str(tmp_path / "x.csv")]) == 2
    assert "apt-get install bubblewrap" in capsys.readouterr().err and not (tmp_path / "x.csv").exists()


def test_the_guide_says_what_it_does():
    guide = (make.NOTEBOOKS.parent / "docs" / "teaching.md").read_text("utf-8").split("**Collecting.**")[1]
    guide = guide.split("\n## ")[0]
    rows = [line.split("|")[1] for line in guide.splitlines() if line.startswith("| `")]
    assert {state for row in rows for state in re.findall("`([^`]+)`", row)} == set(STATES)
    assert f"stopped after {grading.SECONDS:g} seconds of computing" in guide
    assert STUCK == 3 and "three others of the same student" in guide
    (command,) = re.findall(r"grade (?:ARGS=\")?(hand-ins [^\"\n]*)", guide)
    assert vars(parser().parse_args(["grade", *command.split()]))["words"] == "words.csv"


def test_most_exercises_have_new_inputs():
    """What drawn inputs are like is not known before grading; those written by hand are the same for everybody."""
    fixed = [one.name for one in ALL if str(shifted(one.cases)()) == str(one.cases())]
    same = [  # three draws: one may be the inputs of the check by chance
        one.name for one in ALL if all(str(varied(one)()) == str(one.cases()) for _ in range(3))
    ]
    assert len(same) <= 16 < len(fixed), "docs/teaching.md says how many have only one set of inputs"
    for one in ALL:
        verdict = judge.judge(dataclasses.replace(one, cases=varied(one)), one.reference)
        assert verdict.right, (one.name, verdict.text)


def test_a_table_of_answers_does_not_pass_where_inputs_are_written_by_hand():
    """All inputs and results of an exercise, looked up: right when it is checked, noticed when it is graded."""
    one = next(one for one in ALL if one.name == "sinusoidal encoding")
    table = {str(list(case.args.values())): judge.expected(one, case) for case in one.cases()}

    def looked_up(*given):
        return table[str(list(given))]

    assert judge.judge(one, looked_up).right
    assert not judge.judge(dataclasses.replace(one, cases=varied(one)), looked_up).right


@pytest.mark.parametrize("text", ["=1+1", "＝1+1", " =1+1", "\u3000＝1", "-2", "+a", "@b", "\t=x"])
def test_no_cell_of_the_table_is_a_formula(text):
    from course_tools.classroom.grading import report

    assert report._cell(text).startswith("'") and report._cell("a=1") == "a=1"
