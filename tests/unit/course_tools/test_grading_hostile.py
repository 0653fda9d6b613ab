"""Hand-ins that mean harm: each does none, is named in the table, and the others are graded all the same."""

import ast
import json
import os
import textwrap
import zipfile

import find_sandbox
import hand_ins as make
import pytest

from course_tools.classroom import grading
from course_tools.classroom.grading import hand_ins, report, sandbox

# An attack stands in front of an answer that is right: what is not stopped would end as "right".
# exercise -> (attack, state of the exercise, words of the remark)
ATTACKS = {
    "runs for ever": {
        "gaussian kernel": ("while True: pass", "timed out", "timed out"),
        "attention pooling": (
            """
            while True:
                try:
                    while True: pass
                except BaseException: pass
            """,
            "timed out",
            "timed out",
        ),
        "leave-one-out mask": ("while True: os.fork()", "wrong", "start or end processes"),
        "stable masked softmax": (
            "for _ in range(99): threading.Thread(target=time.sleep, args=[9]).start()",
            "wrong",
            "",
        ),
        "program 1.2": ("x = torch.ones(2 ** 30)", "wrong", "memory"),
        "program 2.5": ("for i in range(99): open(str(i), 'wb').write(bytes(2 ** 22))", "wrong", "more into files"),
    },
    "breaks in": {
        "gaussian kernel": ("[shutil.rmtree(x, ignore_errors=True) for x in PLACES]", "right", "delete"),
        "attention pooling": ("open(LANDMARK, 'w').write('was here')", "wrong", "write outside"),
        "leave-one-out mask": ("open(LANDMARK).read()", "wrong", "read files"),
        "stable masked softmax": ("socket.create_connection(('192.0.2.1', 80), 1)", "wrong", "network"),
        "program 1.2": ("urllib.request.urlopen('http://192.0.2.1/')", "wrong", "network"),
        "program 2.5": ("subprocess.run(['/bin/sh', '-c', 'rm -rf /'])", "wrong", "start or end processes"),
        "scaled dot-product score": ("os.setuid(0)", "wrong", ""),
        "cosine score": ("shared = ctypes.CDLL(None).shmget(0, 1 << 30, 0o600); assert shared != -1", "wrong", ""),
        "general score": ("ptrace = ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0); assert not ptrace", "wrong", ""),
        "cut w in two": ("os.kill(os.getppid(), 9); time.sleep(99)", "ended", "start or end processes"),
    },
    "forges": {
        "gaussian kernel": ("return torch.zeros(())", "wrong", "its record says solved"),
        "attention pooling": ("raise SystemExit(0)", "wrong", ""),
        "leave-one-out mask": ("raise KeyboardInterrupt", "wrong", ""),
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
        "program 2.5": ("return find('program 2.5').reference(queries, keys)", "wrong", ""),
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
        "program 2.10": ("return torch.ones(1).expand(10 ** 12)", "wrong", ""),
        "scaled dot-product score": ("x = []\nfor _ in range(10 ** 5): x = [x]\nreturn x", "wrong", ""),
        "general score": ("return 10 ** 400", "wrong", ""),
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
ALL = [(student, name) for student, attacks in ATTACKS.items() for name in attacks]
IMPORTS = "import ctypes, os, shutil, socket, subprocess, sys, threading, time, torch, urllib.request"
FIND = "try: from course_tools.classroom.catalogue import find\nexcept ImportError: pass"


def attacked(name, attack, landmark):
    """The right answer, with an attack as the first thing that it does."""
    tree = ast.parse(make.right(name))
    places = ["/student", os.path.expanduser("~/.cache"), str(landmark.parent)]
    text = textwrap.dedent(attack).replace("LANDMARK", repr(str(landmark))).replace("PLACES", repr(places))
    tree.body[-1].body[:0] = ast.parse(f"def f():\n{textwrap.indent(text, '    ')}").body[0].body
    return f"{IMPORTS}\n{FIND}\n{ast.unparse(tree)}"


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """All of them in one class, with an honest student among them, graded once -> (rows by name, folder)."""
    find_sandbox.needed()
    place = tmp_path_factory.mktemp("class")
    landmark = place / "secret.txt"
    landmark.write_text("untouched")
    folder = place / "handed-in"
    for student, attacks in ATTACKS.items():
        cells = {name: attacked(name, attack, landmark) for name, (attack, _, _) in attacks.items()}
        made = make.workbook(folder / student, cells, ("01", "02"))
        claims = {"exercises": {name: {"state": "solved"} for name in attacks}}
        (made / "progress.json").write_text(json.dumps(claims))
    make.workbook(
        folder / "honest", {name: make.right(name) for name in ("gaussian kernel", "cosine score")}, ("01", "02")
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
    return {row.student: row for row in report.finish(rows)}, landmark


def test_the_honest_are_graded_among_them(table):
    rows, landmark = table
    row = rows["honest"]
    assert (row.states["gaussian kernel"], row.states["cosine score"]) == ("right", "right")
    assert landmark.read_text() == "untouched"
    said = " ".join(row.remarks)
    assert not any(words in said for words in ("network", "files", "processes", "memory", "delete"))


@pytest.mark.parametrize(("student", "name"), ALL)
def test_no_harm_and_a_remark(table, student, name):
    row = table[0][student]
    _, state, words = ATTACKS[student][name]
    remarks = [remark for remark in row.remarks if words in remark]
    assert row.states[name] == state, (row.states[name], row.said.get(name))
    assert row.serious and any(name in x or "more" in x for x in remarks), row.remarks
    assert any("its record says solved, and it is not" in x for x in row.remarks)


def test_the_courses_own_function_is_noticed_by_whatever_name_it_was_reached(table):
    rows, _ = table
    row = rows["borrower"]
    assert {name: row.states[name] for name in BORROWED} == dict.fromkeys(BORROWED, "right")
    assert "hands on the course's own function: gaussian kernel, leave-one-out mask" in row.remarks
    assert not any("hands on" in x for x in rows["honest"].remarks)


def test_links_and_bombs_are_not_opened(table):
    rows, _ = table
    assert sum("is a link" in x for x in rows["links"].remarks) == 2
    assert any("is no file" in x for x in rows["links"].remarks)
    assert rows["linked"].remarks[0] == "it is a link: not followed"
    assert "too large" in rows["bomb"].remarks[0] and "unreadable" in rows["deep"].remarks[0]
    assert not any(rows[name].right for name in ("links", "linked", "bomb", "deep"))


@pytest.mark.parametrize(
    ("lost", "leak"),
    [
        (("--unshare-net",), "the network"),
        (("--unshare-pid",), "other processes"),
        (("--ro-bind", str(sandbox.INSIDE / "exercises"), "/course/course_kit/exercises"), "ImportError"),
        ("forbid()", "memory of its own kind"),
        ("(resource.RLIMIT_NPROC, 0),", "other processes"),
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
