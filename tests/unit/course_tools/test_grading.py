"""Grading what was handed in: names of platforms, odd notebooks, hostile answers, and what nbgrader makes of it.

One class is graded once, by the command, and tests look at its gradebook and its feedback; once a week all exercises,
and a class of hand-ins that mean harm: each does none, and the others are graded all the same.
"""

import ast
import csv
import dataclasses
import html
import os
import re
import shutil
import sys
import textwrap
import zipfile
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
import torch
from running import find_sandbox
from unit.course_tools import hand_ins as make
from unit.small_exercises import in_cell

from course import main
from course_kit.exercises import dependencies, judge
from course_kit.exercises.define import Case, Exercise, FindError, Wrong
from course_kit.exercises.registry import chapters, exercises, find
from course_tools.classroom import grading
from course_tools.classroom.grading import collecting, hand_in, judging, sandbox
from course_tools.classroom.grading.remote import Room, shifted, varied

ALL = [one for chapter in chapters() for one in exercises(chapter)]
WEEKLY = lambda *values: pytest.param(*values, marks=pytest.mark.weekly)  # noqa: E731
KERNEL, POOL, SOFTMAX = WANTED = ["gaussian kernel", "attention pooling", "stable masked softmax"]
STUB = f"# Task: {KERNEL}\ndef gaussian_kernel(distance, width=1.0):\n    raise NotImplementedError"
RIGHT = STUB.replace("raise NotImplementedError", "return (-0.5 * (distance / width) ** 2).exp()")
WRONG = RIGHT.replace("0.5 * ", "")
# Right for what the notebook shows and asks, and for nothing else.
LEARNT = """# Task: attention pooling
import torch
SEEN = {seen}
def pool(queries, keys, values, width=1.0):
    found = SEEN.get(str((queries.tolist(), keys.tolist(), float(width))), ([0.0], [[0.0]]))
    return tuple(map(torch.tensor, found))
"""


def learnt():
    """An answer that has the results of the shown inputs by heart."""
    one, seen = find(POOL), {}
    for case in one.cases():
        given = {"width": 1.0} | case.keywords | case.args
        key = str((given["queries"].tolist(), given["keys"].tolist(), float(given["width"])))
        seen[key] = tuple(x.tolist() for x in one.run(one.reference, case))
    return LEARNT.replace("{seen}", repr(seen).replace("nan", "float('nan')"))


UNSEEN = f"""# Task: {SOFTMAX}
def masked_softmax(scores, mask):
    return getattr(__import__("course_" + "utils.attention").attention, "masked_" + "softmax")(scores, mask)"""
