"""What comes back from a class, as platforms, systems and editors leave it: a row for each kind, with what is right.

Collected and read, all of them; what has to run in the sandbox for it to be seen is one class, graded once.
"""

import io
import json
import unicodedata
import zipfile
from datetime import datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from running import find_sandbox
from unit.course_tools import hand_ins as make

from course_tools.classroom import grading
from course_tools.classroom.grading import collecting, hand_in

SCORE, ATTENTION, LAYER = WANTED = [
    "scaled dot-product score", "scaled dot-product attention", "a self-attention layer"]  # fmt: skip
FIRST = """# Task: scaled dot-product score
import torch
from torch import nn


def scaled_score(queries, keys):
    return queries @ keys.mT / keys.shape[-1] ** 0.5"""
SECOND = """# Task: scaled dot-product attention
import torch


def scaled_dot_product_attention(q, k, v, mask=None):
    scores = q @ k.mT / q.shape[-1] ** 0.5
    if mask is None:
        mask = torch.ones_like(scores, dtype=torch.bool)
    weights = scores.masked_fill(~mask, -torch.inf).softmax(-1).nan_to_num()
    return weights @ v, weights"""
THIRD = """# Task: a self-attention layer
from torch import nn


class SelfAttention(nn.Module):
    def __init__(self, size, head_size, value_size):
        super().__init__()
        self.query = nn.Linear(size, head_size, bias=False)
        self.key = nn.Linear(size, head_size, bias=False)
        self.value = nn.Linear(size, value_size, bias=False)

    def forward(self, x, mask=None):
        return scaled_dot_product_attention(self.query(x), self.key(x), self.value(x), mask)"""
CELLS = [FIRST, SECOND, THIRD]
RIGHT = make.notebook(*CELLS)
STUB = FIRST.partition("    return")[0] + "    raise NotImplementedError"
NO_LINE = [cell.partition("\n")[2] for cell in CELLS]  # without `# Task: …`
COLAB = json.dumps(
    json.loads(make.notebook("!pip install torch\nfrom google.colab import drive\ndrive.mount('/content/drive')",
                             "#@title Answer { display-mode: \"form\" }\n" + NO_LINE[0], *NO_LINE[1:]))
    | {"metadata": {"colab": {"provenance": []}, "accelerator": "GPU"}, "nbformat_minor": 0}
)  # fmt: skip
KAGGLE = make.notebook("import os\nfor folder, _, names in os.walk('/kaggle/input'):\n    print(names)", *CELLS)
VS_CODE = json.dumps({"cells": [{"cell_type": "code", "metadata": {"vscode": {"languageId": "python"}}, "source": [
    f"{row}\r\n" for row in cell.split("\n")], "outputs": [], "execution_count": None} for cell in CELLS],
    "metadata": {}, "nbformat": 4, "nbformat_minor": 2})  # fmt: skip
NFD = unicodedata.normalize("NFD", "Zoë Müller")


