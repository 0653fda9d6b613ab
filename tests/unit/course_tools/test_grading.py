"""Grading what was handed in: every form of a hand-in, exercises, hostile answers, and the table that comes of it.

One class is graded once, by the command, and every test looks at its table; once a week all exercises, and a class of
hand-ins that mean harm: each does none, is named, and the others are graded all the same.
"""

import ast
import contextlib
import csv
import dataclasses
import inspect
import io
import json
import os
import textwrap
import unicodedata
import zipfile

import find_sandbox
import hand_ins as make
import nbformat
import pytest
import torch
from small_exercises import in_cell

from course import main
from course_kit import dependencies
from course_kit.cells import answers
from course_kit.dependencies import parsed_cells
from course_kit.exercises import judge, record
from course_kit.exercises.catalogue import chapters, exercises, find
from course_kit.exercises.define import Case, Exercise, Wrong
from course_tools.classroom import grading, handing_in
from course_tools.classroom.grading import hand_ins, judging, report, sandbox
from course_tools.classroom.grading.judging import Row
from course_tools.classroom.grading.remote import Remote, Room, shifted, varied

ALL = [one for chapter in chapters() for one in exercises(chapter)]
SOME = ALL[::12]
WEEKLY = lambda *values: pytest.param(*values, marks=pytest.mark.weekly)  # noqa: E731
FIRST, SECOND, THIRD = "gaussian kernel", "attention pooling", "leave-one-out mask"
WRONG = '@exercise("gaussian kernel")\ndef kernel(distance, width=1.0):\n    return -distance'
KNOWN = "import torch\n@exercise('scaled dot-product score')\ndef score(queries, keys):\n    return queries @ keys.mT"
STEP = """import torch
import torch.nn.functional as F
from course_utils.toy_tasks import BEGIN
@exercise('a training step')
def train_step(model, optimiser, source, target):
    begin = torch.full_like(target[:, :1], BEGIN)
    loss = F.cross_entropy(model(source, torch.cat([begin, target[:, :-1]], 1)).flatten(0, 1), target.flatten())
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()"""
NORM = """import torch.nn.functional as F
@exercise('rms norm')
def rms_norm(x, weight, eps=1e-5):
    return F.rms_norm(x, weight.shape, weight, eps)"""
HEADS = "import torch\nfrom mine import {}\n@exercise('attention in heads')\n"
HEADS += "def multi_head(q, k, v, heads, mask=None):\n    "
USES = """q, k, v = (split_heads(x, heads) for x in (q, k, v))
    scores = q @ k.mT / q.shape[-1] ** 0.5
    mask = torch.ones(scores.shape[-2:], dtype=torch.bool) if mask is None else mask
    weights = masked_softmax(scores, mask[:, None] if mask.dim() == 3 else mask)
    return (weights @ v).transpose(1, 2).flatten(2), weights"""
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


# An attack stands in front of an answer that is right: what is not stopped would end as "right". What else must not
# work is tried before anything is graded (sandbox.PROBE).
# exercise -> (attack, state of the exercise, words of the remark)
ATTACKS = {
    "runs for ever": {
        "gaussian kernel": ("while True: pass", "timed out", "timed out"),
        "leave-one-out mask": ("while True: os.fork()", "wrong", ""),
        "program 1.2": ("x = torch.ones(2 ** 30)", "wrong", ""),
    },
    "breaks in": {
        "stable masked softmax": ("socket.create_connection(('192.0.2.1', 80), 1)", "wrong", ""),
        "padding and causal mask": ("os.kill(os.getppid(), 9); time.sleep(99)", "ended", ""),
    },
    "forges": {
        "gaussian kernel": ("return torch.zeros(())", "wrong", "its record says solved"),
        "stable masked softmax": ("os._exit(0)", "ended", "ended its process"),
        "program 1.2": (
            """
            for number in range(3, 64):
                try: os.write(number, b'\\0\\0\\0\\x10{"result": true }')
                except OSError: pass
            """,
            "ended",
            "in the grader's place",
        ),
        "additive score": (
            """
            for module in list(sys.modules.values()):
                for name in ("judge", "same", "close", "check", "encode", "equal", "isclose", "allclose"):
                    if hasattr(module, name): setattr(module, name, lambda *_, **__: True)
            return torch.zeros(())
            """,
            "wrong",
            "",
        ),
        "scaled dot-product score": ("x = []\nfor _ in range(10 ** 5): x = [x]\nreturn x", "wrong", ""),
    },
}
BORROWED = {  # the course's own functions, by names that no text shows
    "gaussian kernel": """
import course_utils.kernels
@exercise("gaussian kernel")
def kernel(distance, width=1.0):
    return vars(course_utils.kernels)["gaussian_" + "kernel"](distance, width)
""",
    "leave-one-out mask": """
import operator, course_utils.kernels
@exercise("leave-one-out mask")
def mask(size):
    return operator.attrgetter(".".join(["kernels", "leave_one_out" + "_mask"]))(course_utils)(size)
""",
}
EVERY_DAY = [  # one reaches for the network, one writes into the grader's answers
    ("breaks in", "stable masked softmax"), ("forges", "program 1.2"),
]  # fmt: skip

