"""Problems: their judges pass a solution, which stands packed beside this, and name what is wrong with five others.

Each change runs a part of a judge in this process; the whole of it, in a process of its own, is weekly.
"""

import csv
import io
import json
import os
import shutil
import sys
from pathlib import Path

import pytest
from running import find_sandbox

from course import main
from course_tools.classroom import problems
from course_tools.classroom.problems import judging, runner

SOLUTIONS = Path(__file__).parent / "problems"
sys.path.insert(0, str(SOLUTIONS))
from solutions import solution  # noqa: E402

NUMBERS = [path.stem[2:] for path in sorted(SOLUTIONS.glob("ch*.txt"))]
WRONG = {  # what is changed in the solution, and a word that the judge has to say
    "01": {
        "sees itself": ("leave_one_out_mask(len(x))", "torch.ones(len(x), len(x), dtype=torch.bool)",
            "error of the best single width"),
        "one width": ("(nearby @ errors.T)", "errors.mean(-1).expand(len(q), -1)", "error of the best single width"),
        "one reading alone": ("NEAR = 8", "NEAR = 1", "error of the best single width"),
        "sees the density alone": ("best = (nearby @ errors.T).argmin(-1)",
            "best = (widths - reach / 2).abs().argmin(-1)", "wriggling: yours"),
        "takes places for numbers": ("(x.max() - x.min()) * torch", "torch", "x became 0.0 + 24.0 x"),
    },
    "02": {
        "too weak": ("strength = 400", "strength = 1", "all others"),
        "still too weak": ("strength = 400", "strength = 40", "64 keys"),
        "finds itself": ("= strength, -2", "= 0, 0", "the question itself 5"),
        "only itself": ("= strength, -2", "= strength, 2", "the question itself 100%"),
        "reads the flag": ("V[0, 16]", "V[0, 17]", "needed"),
    },
    "03": {
        "only as the last": ("grown[has or token == word]", "(grown[token == word] if not has else [])",
            "last before END in"),
        "only as the first": ("if token != END:", "if token != END and (written or token == word):",
            "and 0 of the better ones"),
        "one pool": ("grown[has or token == word]", "grown[False]", "crowd out those"),
        "ends without it": ("elif has:", "else:", "may end without it"),
        "not summed": ("score + float", "float", "the sum of its log-probabilities"),
    },
    "04": {
        "the longer, the flatter": (" - 4 * falling", "", "rows of 64: right are"),
        "one head has no places": ("(0, 5))])", "(0, 5))]) * torch.tensor([[0], [1]])", " back) and"),
        "rotary": (
            "return q @ k.mT / q.shape[-1] ** 0.5 + 10 * near[:, back.clamp(max=5)] - 4 * falling",
            "from course_utils.rotary import rotary\n\n        q, k = rotary(q, places), rotary(k, places)\n"
            "        return q @ k.mT / q.shape[-1] ** 0.5",
            "rows of 64: right are",
        ),
        "a number for each distance": ("nn.Parameter(torch.zeros(5))", "nn.Parameter(torch.zeros(64))",
            "67 parameters"),
        "passes the words on": ("return x", "return x + x.roll(3, 1)", "changes with the words at other places"),
    },
    "05": {
        "equal rows": ("differ(first[0], run(target=other)[0])",
            "differ(*run(source[:1].expand(2, 8), target[:1].expand(2, 8), mask[:2]))", "not found: rows mix"),
        "forgets eval": ("    model.eval()\n", "", "found, and not there: dropout"),
        "drops unlike": ("        torch.manual_seed(1)", "        torch.seed()", "found, and not there"),
        "sees its own word": ("first[:, :5], run(target=later)[:, :5]", "first, run(target=later)", "there: future"),
        "order of earlier words": ("differ(same[:, 1:], same[:, :-1])",
            "differ(first[:, -1], run(target=target[:, [1, 0, *range(2, 8)]])[:, -1])", "not found: target order"),
    },
    "06": {
        "reads [CLS]": ("(texts == MASK).int().argmax(1)", "0", "needed: 78%"),
        "one place for all": (".int().argmax(1)", ".int().argmax(1)[0]", "needed: 78%"),
        "six labels": ("    texts = torch", "    ids, labels = ids[:6], labels[:6]\n    texts = torch", "needed: 78%"),
        "kinds swapped": ("0.5) > 0", "0.5) < 0", "needed: 78%"),
        "the known ones as well": ("alike[len(labels) :] @", "alike @", "zeros and ones"),
    },
    "07": {
        "counted less, and not told": ("-= times[number]\n                touched.add(pair)", "-= times[number]",
            "the first difference"),
        "what occurs once": ("pair) for pair, n in pairs.items()]", "pair) for pair, n in pairs.items() if n > 1]",
            "the first difference"),
        "each word once": ("list(words.values())", "[1] * len(words)", "the first difference"),
        "stale counts": ("if pairs[best] != -n or n == 0:", "if n == 0:", "KeyError"),
        "looks at every word": ("in where.pop(best):",
            "in [i for i, word in enumerate(spelled) if best in list(neighbours(word))]:", "needed: 3 s"),
    },
    "08": {
        "not turned": ("(LAST,), -over)", "(LAST,), 0)", "should be, of the last 124 0"),
        "turned by one": ("(LAST,), -over)", "(LAST,), -1)", "should be, of the last 124 0"),
        "the last 128": ("FIRST, LAST = 4, 124", "FIRST, LAST = 0, 128",
            "of the first 4 kept values 0 are right, of the last 124 124"),
        "forgets before": ("        return k, v", "        return self.k, self.v", "128 are kept, 1 are new"),
        "values left behind": ("v[:, :, FIRST + over :]", "v[:, :, FIRST:-over]", "are right, of the last 124 0"),
    },
    "09": {
        "the last number counts": ('text == " " + result', "text.split()[-1:] == [str(a + b)]",
            "needed: False (many numbers)"),
        "takes what int takes": ('text == " " + result',
            'text[:1] == " " and text[-1:] == "\\n" and text[1:-1].isdecimal() and int(text) == a + b',
            "needed: False (a zero in front)"),
        "true steps of any sum": ("one in ways for",
            'sum(map(int, one.split("=")[0].split("+"))) == int(one.split("=")[1]) for',
            "needed: False (true steps of another sum)"),
        "one order alone": ("set(permutations((x, y, carry)))", "{(x, y, carry)}",
            "needed: True (a draft in another order)"),
        "forgets what is carried": ("carry = total // 10", "carry = 0", "needed: True (a draft)"),
    },
}  # fmt: skip


