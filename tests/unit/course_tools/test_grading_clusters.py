"""Wrong answers that no check recognises: counted over a class, and judged in the sandbox as in the notebook."""

import ast
import pickle

import find_sandbox
import hand_ins as make
import pytest
import torch

from course_kit.exercises import judge
from course_kit.exercises.define import Case, Exercise, Wrong
from course_kit.exercises.diagnose import Outcome, Verdict
from course_kit.exercises.guard import Trouble
from course_tools.classroom import grading
from course_tools.classroom.grading import clusters, hand_ins, judging
from course_tools.classroom.grading.clusters import Unrecognised, unrecognised
from course_tools.classroom.grading.remote import Room

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


def kept(answer, source="def f(): ..."):
    return unrecognised(judge.judge(MEAN, answer), source)


def counts(*students):
    return [(name, len(members)) for name, members in clusters.clusters(list(students))]


def test_what_the_check_knows_is_not_kept():
    assert kept(lambda x, y: (x + y) / 2) is None and kept(lambda x, y: x + y) is None
    assert kept(lambda x, y: x * 3) is None, "an input that is never used has a sentence already"
    assert kept(lambda x, y: x.add_(y).div_(2)) is None, "so has an input that is changed"
    assert kept(lambda x, y: x.sub_(y)) is not None
    assert unrecognised(Verdict("mean of two", "wrong", "Line 1 is not it: …"), "") is None, "a line is no result"


def test_the_same_results_are_one_cluster_however_they_come_about():
    root = [lambda x, y: (x * y) ** 0.5, lambda x, y: torch.exp((x.log() + y.log()) / 2)]
    root += [lambda x, y: (x.double() * y).sqrt()]
    one = [{"mean of two": kept(answer)} for answer in root]
    other = {"mean of two": kept(lambda x, y: torch.maximum(x, y) * 0.9)}
    failing = [{"mean of two": kept(lambda x, y: x @ T([[1.0]]))} for _ in range(2)]
    assert counts(other, *one, *failing, {}) == [("mean of two", 3), ("mean of two", 2), ("mean of two", 1)]
    assert counts({"a": one[0]["mean of two"]}, {"b": one[0]["mean of two"]}) == [("a", 1), ("b", 1)]


def test_results_that_are_too_large_are_not_carried_along():
    outcomes = (Outcome(torch.zeros(clusters.LARGEST)), Outcome(trouble=Trouble("raised", "ValueError")))
    large = unrecognised(Verdict("a", "wrong", "Its shape is …", here=0, outcomes=outcomes), "")
    assert len(large.outcomes) < 100
    small = unrecognised(Verdict("a", "wrong", "It stops.", here=0, outcomes=outcomes[1:]), "")
    assert pickle.loads(small.outcomes) == [outcomes[1]] and counts({"a": large}, {"a": small}) == [("a", 1), ("a", 1)]


def test_the_summary_has_the_ten_most_frequent_with_the_shortest_code():
    def one(number, source):
        return Unrecognised(f"Words {number}.", source, pickle.dumps([Outcome(number)]))

    students = [
        {"a": one(0, "def long():\n    return 0  # and more"), "b": one(7, "def b(): ...")},
        {"a": one(0, "def a(): ...")},
    ]
    lines = clusters.summary(students).splitlines()
    assert lines[1].startswith("Wrong answers that no check recognises")
    assert lines[3:] == [
        "2 students, a: Words 0.",
        "    def a(): ...",
        "",
        "1 student, b: Words 7.",
        "    def b(): ...",
    ]
    many = [{"a": one(number, "x")} for number in range(13)]
    text = clusters.summary(many)
    assert text.count("1 student, a") == clusters.SHOWN and text.endswith("And 3 more that do something else.")
    assert clusters.summary([]) == clusters.summary([{}]) == ""


def test_nothing_that_a_terminal_obeys_is_printed():
    wild = Unrecognised("said \x1b[2J", "\n".join(["\x1b]0;title\x07" + "x" * 500] * 40), pickle.dumps([]))
    text = clusters.summary([{"a": wild}])
    assert "\x1b" not in text and "\x07" not in text and max(map(len, text.splitlines())) < 120
    assert len(text.splitlines()) < 20 and text.endswith("    …")


@pytest.fixture(scope="module")
def judged():
    """(state, words, verdict) of a function of x and y with this body, called in the sandbox."""
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
            ("return x * 3", "`y` has no effect: whatever it holds, the result is the same."),
            ("raise NotImplementedError", "Their mean."),
        ],
    )
    def test_the_words_are_those_of_the_notebook(self, judged, body, words):
        space = {}
        exec(f"def f(x, y):\n    {body}", space)
        assert judged(body)[1] == judge.judge(MEAN, space["f"]).text == words

    @pytest.mark.parametrize("ending", ["if {}: os._exit(3)", "if {}: os.abort()", "while {}: pass"])
    def test_what_happens_on_changed_inputs_alone_is_no_ones_fault(self, judged, ending, monkeypatch):
        """To find out what is wrong, an answer is called with inputs that are in no check. Ending there is still a
        wrong answer, and no process that was ended."""
        monkeypatch.setattr(judge, "LOOKING", 1.0)
        body = ending.format("x[0] not in (1.0, 3.0)") + "\n    return (x * y) ** 0.5"
        state, words, verdict = judged(body, 2.0)
        assert state == "wrong" and words.startswith("2 of 2 numbers differ") and len(verdict.outcomes) == 2
        assert judged("return (x + y) / 2")[0] == "right", "and the next answer is judged as ever"

    @pytest.mark.parametrize(("ending", "state"), [("if {}: os._exit(3)", "ended"), ("while {}: pass", "timed out")])
    def test_on_the_inputs_of_the_check_it_counts(self, judged, ending, state):
        assert judged(ending.format("x[0] == 3.0") + "\n    return (x * y) ** 0.5", 1.0)[0] == state


def test_a_class_is_counted(tmp_path, capsys):
    find_sandbox.needed()
    name, head = "gaussian kernel", '@exercise("gaussian kernel")\ndef kernel(distance, width=1.0):\n    '
    bodies = {
        "anna": "return 1 / (1 + (distance / width) ** 4)",
        "bob": "steep = (distance / width) ** 2\n    return 1 / (1 + steep * steep)",
        "carla": "return -distance",
        "dan": "return 1 / 0",
    }
    for student, body in bodies.items():
        make.workbook(tmp_path / "in" / student, {name: "import torch\n" + head + body}, "01")
    assert grading.run(str(tmp_path / "in"), str(tmp_path / "out.csv")) == 0
    text = capsys.readouterr().out
    code = bodies["anna"]
    assert f"\n2 students, {name}: " in text and f"\n    def kernel(distance, width=1.0):\n        {code}\n" in text
    assert f"\n1 student, {name}: It stops with ZeroDivisionError" in text and text.endswith(" seconds.\n")