IMPORTS = "import os, socket, sys, time, torch"


def attacked(name, attack):
    """The right answer, with an attack as the first thing that it does."""
    tree = ast.parse(make.right(name))
    attack = textwrap.indent(textwrap.dedent(attack), "    ")
    tree.body[-1].body[:0] = ast.parse(f"def f():\n{attack}").body[0].body
    return f"{IMPORTS}\n{ast.unparse(tree)}"


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """A class, graded by the command -> (exit status, rows of the CSV by student, lines of --words)."""
    find_sandbox.needed()
    place = tmp_path_factory.mktemp("class")
    folder = place / "in"
    make.workbook(folder / "all right", {one.name: make.right(one.name) for one in SOME})
    jürgen = make.workbook(folder / unicodedata.normalize("NFD", "Jürgen Öz 王"), {FIRST: make.right(FIRST)}, "01")
    os.replace(jürgen / "01_nadaraya_watson.ipynb", jürgen / "my homework (2).ipynb")
    (jürgen / "02_scoring_functions.ipynb").write_text('{"cells": [{"cell_type": "code"')
    make.workbook(folder / "partial", {FIRST: WRONG, SECOND: learnt(), "scaled dot-product score": KNOWN}, ("01", "02"))
    uses = HEADS.format("masked_softmax, split_heads") + USES
    lends = HEADS.format("multi_head as course") + "return course(q, k, v, heads, mask)"
    for name, cell in (("own", uses), ("lent", lends)):
        make.workbook(folder / name, {"attention in heads": cell}, "05")
    make.workbook(folder / "honest", {"a training step": STEP, "rms norm": NORM}, ("05", "08"))
    landmark = place / "secret.txt"
    landmark.write_text("untouched")
    harm = {name: attacked(name, ATTACKS[student][name][0]) for student, name in EVERY_DAY}
    make.workbook(folder / "harmful", harm, ("01", "02"))
    os.symlink(landmark, folder / "harmful" / "03_seq2seq.ipynb")
    exported = make.workbook(place / "workbook", {FIRST: make.right(FIRST), SECOND: WRONG.replace(FIRST, SECOND)})
    tried = {"state": "tried", "attempts": 2, "hints": 0, "solution": True}
    (exported / record.FILE).write_text(json.dumps({"exercises": {SECOND: tried}}))
    (folder / "exported.json").write_text(json.dumps(handing_in.collect(exported)))
    with zipfile.ZipFile(folder / "exported.zip", "w") as packed:
        packed.writestr("work/01.ipynb", json.dumps({"cells": []}))
    os.utime(folder / "exported.zip", (1, 1))
    (folder / "empty").mkdir()
    (folder / "essay.pdf").write_bytes(b"%PDF")
    (folder / "=cmd|' calc'!A1.ipynb").write_text(json.dumps({"cells": [], "nbformat": 4}))
    (folder / "notes.csv").write_text("not a hand-in")
    with contextlib.redirect_stdout(io.StringIO()):
        status = main(["grade", str(folder), "--out", str(place / "out.csv"), "--words", str(place / "words.csv")])
    with open(place / "out.csv", encoding="utf-8-sig", newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    with open(place / "words.csv", encoding="utf-8-sig", newline="") as file:
        return status, rows, list(csv.DictReader(file))


@pytest.mark.weekly
def test_every_exercise_is_graded_right(tmp_path):
    find_sandbox.needed()
    make.workbook(tmp_path / "all", {one.name: make.right(one.name) for one in ALL})
    (row,) = grading.graded(hand_ins.entries(tmp_path))
    assert row.states == {one.name: "right" for one in ALL}, row.said


def test_all_states_and_forms(table):
    status, rows, words = table
    assert status == 1
    assert {one.name: rows["all right"][one.name] for one in SOME} == {one.name: "right" for one in SOME}
    assert (rows["all right"]["solved"], rows["all right"]["of"]) == (str(len(SOME)), str(len(ALL)))
    jürgen = rows["Jürgen Öz 王"]
    assert (jürgen[FIRST], jürgen[SECOND], jürgen["additive score"]) == ("right", "open", "missing")
    assert "02_scoring_functions.ipynb is not a notebook" in jürgen["remarks"]
    assert (rows["partial"][FIRST], rows["partial"][SECOND]) == ("wrong", "suspect")
    assert "right on the inputs of the notebook, and wrong on new ones" in rows["partial"]["remarks"]
    assert (rows["all right"]["points"], rows["all right"]["possible"]) == (str(len(SOME)), str(len(ALL)))
    exported = rows["exported"]
    assert (exported["attempts"], exported["solutions"]) == ("2", "1")
    assert (exported[FIRST], exported[SECOND], exported[THIRD]) == ("right", "wrong", "open")
    assert "handed in 2 times, counted: exported.json, not: exported.zip" in exported["remarks"]
    assert exported["handed in"].startswith("20")
    assert "nothing to grade" in rows["empty"]["remarks"]
    assert "neither a folder nor a zip" in rows["essay.pdf"]["remarks"]
    assert "'=cmd|' calc'!A1" in rows and len(rows) == 11
    said = [x["words"] for x in words if (x["student"], x["exercise"]) == ("partial", FIRST)]
    assert said and said[0] != "right"
    one = find("scaled dot-product score")
    (said,) = [x["words"] for x in words if (x["student"], x["exercise"]) == ("partial", one.name)]
    assert any(x.hint in said for x in one.wrong), "a known mistake is recognised as in the notebook"


def test_what_is_imported_from_the_students_own_package_is_the_courses(table):
    """Each answer is judged by itself; one that hands on the course's function is told."""
    rows = table[1]
    assert rows["own"]["attention in heads"] == rows["lent"]["attention in heads"] == "right"
    assert [("the course's" in rows[name]["remarks"]) for name in ("own", "lent")] == [False, True]


def test_an_honest_answer_gets_no_remark(table):
    """Not for PyTorch's functions."""
    row = table[1]["honest"]
    assert (row["a training step"], row["rms norm"], row["remarks"]) == ("right", "right", "")


ALIKE = [
    STEP,
    STEP.replace("    optimiser.zero_grad()\n", ""),
    "@exercise('a training step')\ndef train_step(*given): ...",
]


def test_the_sandbox_judges_as_the_notebook_does():
    find_sandbox.needed()
    judging.prepare()
    room, found, name = Room(), [], "a training step"
    try:
        for source in ALIKE:
            whole = f"from course_kit.exercises import exercise\n{source}"
            remote = Remote(room, name, dependencies.parsed(whole).statements, 5.0)
            there = judge.judge(find(name), remote, 30.0)
            remote.close()
            space = in_cell(source.replace("@exercise", "@(lambda name: lambda answer: answer)"))
            here = judge.judge(find(name), space["train_step"])
            assert (here.state, here.text) == (there.state, there.text), source
            found.append(here.state)
    finally:
        room.close()
    assert found == ["right", "wrong", "wrong"]


def test_one_that_means_harm_does_none_and_is_named(table):
    row = table[1]["harmful"]
    for student, name in EVERY_DAY:
        _, state, words = ATTACKS[student][name]
        assert row[name] == state and words in row["remarks"], (name, row)
    assert "is a link" in row["remarks"]


def test_only_what_an_answer_needs():
    source = "import math, os\nimport torch as t\nfrom a.b import *\nscale = 2\nscale += k\nprint(1)\nk = 3\n"
    cells = [
        dependencies.parsed(source),
        dependencies.parsed("%time\n@exercise('x')\ndef f(q):\n    y = q\n    return t.exp(y) * scale"),
    ]
    stub = dependencies.Stub("x", "f", False, 2, 5)
    kept = [ast.unparse(x).splitlines()[0] for x in dependencies.prerequisites(cells, 1, stub)]
    assert kept[:5] == ["import torch as t", "from a.b import *", "scale = 2", "scale += k", "k = 3"]
    assert kept[-1] == "@exercise('x')" and "print(1)" not in kept and "import math, os" not in kept


def test_the_courses_own_text_is_named():
    ours = inspect.getsource(find(SECOND).reference).replace("def ", "def my_")
    assert judging.copied(dependencies.parsed(ours).statements, find(SECOND))
    assert not judging.copied(
        dependencies.parsed(HEADS.format("split_heads") + USES).statements, find("attention in heads")
    )


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


def test_new_inputs_of_every_exercise_pass_its_reference():
    """What drawn inputs are like is not known before grading; those written by hand are the same for everybody."""
    fixed = [one for one in ALL if str(shifted(one.cases, 7)()) == str(one.cases())]
    same = [  # three draws: one may be the inputs of the check by chance
        one.name for one in fixed if all(str(varied(one)()) == str(one.cases()) for _ in range(3))
    ]
    assert len(same) < len(fixed)
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


@pytest.mark.parametrize("text", ["=1+1", "\u3000＝1", "-2", "\t=x"])
def test_no_cell_of_the_table_is_a_formula(text):
    assert report._cell(text).startswith("'") and report._cell("a=1") == "a=1"


STUB = "@exercise({!r})\ndef answer(x):\n    raise NotImplementedError"
HELPER = "def helper(x):\n    return 2 * x"


def write(path, *cells):
    path.parent.mkdir(exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells]), path)