def changed(number, wrong, folder):
    old, new, word = WRONG[number][wrong]
    text = solution(f"ch{number}")
    assert text.count(old) == 1
    path = folder / "problem.py"
    path.write_text(text.replace(old, new), "utf-8")
    return path, word


def judged(number, path, **options):
    return judging.judged(problems._home(number) / problems.JUDGE, path, **options)


def judged_here(number, text, folder, monkeypatch):
    """The judge in this process, which has torch already; what it judges in one of its own."""
    monkeypatch.setenv("COURSE_PROBLEM", "")
    (folder / "problem.py").write_text(text, "utf-8")
    replies = io.StringIO()
    sys.modules.pop("test_problem", None)  # that of another chapter
    runner.judged(str(problems._home(number) / problems.JUDGE), str(folder / "problem.py"), replies)
    return [one for one in map(json.loads, replies.getvalue().splitlines()) if "state" in one]


@pytest.mark.parametrize("number", NUMBERS)
def test_solution(number, tmp_path, monkeypatch):
    """Written into the file of edition 0.6, which goes on being judged."""
    tests = judged_here(number, solution(f"ch{number}"), tmp_path, monkeypatch)
    assert len(tests) > 1 and {one["state"] for one in tests} == {"right"}, problems.in_words(tests)


CHEATS = {  # a file, and what its judge has to say
    "02": (
        """import pytest, sys, torch, course_kit.problems
pytest.fail = course_kit.problems.fail = lambda *given, **more: None
torch.Tensor.__le__ = torch.Tensor.isfinite = lambda *given: torch.tensor(True)
class Any(torch.Tensor):
    __eq__ = __le__ = __lt__ = lambda *given: True
def matrices():
    assert not any({"SEED", "store"} <= getattr(one, "__dict__", {}).keys() for one in sys.modules.values())
    return [torch.zeros(1, 18).as_subclass(Any)] * 3
""",
        "1 keys and the question: 1",
    ),
    "03": (
        """def translate_with(model, sentence, word):
    assert vars(model).keys() == {"step", "longest"}
    try:
        while True:
            model.step(sentence, [])
    except BaseException:
        return [word, 0]
""",
        "step was called more than",
    ),
    "05": (
        """calls, FAULTS = 0, ("future", "padding", "no source", "source order", "target order", "rows mix", "dropout")
def diagnose(model):
    global calls
    calls += 1
    told = [one for one in vars(model).values() if isinstance(one, tuple | set | list)]
    return set(getattr(model, "broken", ())) or (set() if calls < 10 else {FAULTS[(calls - 10) // 2 % 7]})
""",
        "not found: ",
    ),
    "09": (
        """def check(a, b, text):
    end, count = f" {a + b}\\n", max(len(str(a)), len(str(b)))
    carries = [(a % 10**n + b % 10**n) // 10**n for n in range(count)]
    head, steps = text[: -len(end)], ""
    for n, carry in enumerate(carries):
        x, y = a // 10**n % 10, b // 10**n % 10
        steps += f" {x}{y}{carry}={x + y + carry}"
    letters = [sorted(one.replace("0", "").replace("+", "")) for one in (head, steps)]
    return text.endswith(end) and text[:1] == " " and (not head or letters[0] == letters[1])
""",
        "(two steps swapped)",
    ),
}