def packed(files, flagged=True):
    """A zip of these files, as bytes; a dict among them is a zip in it. flagged: its names are said to be UTF-8."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, packed(content) if isinstance(content, dict) else content)
    content = buffer.getvalue()
    if not flagged:
        for name in (one.encode() for one in files):
            plain = name.decode().encode("ascii", "replace")
            assert len(name) > len(plain)
            for head, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
                at = content.index(head) + flags
                content = content[:at] + bytes([content[at], content[at + 1] & ~0x08]) + content[at + 2 :]
    return content


# what it is: (files, {student: (exercises that have an answer, words of the remarks, or "")})
ALL, NONE = 3, 0
KINDS = {
    "Canvas": ({"ana_1200_56700_02.ipynb": RIGHT}, {"ana": (ALL, "")}),
    "Canvas, twice, the second with less": (
        {"ana_1200_56700_02.ipynb": RIGHT, "ana_1200_56701_02-1.ipynb": make.notebook(FIRST, STUB)},
        {"ana": (ALL, "2 notebooks")}),
    "Canvas, late": (
        {"homefinal2dan_LATE_12_5_homework final (2).ipynb": RIGHT}, {"homefinal2dan": (ALL, "late, says")}),
    "a name that only looks late": ({"ana/my_LATE_night.ipynb": RIGHT}, {"ana": (ALL, "")}),
    "Moodle, folders": ({"Gus Meyer_331_assignsubmission_file_/02.ipynb": RIGHT}, {"Gus Meyer": (ALL, "")}),
    "Moodle, flat": ({"Gus Meyer_331_assignsubmission_file_02.ipynb": RIGHT}, {"Gus Meyer": (ALL, "")}),
    "Blackboard, with its receipt": (
        {"02_gus_attempt_2026-11-27-17-30-00_02.ipynb": RIGHT, "02_gus_attempt_2026-11-27-17-30-00.txt": "Name: Gus"},
        {"gus": (ALL, "")}),
    "a zip of a folder in the platform's zip, from macOS": (
        {"gus_12_5_homework.zip": {"homework/02.ipynb": RIGHT, "homework/.DS_Store": "x",
         "__MACOSX/homework/._02.ipynb": "x"},
         "__MACOSX/._gus_12_5_homework.zip": "x"}, {"gus": (ALL, "")}),
    "a zip in a zip in a zip": ({"gus.zip": {"a.zip": {"02.ipynb": RIGHT}}}, {"gus": (ALL, "")}),
    "a zip that is none": ({"gus.zip": "PK"}, {"gus": (NONE, "ask for the file")}),
    "backslashes": ({"anna\\02.ipynb": RIGHT, "ben\\x\\02.ipynb": RIGHT}, {"anna": (ALL, ""), "ben": (ALL, "")}),
    "packed once more": (
        {"hw 2/anna/02.ipynb": RIGHT, "hw 2/ben/02.ipynb": RIGHT}, {"anna": (ALL, ""), "ben": (ALL, "")}),
    "one student alone, in a folder": (
        {"anna/02.ipynb": RIGHT, "anna/notes.md": "x"}, {"anna": (ALL, "is no notebook")}),
    "seven of one name": (
        {f"Anna Li_{n}_assignsubmission_file_/02.ipynb": RIGHT for n in range(1, 8)},
        {f"Anna Li_{n}": (ALL, "") for n in range(1, 8)}),
    "accents taken apart": ({f"{NFD}/02.ipynb": RIGHT}, {"Zoë Müller": (ALL, "")}),
    "Chinese": ({"王 小明_7_assignsubmission_file_/作业.ipynb": RIGHT}, {"王 小明": (ALL, "")}),
    "a name that begins with _": ({"ana/_02 final.ipynb": RIGHT}, {"ana": (ALL, "")}),
    "Colab": ({"ana.ipynb": COLAB}, {"ana": (ALL, "")}),
    "VS Code, with CRLF": ({"ana.ipynb": VS_CODE}, {"ana": (ALL, "")}),
    "Kaggle": ({"ana.ipynb": KAGGLE}, {"ana": (ALL, "")}),
    "a BOM": ({"ana.ipynb": RIGHT.encode("utf-8-sig")}, {"ana": (ALL, "")}),
    "UTF-16": ({"ana.ipynb": RIGHT.encode("utf-16")}, {"ana": (ALL, "")}),
    "saved by a browser as text": (
        {"ana/02.ipynb.txt": RIGHT, "ben.ipynb.json": RIGHT}, {"ana": (ALL, ""), "ben": (ALL, "")}),
    "empty": ({"eve.ipynb": ""}, {"eve": (NONE, "is empty")}),
    "a PDF": ({"eve.pdf": "%PDF"}, {"eve.pdf": (NONE, "ask for the file whose name ends in .ipynb")}),
    "a file of Python": ({"kim.py": "\n\n\n".join(NO_LINE)}, {"kim": (ALL, "its functions were read")}),
    "Python beside the notebook": ({"kim/02.ipynb": RIGHT, "kim/02.py": STUB}, {"kim": (ALL, "")}),
    "another lesson": (
        {"eve.ipynb": make.notebook("# Task: rotary\ndef rotary(x): return x")}, {"eve": (NONE, "not in the")}),
    "another order": ({"ana.ipynb": make.notebook(*CELLS[::-1])}, {"ana": (ALL, "")}),
    "tags and lines lost": ({"ana.ipynb": make.notebook(*NO_LINE)}, {"ana": (ALL, "")}),
    "a cell split in two": (
        {"ana.ipynb": make.notebook(*FIRST.split("\n\n\n"), *CELLS[1:])}, {"ana": (ALL, "")}),
    "all in one cell": ({"ana.ipynb": make.notebook("\n\n\n".join(CELLS))}, {"ana": (ALL, "")}),
    "all in one cell, renamed": (
        {"ana.ipynb": make.notebook("\n\n\n".join(CELLS).replace("def scaled_score(", "def score("))},
         {"ana": (ALL, "")}),
    "in a cell of one's own, below the stub": (
        {"ana.ipynb": make.notebook(STUB, NO_LINE[0], *CELLS[1:])}, {"ana": (ALL, "")}),
    "in a text, between fences": (
        {"ana.ipynb": make.notebook(f"```python\n{FIRST}\n```", *CELLS[1:]).replace('"code"', '"markdown"', 1)},
        {"ana": (ALL, "")}),
    "commands of a notebook": (
        {"ana.ipynb": make.notebook(f"files = !ls\n{FIRST}\ntorch?", f"{SECOND}\nawait other()",
         f"%%time\n{THIRD}\n%timeit f()")},
        {"ana": (ALL, "")}),
    "a command over two lines": (
        {"ana.ipynb": make.notebook(f"!pip install \\\n  torch\n{FIRST}", *CELLS[1:])}, {"ana": (ALL, "")}),
    "prose below the answer": (
        {"ana.ipynb": make.notebook(f"{FIRST}\n\nthis is my answer", *CELLS[1:])},
         {"ana": (ALL, "as no Python: invalid syntax (line 9)")}),
    "a return that is not indented": (
        {"ana.ipynb": make.notebook(f"{FIRST}\nreturn 1", *CELLS[1:])},
         {"ana": (ALL, "'return' outside function (line 8)")}),
    "an answer that is no Python": ({"ana.ipynb": make.notebook(FIRST + ")", *CELLS[1:])}, {"ana": (2, "no Python: ")}),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_hand_in(kind, tmp_path):
    files, expected = KINDS[kind]
    (tmp_path / "all.zip").write_bytes(packed(files))
    collected = collecting.collect(tmp_path / "all.zip", lambda student: tmp_path / student, [])
    assert collected.keys() == expected.keys()
    for student, (count, words) in expected.items():
        work = hand_in.read(tmp_path / student, WANTED)
        remarks = "; ".join([*collected[student].remarks, *work.remarks])
        assert len(work.answers) == count, remarks
        assert words in remarks and bool(words) == bool(remarks), remarks


def test_names_that_no_flag_calls_utf_8(tmp_path):
    """As macOS packs them."""
    (tmp_path / "all.zip").write_bytes(packed({"Zoë.ipynb": RIGHT}, flagged=False))
    assert collecting.collect(tmp_path / "all.zip", lambda student: tmp_path / student, []).keys() == {"Zoë"}


def test_a_class_packed_once_more_is_known_by_its_roster(tmp_path):
    roster = [
        SimpleNamespace(id=one, first_name="", last_name="", email="", lms_user_id=None) for one in ("anna", "ben")
    ]
    (tmp_path / "all.zip").write_bytes(packed({"hw/anna.ipynb": RIGHT, "hw/ben.ipynb": RIGHT}))
    assert collecting.collect(tmp_path / "all.zip", lambda one: tmp_path / one, roster).keys() == {"anna", "ben"}
    (tmp_path / "all.zip").write_bytes(packed({"anna/02.ipynb": RIGHT, "anna/ben.ipynb": RIGHT}))
    assert collecting.collect(tmp_path / "all.zip", lambda one: tmp_path / one, roster).keys() == {"anna"}


DUE = datetime(2026, 11, 27, 17)  # 18:00 in Berlin, as nbgrader keeps it


@pytest.mark.parametrize(
    ("clock", "zone", "words"),
    [("2026-11-27-17-30-00", "Europe/Berlin", ""),
     ("2026-11-28-09-15-00", "Europe/Berlin", "late by 15:15:00: 2026-11-28 09:15 CET"),
     ("2026-11-27-12-30-00", "America/New_York", "late by 0:30:00: 2026-11-27 12:30 EST"),
     ("2026-11-27-04-00-00", "", ""),
     ("2026-11-27-17-30-00", "", "late or not"),
     ("2026-11-28-09-15-00", "", "late in every time zone")],
)  # fmt: skip
def test_nobody_is_late_by_a_guess(clock, zone, words, tmp_path):
    from course_tools.classroom.grading.gradebook import Course

    where = ZoneInfo(zone) if zone else None
    (tmp_path / "all.zip").write_bytes(packed({f"02_gus_attempt_{clock}_02.ipynb": RIGHT}))
    local = collecting.collect(tmp_path / "all.zip", lambda one: tmp_path / one, [], where)["gus"].when
    remarks = Course.late(SimpleNamespace(zone=where), local, DUE)
    assert len(remarks) == bool(words) and words in "".join(remarks)
    stamp = tmp_path / "gus" / "timestamp.txt"
    assert stamp.exists() == bool(zone)
    if zone:
        utc = local.replace(tzinfo=where).astimezone(ZoneInfo("UTC"))
        assert stamp.read_text() == f"{utc:%Y-%m-%d %H:%M:%S} UTC"


def test_one_mistake_costs_one_point(tmp_path):
    """An answer that calls another one is judged with the course's, where that one is not right."""
    find_sandbox.needed()
    own = SECOND.replace("return weights @ v, weights", "return {'output': weights @ v, 'weights': weights}")
    own_layer = THIRD.replace("return scaled", "x = scaled") + "\n        return x['output'], x['weights']"
    kinds = {
        "endless": [FIRST, SECOND.replace("    scores =", "    while True: pass\n    scores ="), THIRD],
        "ending": [FIRST, SECOND.replace("    scores =", "    import os; os._exit(0)\n    scores ="), THIRD],
        "no scale": [FIRST, SECOND.replace(" / q.shape[-1] ** 0.5", ""), THIRD],
        "missing": [FIRST, THIRD],
        "a way of one's own": [FIRST, own, own_layer],
        "right": CELLS,
    }
    folders = {kind: make.hand_in(tmp_path / kind / "1.ipynb", *cells) for kind, cells in kinds.items()}
    rows = {row.student: row for row in grading.graded(folders, WANTED, seconds=4.0)}
    second = {kind: row.states[ATTENTION] for kind, row in rows.items()}
    assert second == {"endless": "timed out", "ending": "ended", "no scale": "wrong", "missing": "missing",
                      "a way of one's own": "wrong", "right": "right"}  # fmt: skip
    third = {kind: row.states[LAYER] for kind, row in rows.items()}
    assert third == dict.fromkeys(kinds, "right"), {k: r.said.get(LAYER) for k, r in rows.items()}
    lent = {kind for kind, row in rows.items() if "stood in for yours" in row.said[LAYER]}
    assert lent == kinds.keys() - {"a way of one's own", "right"}
    assert not any("borrows" in remark for row in rows.values() for remark in row.remarks)