def solution(name, body="return helper(x)"):
    return STUB.format(name).replace("raise NotImplementedError", body)


@pytest.fixture
def course():
    """A lesson with exercise a, its annex with b, which uses a function of the annex."""
    both = {"05_five.ipynb": ["import math", STUB.format("a")], "05_five_annex.ipynb": [HELPER, STUB.format("b")]}
    stubs = [(file, source) for file, cells in both.items() for source in cells if answers(source)]
    return hand_ins.Course(
        {"a": "05_five.ipynb", "b": "05_five_annex.ipynb"},
        {file: [cell for cell, _ in parsed_cells(cells)] for file, cells in both.items()},
        frozenset(record.of_source(source) for _, source in stubs),
    )


def test_both_notebooks_are_read(course, tmp_path):
    write(tmp_path / "anna" / "05_five.ipynb", solution("a", "return x"))
    write(tmp_path / "anna" / "05_five_annex.ipynb", HELPER, solution("b"))
    work = hand_ins.read(tmp_path / "anna", course)
    assert {name: answer.file for name, answer in work.answers.items()} == course.exercises
    assert work.remarks == [] and len(work.answers["b"].statements) == 2, "with the function that it needs"


@pytest.mark.parametrize("kind", ["markdown", "raw"])
def test_an_answer_in_a_cell_that_is_no_code_is_named(course, tmp_path, kind):
    write(tmp_path / "dora" / "05_five.ipynb", HELPER, solution("a"))
    text = (tmp_path / "dora" / "05_five.ipynb").read_text()
    (tmp_path / "dora" / "05_five.ipynb").write_text(text.replace('"code"', f'"{kind}"'))
    work = hand_ins.read(tmp_path / "dora", course)
    assert work.answers == {} and f"“a” is in a {kind} cell" in work.remarks[0]