# An attack stands in front of an answer that is right: what is not stopped would end as "right". What else must not
# work is tried before anything is graded (sandbox.PROBE).
# student -> exercise -> (attack, state of the exercise, words of the remark)
ATTACKS = {
    "runs for ever": {
        "gaussian kernel": ("while True: pass", "timed out", "timed out"),
        "leave-one-out mask": ("while True: os.fork()", "wrong", ""),
        "rms norm": ("x = torch.ones(2 ** 30)", "wrong", ""),
    },
    "breaks in": {
        "stable masked softmax": ("socket.create_connection(('192.0.2.1', 80), 1)", "wrong", ""),
        "padding and causal mask": ("os.kill(os.getppid(), 9); time.sleep(99)", "ended", ""),
    },
    "forges": {
        "gaussian kernel": ("return torch.zeros(())", "wrong", ""),
        "stable masked softmax": ("os._exit(0)", "ended", "ended: "),
        "rms norm": (
            """
            for number in range(3, 64):
                try: os.write(number, b'\\0\\0\\0\\x10{"result": true }')
                except OSError: pass
            """,
            "ended",
            "gave back what cannot be read",
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
        "top-p": ("class Any(torch.Tensor):\n    def __eq__(self, other): return torch.tensor(True)\nreturn Any(1)",
            "wrong", ""),
    },
}  # fmt: skip
IMPORTS = "import os, socket, sys, time, torch"


def attacked(name, attack):
    """The right answer, with an attack as the first thing that it does."""
    tree = ast.parse(make.right(name))
    attack = textwrap.indent(textwrap.dedent(attack), "    ")
    tree.body[-1].body[:0] = ast.parse(f"def f():\n{attack}").body[0].body
    return f"# Task: {name}\n{IMPORTS}\n{ast.unparse(tree)}"


class TestCollecting:
    @pytest.fixture
    def collected(self, tmp_path):
        """collect(names, roster) -> {student: its remarks}; what was copied lies in tmp_path/in/STUDENT."""

        def collect(*names, roster=(), packed=False):
            source = tmp_path / "download"
            for name in names:
                make.hand_in(source / name, f"# {name}")
            if packed:
                shutil.make_archive(tmp_path / "download", "zip", source)
                source = tmp_path / "download.zip"
            keys = ("id", "first_name", "last_name", "email", "lms_user_id")
            people = [SimpleNamespace(**dict(zip(keys, one, strict=True))) for one in roster]
            return collecting.collect(source, lambda student: tmp_path / "in" / student, people)

        return collect

    @pytest.mark.parametrize("packed", [False, True])
    def test_names_of_platforms(self, collected, packed, tmp_path):
        found = collected(
            "ana_1200_56700_03_Ana.ipynb", "dev_LATE_1234_56789_03_Dev.ipynb", "dev_1234_56790_03_Dev-1.ipynb",
            "Gus Meyer_331_assignsubmission_file_/03.ipynb", "03_eve_attempt_2026-11-27-18-05-00_03.IPYNB",
            "王 小明/03.ipynb", "bo.ipynb", "=cmd|' calc'!A1.ipynb", packed=packed,
        )  # fmt: skip
        assert found.keys() == {"ana", "dev", "Gus Meyer", "eve", "王 小明", "bo", "_cmd_' calc'_A1"}
        found = {student: one.remarks for student, one in found.items()}
        late, several = found.pop("dev")
        assert "late, says Canvas" in late and several.endswith("dev_1234_56790_03_Dev-1.ipynb")
        assert not any(found.values()), "nobody else is told anything"
        assert [file.name for file in sorted((tmp_path / "in" / "dev").iterdir())] == [
            "00-dev_LATE_1234_56789_03_Dev.ipynb", "01-dev_1234_56790_03_Dev-1.ipynb"]  # fmt: skip

    def test_the_roster_says_who_is_who(self, collected):
        roster = [("a7", "Ana", "García", "ana@x.org", "1200"), ("g1", "Gus", "Meyer", "", None)]
        roster += [("e1", "E", "Ng", "e@x.org", None)]
        moodle = "Gus Meyer_331_assignsubmission_file_/03.ipynb"
        names = ["garciaana_1200_5_03.ipynb", moodle, "e@x.org.ipynb", "Jo.ipynb"]
        assert set(collected(*names, roster=roster)) == {"a7", "g1", "e1", "Jo"}

    def test_two_of_one_name_are_two(self, collected):
        both = [f"Anna Schmidt_{number}_assignsubmission_file_/03.ipynb" for number in (333, 334)]
        both += ["Chloé O'Neil.ipynb", "Chloé O Neil.ipynb", "x;y.ipynb", "x:y.ipynb"]
        ids = {"Anna Schmidt_333", "Anna Schmidt_334", "Chloé O'Neil", "Chloé O Neil", "x_y", "x_y_"}
        assert set(collected(*both)) == set(collected(*both, roster=[("anna", "Anna", "Schmidt", "", None)])) == ids

    def test_no_name_in_a_zip_leads_out_and_no_broken_file_stops_the_others(self, tmp_path):
        names = [f"{tmp_path}/out.ipynb", "//x.ipynb", "../up.ipynb", "new\nline.ipynb", f"n_1_{'9' * 5000}_03.ipynb"]
        with zipfile.ZipFile(tmp_path / "download.zip", "w", zipfile.ZIP_DEFLATED) as packed:
            for name in (*names, "broken.ipynb", "ana/03.ipynb"):
                packed.writestr(name, "{}" * 99)
        content = (tmp_path / "download.zip").read_bytes()
        data = content.index(b"broken.ipynb") + len("broken.ipynb")  # no deflate stream begins with three bits set
        (tmp_path / "download.zip").write_bytes(content[:data] + b"\xff" + content[data + 1 :])
        found = collecting.collect(tmp_path / "download.zip", lambda student: tmp_path / "in" / student, [])
        long = next(one for one in found if one.startswith("n_1_9"))
        assert found.keys() == {tmp_path.parts[1], "x", "new_line", long, "broken", "ana"}
        assert "is unreadable" in found.pop("broken").remarks[0] and not any(one.remarks for one in found.values())
        assert {file.name for file in tmp_path.iterdir()} == {"download.zip", "in"}

    def test_links_bombs_and_what_is_no_notebook_are_not_opened(self, collected, tmp_path):
        source = tmp_path / "download"
        (source / "eve").mkdir(parents=True)
        (tmp_path / "secret.ipynb").write_text("secret")
        os.symlink(tmp_path / "secret.ipynb", source / "eve" / "03.ipynb")
        os.symlink(tmp_path, source / "others")
        os.mkfifo(source / "fifo.ipynb")
        (source / "essay.pdf").write_bytes(b"%PDF")
        with open(source / "huge.ipynb", "wb") as file:
            file.truncate(64 << 20)
        found = collected("bo.ipynb")
        assert found.pop("bo").remarks == [] and len(found) == 4
        assert all(re.search("unreadable|no notebook", one.remarks[0]) for one in found.values()), found
        copied = [file.name for file in (tmp_path / "in").rglob("*") if file.is_file()]
        assert copied == ["00-bo.ipynb"]


HELPER = "def closer(x):\n    return (-0.5 * x ** 2).exp()"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (make.notebook(f"%matplotlib inline\n{RIGHT}"), ""),
        (make.notebook(RIGHT.partition("\n")[2], nbgrader={"grade_id": "gaussian-kernel"}), ""),
        (make.notebook(RIGHT.partition("\n")[2]), ""),
        (make.notebook(RIGHT.replace("gaussian_kernel(", "my_kernel(")), ""),
        (make.notebook(RIGHT, "# a copy\n" + STUB), ""),
        (make.notebook(HELPER, RIGHT.replace("(-0.5", "closer(distance / width) #")), ""),
        (make.notebook(RIGHT).replace('"code"', '"markdown"'), ""),
        (make.notebook(RIGHT).replace('"metadata": {}', '"metadata": null'), ""),
        (make.notebook(RIGHT.replace("width=1.0):", "width=1.0:")), "“gaussian kernel”: no Python: "),
        (make.notebook(f"# Task: {KERNEL}\ngaussian_kernel = 1"), "defines no function or class"),
        (make.notebook("print(1)"), "not in the notebook: gaussian kernel"),
        ("[" * 10**6, "cannot be read as a notebook"),
        ('{"cells": [{"cell_type": "code"', "cannot be read as a notebook"),
        (make.notebook("from course_utils.kernels import x\n" + RIGHT), "imports the course's course_utils.kernels"),
    ],
)  # fmt: skip
def test_each_answer_is_found_or_a_remark_says_why_not(content, words, tmp_path):
    (tmp_path / "03.IPYNB").write_text(content, "utf-8")
    work = hand_in.read(tmp_path, [KERNEL])
    if words:
        assert len(work.remarks) == 1 and words in work.remarks[0]
    else:
        assert work.remarks == [] == [*work.problems]
    if not words or "imports" in words:
        space = {"exercise": lambda name: lambda answer: answer}
        exec("\n".join(map(ast.unparse, work.answers[KERNEL][1:])), space)
        (answer,) = (x for name, x in space.items() if name in ("gaussian_kernel", "my_kernel"))
        assert judge.judge(find(KERNEL), answer).right