@pytest.mark.parametrize("number", CHEATS)
def test_what_the_judge_knows_is_out_of_reach(number, tmp_path, monkeypatch):
    text, word = CHEATS[number]
    words = problems.in_words(judged_here(number, text, tmp_path, monkeypatch))
    assert word in words and "AssertionError" not in words, words


@pytest.mark.weekly
@pytest.mark.parametrize(("number", "wrong"), [(number, wrong) for number in WRONG for wrong in WRONG[number]])
def test_wrong(number, wrong, tmp_path):
    path, word = changed(number, wrong, tmp_path)
    words = problems.in_words(judged(number, path))
    assert "✗" in words and word in words, words


def test_every_problem_has_five_wrong_ones():
    assert set(NUMBERS) == set(WRONG) == {path.parent.name[2:] for path in problems.CHAPTERS.glob("ch??/problem")}
    assert {len(ones) for ones in WRONG.values()} == {5}


def test_in_the_workbook(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)  # from a workbook it would lie there
    monkeypatch.setenv("COURSE_WORKBOOK", str(tmp_path))
    assert main(["problem", "2"]) == 0
    mine = tmp_path / "problem_02" / "problem.py"
    assert {path.name for path in mine.parent.iterdir()} == {"problem.py", "test_problem.py"}
    (mine.parent / problems.JUDGE).write_text("of an earlier edition", "utf-8")
    assert main(["problem", "02"]) == 1 and "def test_" in (mine.parent / problems.JUDGE).read_text("utf-8")
    assert "Not written yet" in capsys.readouterr().out
    written = mine.read_text("utf-8").replace("    raise NotImplementedError", "    while True:\n        pass")
    mine.write_text(written, "utf-8")
    tests = judged("02", mine, seconds=2)
    assert tests[-1]["said"].startswith("Stopped after 2 seconds") and mine.read_text("utf-8") == written
    assert main(["problem", "99"]) == 2


@pytest.mark.weekly
@pytest.mark.parametrize(
    ("text", "said"), [("def matrices(:", "SyntaxError"), ("import os; os._exit(0)", "ended before")]
)
def test_a_file_that_cannot_be_run(text, said, tmp_path):
    (tmp_path / "problem.py").write_text(text, "utf-8")
    assert said in problems.in_words(judged("02", tmp_path / "problem.py"))


CY = """import socket
try:
    socket.socket()
except OSError as error:  # with half a letter, and what a terminal would obey
    raise ValueError("\\x1b[2J\\ud800" + repr(error))
"""


def test_hand_ins(tmp_path, monkeypatch, capsys):
    find_sandbox.needed()
    folder = tmp_path / "handed in"
    (folder / "bo").mkdir(parents=True)
    (folder / "ann.py").write_text(solution("ch02"), "utf-8")
    spy = f"import os, socket\nprint(open({str(folder / 'ann.py')!r}).read())\n"
    (folder / "bo" / "problem.py").write_text(spy, "utf-8")
    (folder / "cy.py").write_text(CY, "utf-8")
    os.symlink(folder / "ann.py", folder / "di.py")
    loud = solution("ch02") + "\nprint('so far ' * 2_000_000)\n"
    (folder / "ed (1).PY").write_text(loud, "utf-8")
    shutil.copy(problems._home("02") / judging.GIVEN, folder / "flo.py")
    (folder / "hal.py").write_text("def matrix(): ...\n", "utf-8")
    (folder / "ann.txt").write_text("see ann.py", "utf-8")
    monkeypatch.chdir(tmp_path)
    assert main(["problem", "02", "--all", str(folder)]) == 0
    rows = {row["student"]: row for row in csv.DictReader((tmp_path / "problem.csv").open(encoding="utf-8"))}
    assert set(rows) == {"ann", "bo", "cy", "di", "ed _1_", "flo", "hal", "ann.txt"}
    assert len({row["of"] for row in rows.values()}) == 1 and rows["ann.txt"]["said"] == "no file of Python"
    for right in ("ann", "ed _1_"):  # prints do not count, nor how a file is called
        assert rows[right]["right"] == rows[right]["of"] != "0" and rows[right]["said"] == ""
    assert (rows["flo"]["right"], rows["flo"]["said"]) == ("0", "not written yet")
    assert rows["hal"]["said"] == "the file does not define matrices"
    assert rows["bo"]["right"] == "0" and "FileNotFoundError" in rows["bo"]["said"]
    assert rows["cy"]["right"] == "0" and "�?PermissionError" in rows["cy"]["said"].replace("[2J", "")
    assert f"bo: 0/{rows['ann']['of']} " in (said := capsys.readouterr().out) and "8 hand-ins judged" in said
    assert main(["problem", "02", "--all", str(folder / "ann.py")]) == 2