def test_of_two_answers_the_one_in_the_annex_counts_and_this_is_said(course, tmp_path):
    write(tmp_path / "cleo" / "05_five.ipynb", HELPER, solution("b", "return 0"))
    write(tmp_path / "cleo" / "05_five_annex.ipynb", HELPER, solution("b"))
    work = hand_ins.read(tmp_path / "cleo", course)
    assert work.answers["b"].file == "05_five_annex.ipynb" and "2 answers to “b”" in work.remarks[0]


T = torch.tensor


class Hidden:
    """Where no answer can reach it, as in a chapter's exercise files."""

    def mean(x, y):
        return (x + y) / 2


MEAN = Exercise(
    name="mean of two",
    task="Their mean.",
    reference=Hidden.mean,
    cases=lambda: [Case({"x": T([1.0, 2.0]), "y": T([4.0, 2.5])}, shown=True), Case({"x": T([3.0]), "y": T([7.0])})],
    returns=("mean",),
    hints=("…",),
    minutes=1,
    difficulty=1,
    wrong=(Wrong(lambda x, y: x + y, "This is the sum."),),
)


@pytest.fixture(scope="module")
def judged():
    """(state, words) of a function of x and y with this body, called in the sandbox."""
    find_sandbox.needed()
    room = Room()

    def judge(body, seconds=5.0):
        head = "import os\nfrom course_kit.exercises import exercise\n@exercise('mean of two')\ndef f(x, y):\n    "
        answer = hand_ins.Answer(body, ast.parse(head + body).body, written="mean of two")
        return judging._one(answer, MEAN, room, seconds, {})

    yield judge
    room.close()