def test_helpers_come_along_and_nothing_else():
    source = "import math, os\nimport torch as t\nfrom a.b import *\nscale = 2\nscale += k\nprint(1)\nk = 3\n"
    cells = [
        dependencies.parsed(source),
        dependencies.parsed("%time\n@exercise('x')\ndef f(q):\n    y = q\n    return t.exp(y) * scale"),
    ]
    stub = dependencies.Stub("x", "f", False, 2, 5)
    kept = [ast.unparse(x).splitlines()[0] for x in dependencies.prerequisites(cells, 1, stub)]
    assert kept[:5] == ["import torch as t", "from a.b import *", "scale = 2", "scale += k", "k = 3"]
    assert kept[-1] == "@exercise('x')" and "print(1)" not in kept and "import math, os" not in kept


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A class of chapter 1: handed out, collected from a platform, judged by the command -> its folder; feedback and
    marks are there, as nbgrader writes them."""
    find_sandbox.needed()
    from nbgrader.api import Gradebook
    from nbgrader.apps.api import NbGraderAPI
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.plugins import CsvExportPlugin

    place = tmp_path_factory.mktemp("class")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.setenv("TZ", "Europe/Berlin")  # the platform's clock
        patch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")  # nbgrader calls alembic
        assert main(["assign", "01"]) == 0
        api = NbGraderAPI(CourseDirectory(root=str(place)))
        assert api.generate_assignment("01")["success"]
        with Gradebook(api.coursedir.db_url) as book:
            book.update_or_create_assignment("01", duedate="2026-11-27 18:00 Europe/Berlin")
            book.update_or_create_student("a7", first_name="Ana", last_name="García", lms_user_id="1200")
        handed_out = nbformat.read(place / "release" / "01" / "01.ipynb", 4)
        pooling = make.right(POOL)
        broken = pooling.replace("return ", "return (", 1)
        harm = [attacked(KERNEL, ATTACKS["forges"]["rms norm"][0]), attacked(SOFTMAX, ATTACKS["breaks in"][SOFTMAX][0])]
        script = RIGHT.replace("return", "raise ValueError('<script>alert(1)</script>\\ud800')\n    return")
        for name, cells in {
            "ana_1200_56700_01.ipynb": [RIGHT, pooling, make.right(SOFTMAX)],
            "ben_LATE_1201_56701_01.ipynb": [WRONG.replace("    return", "    reach = width\n    return"), learnt()],
            "harm_1202_56702_01.ipynb": [*harm, pooling],
            "01_eve_attempt_2026-11-27-18-05-00_01.ipynb": [f"%%time\n{RIGHT}", broken, "def other(): pass"],
            "raw_1203_56703_01.ipynb": ["raise ValueError", script, UNSEEN],
        }.items():
            make.hand_in(place / "download" / name, *cells)
        nbformat.write(handed_out, place / "download" / "fay_1204_56704_01.ipynb")
        (place / "download" / "deep_1205_56705_01.ipynb").write_text("[" * 10**6)
        assert main(["grade", "01", "download"]) == 0
        with Gradebook(api.coursedir.db_url) as book:  # the teacher's own mark, kept when all is graded again
            book.find_grade("gaussian-kernel", "01", "01", "ben").manual_score = 0.5
            book.db.commit()
            assert api.generate_feedback("01")["success"]
            CsvExportPlugin(to=str(place / "marks.csv")).export(book)
    return place


def feedback(place, student):
    """The text of a student's feedback."""
    page = (place / "feedback" / student / "01" / "01.html").read_text("utf-8")
    assert "<script>alert" not in page
    return html.unescape(re.sub(r"<[^>]+>", "", page[page.index("<body") :]))


def test_marks_late_ones_and_the_roster(graded):
    with open(graded / "marks.csv", encoding="utf-8", newline="") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    points = {name: float(row["score"]) for name, row in rows.items()}
    assert points == {"a7": 3, "ben": 0.5, "harm": 1, "eve": 1, "raw": 1, "fay": 0, "deep": 0}
    assert all(row["duedate"] == "2026-11-27 17:00:00" and float(row["max_score"]) == 3 for row in rows.values())
    assert (graded / "feedback" / "eve" / "01" / "timestamp.txt").exists(), "nbgrader releases no feedback without"
    assert (rows["a7"]["last_name"], rows["eve"]["timestamp"]) == ("García", "2026-11-27 17:05:00")


def test_feedback_is_a_file_for_each_in_the_words_of_the_judge_below_their_own_code(graded):
    right, wrong = feedback(graded, "a7"), feedback(graded, "ben")
    assert "✓ gaussian kernel: right, on all" in right and "About this hand-in" not in right
    said = judge.judge(find(KERNEL), in_cell(WRONG)["gaussian_kernel"]).text
    assert "reach = width" in wrong and f"✗ gaussian kernel: {said}" in wrong
    assert f"✗ attention pooling: {judging.DETOUR}" in wrong and "late, says Canvas" in wrong
    assert f"○ {SOFTMAX}: Its cell is not in the notebook." in wrong
    late, open_ones = feedback(graded, "eve"), feedback(graded, "fay")
    assert (
        "late by 0:05:00: 2026-11-27 18:05 CET" in late
        and "“attention pooling”: no Python: " in late
        and "✓ gaussian kernel" in late
    )
    assert [f"○ {name}: " in open_ones for name in WANTED] == [True] * 3
    assert "cannot be read as a notebook" in feedback(graded, "deep")
    raw = feedback(graded, "raw")
    assert "<script>alert(1)</script>" in raw, "as text"
    assert f"borrows the course's course_utils.attention.masked_softmax unseen: {SOFTMAX}" in raw


def test_one_that_means_harm_does_none_and_the_others_are_graded(graded):
    said = feedback(graded, "harm")
    assert f"✗ {KERNEL}: " in said and f"✗ {SOFTMAX}: " in said and f"✓ {POOL}: " in said
    assert ATTACKS["forges"]["rms norm"][2] in said