class TestInTheSandbox:
    @pytest.mark.parametrize(
        ("body", "words"),
        [
            ("return x + y", "This is the sum."),
            ("return (x + y) / 3", "Right, but 0.667 times what it should be: look for a factor."),
        ],
    )
    def test_the_words_are_those_of_the_notebook(self, judged, body, words):
        space = {}
        exec(f"def f(x, y):\n    {body}", space)
        assert judged(body)[1] == judge.judge(MEAN, space["f"]).text == words

    @pytest.mark.parametrize("ending", ["if {}: os._exit(3)", WEEKLY("while {}: pass")])
    def test_what_happens_on_changed_inputs_alone_is_no_ones_fault(self, judged, ending, monkeypatch):
        """To find out what is wrong, an answer is called with inputs that are in no check. Ending there is still a
        wrong answer, and no process that was ended."""
        monkeypatch.setattr(judge, "LOOKING", 1.0)
        body = ending.format("x[0] not in (1.0, 3.0)") + "\n    return (x * y) ** 0.5"
        state, words = judged(body, 2.0)
        assert state == "wrong" and words.startswith("2 of 2 numbers differ")
        assert judged("return (x + y) / 2")[0] == "right", "and the next answer is judged as ever"

    @pytest.mark.parametrize(("ending", "state"), [("if {}: os._exit(3)", "ended"), ("while {}: pass", "timed out")])
    def test_on_the_inputs_of_the_check_it_counts(self, judged, ending, state):
        assert judged(ending.format("x[0] == 3.0") + "\n    return (x * y) ** 0.5", 1.0)[0] == state


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """All of them in one class, with an honest student among them, graded once -> rows by name."""
    find_sandbox.needed()
    place = tmp_path_factory.mktemp("class")
    landmark = place / "secret.txt"
    landmark.write_text("untouched")
    folder = place / "handed-in"
    for student, attacks in ATTACKS.items():
        cells = {name: attacked(name, attack) for name, (attack, _, _) in attacks.items()}
        made = make.workbook(folder / student, cells, ("01", "02"))
        claims = {"exercises": {name: {"state": "solved"} for name in attacks}}
        (made / "progress.json").write_text(json.dumps(claims))
    make.workbook(
        folder / "honest",
        {name: make.right(name) for name in ("gaussian kernel", "scaled dot-product score")},
        ("01", "02"),
    )
    make.workbook(folder / "borrower", BORROWED, "01")
    linked = make.workbook(folder / "links", {}, "01")
    os.symlink(landmark, linked / "02_scoring_functions.ipynb")
    os.symlink(folder / "honest", linked / "others")
    os.mkfifo(linked / "03_seq2seq.ipynb")
    (folder / "linked").symlink_to(folder / "honest")
    with zipfile.ZipFile(folder / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("01_nadaraya_watson.ipynb", bytes(64 << 20))
    (folder / "deep.json").write_text("[" * 10**6)
    rows = grading.graded(hand_ins.entries(folder), seconds=6.0)  # a busy machine needs 2 to load torch
    return {row.student: row for row in report.finish(rows)}


@pytest.mark.weekly
def test_the_honest_are_graded_among_them(hostile):
    row = hostile["honest"]
    assert (row.states["gaussian kernel"], row.states["scaled dot-product score"]) == ("right", "right")
    assert row.remarks == []


@pytest.mark.weekly
@pytest.mark.parametrize(("student", "name"), [(student, name) for student in ATTACKS for name in ATTACKS[student]])
def test_no_harm_and_a_remark(hostile, student, name):
    row = hostile[student]
    _, state, words = ATTACKS[student][name]
    remarks = [remark for remark in row.remarks if words in remark]
    assert row.states[name] == state, (row.states[name], row.said.get(name))
    assert row.serious and any(name in x or "more" in x for x in remarks), row.remarks
    assert any("its record says solved, and it is not" in x for x in row.remarks)


@pytest.mark.weekly
def test_the_courses_own_function_is_noticed_by_whatever_name_it_was_reached(hostile):
    row = hostile["borrower"]
    assert {name: row.states[name] for name in BORROWED} == dict.fromkeys(BORROWED, "right")
    assert "hands on the course's own function: gaussian kernel, leave-one-out mask" in row.remarks
    assert not any("hands on" in x for x in hostile["honest"].remarks)


@pytest.mark.weekly
def test_links_and_bombs_are_not_opened(hostile):
    rows = hostile
    assert sum("is a link" in x for x in rows["links"].remarks) == 2
    assert any("is no file" in x for x in rows["links"].remarks)
    assert rows["linked"].remarks[0] == "it is a link: not followed"
    assert "too large" in rows["bomb"].remarks[0] and "unreadable" in rows["deep"].remarks[0]
    assert not any("right" in rows[name].states.values() for name in ("links", "linked", "bomb", "deep"))


@pytest.mark.parametrize(
    ("lost", "leak"),
    [
        (("--unshare-net",), "the network"),
        WEEKLY(("--unshare-pid",), "other processes"),
        WEEKLY(("--ro-bind", str(sandbox.INSIDE / "exercises"), "/course/course_kit/exercises"), "ImportError"),
        WEEKLY("forbid()", "memory of its own kind"),
        WEEKLY("(resource.RLIMIT_NPROC, 0),", "other processes"),
    ],
)
def test_a_sandbox_that_leaks_is_refused(lost, leak, tmp_path, monkeypatch):
    """What is tried at the start finds each hole: one is made, and nothing is graded."""
    find_sandbox.needed()
    usual = sandbox.command()
    if isinstance(lost, str):
        text = (sandbox.INSIDE / "limits.py").read_text("utf-8")
        assert text.count(lost) >= 1
        (tmp_path / "limits.py").write_text("".join(text.rsplit(f"    {lost}\n", 1)))
        line = [str(tmp_path / "limits.py") if x == str(sandbox.INSIDE / "limits.py") else x for x in usual]
    else:
        at = next(i for i in range(len(usual)) if tuple(usual[i : i + len(lost)]) == lost)
        line = usual[:at] + usual[at + len(lost) :]
    monkeypatch.setattr(sandbox, "command", lambda: line)
    assert leak in sandbox.problem.__wrapped__()