@pytest.mark.weekly
def test_every_exercise_is_graded_right(tmp_path):
    find_sandbox.needed()
    names = [one.name for one in ALL if not isinstance(one, FindError)]
    folder = make.hand_in(tmp_path / "all" / "all.ipynb", *map(make.right, names))
    (row,) = grading.graded({"all": folder}, names, budget=300.0)
    assert row.states == dict.fromkeys(names, "right"), row.said


def test_a_folder_that_handed_nothing_out_and_a_missing_sandbox_are_explained(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("course_tools.classroom.grading.gradebook.Class", lambda name: SimpleNamespace(wanted=list))
    monkeypatch.setattr(sandbox, "why_not", sandbox.why_not.__wrapped__)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["grade", "01", str(tmp_path)]) == 2
    assert "apt-get install bubblewrap" in capsys.readouterr().err


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
        return judging._one(ast.parse(head + body).body, MEAN, room, seconds, {}, bool)

    yield judge
    room.close()


class TestInTheSandbox:
    @pytest.mark.parametrize(
        ("body", "words"),
        [("return x + y", "This is the sum."),
         ("return (x + y) / 3", "Right, but 0.667 times what it should be: look for a factor.")],
    )  # fmt: skip
    def test_the_words_are_those_of_the_notebook(self, judged, body, words):
        space = {}
        exec(f"def f(x, y):\n    {body}", space)
        assert judged(body)[1] == judge.judge(MEAN, space["f"]).text == words

    def test_what_happens_on_changed_inputs_alone_is_no_ones_fault(self, judged, monkeypatch):
        """To find out what is wrong, an answer is called with inputs that are in no check. Ending there is still a
        wrong answer, and no process that was ended."""
        monkeypatch.setattr(judge, "LOOKING", 1.0)
        body = "if x[0] not in (1.0, 3.0): os._exit(3)\n    return (x * y) ** 0.5"
        state, words = judged(body, 2.0)
        assert state == "wrong" and words.startswith("2 of 2 numbers differ")
        assert judged("return (x + y) / 2")[0] == "right", "and the next answer is judged as ever"

    @pytest.mark.parametrize(("ending", "state"), [("if {}: os._exit(3)", "ended"), ("while {}: pass", "timed out")])
    def test_on_the_inputs_of_the_check_it_counts(self, judged, ending, state):
        told = judged(ending.format("x[0] == 3.0") + "\n    return (x * y) ** 0.5", 1.0)
        assert told[0] == state and ("a loop that never ends" in told[1]) == (state == "timed out")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """All of them in one class, with an honest student among them, graded once -> rows by name."""
    find_sandbox.needed()
    place = tmp_path_factory.mktemp("class")
    names = sorted({name for attacks in ATTACKS.values() for name in attacks})
    folders = {
        student: make.hand_in(place / student / "1.ipynb", *(attacked(name, one[0]) for name, one in attacks.items()))
        for student, attacks in ATTACKS.items()
    }
    folders["honest"] = make.hand_in(place / "honest" / "1.ipynb", *map(make.right, names))
    return {row.student: row for row in grading.graded(folders, names, seconds=6.0)}  # a busy machine: 2 for torch


@pytest.mark.weekly
def test_the_honest_are_graded_among_them(hostile):
    assert set(hostile["honest"].states.values()) == {"right"} and hostile["honest"].remarks == []


@pytest.mark.weekly
@pytest.mark.parametrize(("student", "name"), [(student, name) for student in ATTACKS for name in ATTACKS[student]])
def test_no_harm_and_a_remark(hostile, student, name):
    row, (_, state, words) = hostile[student], ATTACKS[student][name]
    assert row.states[name] == state, (row.states[name], row.said.get(name))
    assert not words or any(words in remark and name in remark for remark in row.remarks), row.remarks


@pytest.mark.parametrize(
    ("lost", "leak"),
    [(("--unshare-net",), "the network"), WEEKLY(("--unshare-pid",), "other processes"),
     WEEKLY(("--ro-bind", str(sandbox.INSIDE / "exercises"), "/course/course_kit/exercises"), "ImportError"),
     WEEKLY("forbid()", "memory of its own kind"), WEEKLY("(resource.RLIMIT_NPROC, 0),", "other processes")],
)  # fmt: skip
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
    assert leak in sandbox.why_not.__wrapped__()
