"""What is kept of each exercise in a workbook: nothing is lost or destroyed, and nothing is written elsewhere."""

import errno
import os
import subprocess
import sys

import pytest
from unit.small_exercises import in_cell

import chapters.ch01  # noqa: F401 - its exercises are known by their names
from chapters.ch00 import check, exercise, find_error, hint, solution
from course_kit import files
from course_kit.exercises import record, registry
from course_kit.exercises.registry import find

ROOT = files.course_folder()
STUB = '@exercise("weighted average")\ndef mine(weights, values):\n    '
RIGHT, WRONG = "return (weights * values).sum() / weights.sum()", "return values.mean()"


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """A workbook, and the working directory in it, as a kernel has it."""
    (tmp_path / files.STATE).write_text("{}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(body, stub=STUB, **names):
    """Runs a cell whose source can be found, as in IPython."""
    in_cell(stub + body + "\n", **names)


def entry(where, name="weighted average"):
    return record.read(where)[name]


def test_tried_then_solved(mine):
    run(WRONG)
    assert (entry(mine)["state"], entry(mine)["attempts"]) == ("tried", 1)
    assert "solved" not in entry(mine)
    run(WRONG + " * 1")
    run(RIGHT)
    kept = entry(mine)
    assert (kept["state"], kept["attempts"]) == ("solved", 3)
    assert kept["first"] <= kept["solved"] and len(kept["solved"]) == len("2026-03-02T10:15:07+01:00")


def test_running_a_cell_again_is_no_attempt_and_writes_nothing(mine):
    run(WRONG)
    run(WRONG)
    assert entry(mine)["attempts"] == 1
    run(RIGHT)
    before = (mine / record.FILE).stat().st_mtime_ns
    run(RIGHT)
    assert (mine / record.FILE).stat().st_mtime_ns == before and entry(mine)["attempts"] == 2


def test_what_is_solved_stays_solved(mine):
    run(RIGHT)
    solved = entry(mine)
    run(WRONG)
    assert entry(mine) == solved | {"last": entry(mine)["last"]}
    run("raise NotImplementedError")
    assert entry(mine)["state"] == "solved"


def test_an_exercise_that_was_renamed_stays_solved(mine, monkeypatch):
    run(RIGHT)
    (mine / record.FILE).write_text((mine / record.FILE).read_text().replace('"weighted average"', '"greedy loop"'))
    assert record.read(mine).keys() == {"greedy loop"}
    monkeypatch.setitem(registry.EARLIER, "greedy loop", "weighted average")
    assert entry(mine)["state"] == "solved" and find("Greedy  loop") is find("weighted average")
    record.note_help("weighted average")
    assert '"greedy loop"' not in (mine / record.FILE).read_text() and entry(mine)["state"] == "solved"


def test_a_stub_that_is_only_run_leaves_nothing(mine):
    run("raise NotImplementedError")
    find_error("program 1.2")
    check("weighted average", lambda weights, values: 0)
    assert not (mine / record.FILE).exists()


def test_find_the_error(mine):
    puzzle = find("program 1.2")
    given = f'@find_error("{puzzle.name}")\n' + "\n".join(puzzle.program)
    run("", "import torch\n" + given)
    assert not (mine / record.FILE).exists(), "the program as it came is no attempt"
    run("", "import torch\n" + given.replace("top / bottom", "top * bottom"))
    assert entry(mine, puzzle.name)["state"] == "tried"
    find_error(puzzle.name)(puzzle.reference)
    assert entry(mine, puzzle.name)["state"] == "solved"


def test_hints_and_the_solution_are_counted(mine, capsys):
    hint("weighted average")
    hint("weighted average")
    solution("weighted average")
    assert entry(mine) == entry(mine) | {"state": "open", "attempts": 0, "hints": 2, "solution": True}
    run(RIGHT)
    assert (entry(mine)["state"], entry(mine)["hints"]) == ("solved", 2)


def test_answers_without_a_source_count_each_time(mine):
    for _ in range(2):
        exercise("weighted average")(lambda weights, values: values.mean())
    exercise("weighted average")(3)
    assert (entry(mine)["attempts"], entry(mine)["answer"]) == (3, None)


def test_the_checksum_is_that_of_the_source_from_the_decorator_on():
    seen = {}
    noted = lambda name: lambda answer: seen.setdefault(name, record.mark_of(name, answer))  # noqa: E731
    run(RIGHT, exercise=noted)
    assert seen == {"weighted average": record.checksum(STUB + RIGHT)}
    source = '@exercise("a class")\nclass Layer:\n    size = 3\n\n    def forward(self, x):   \n        return x'
    run(source, stub="import math\n\n", exercise=noted)
    assert seen["a class"] == record.checksum(source)


@pytest.mark.parametrize("place", ["notebooks", ".", "tests/unit"])
def test_authors_leave_no_trace(place, monkeypatch):
    monkeypatch.chdir(ROOT / place)
    before = set(os.listdir())
    run(RIGHT)
    hint("weighted average")
    assert set(os.listdir()) == before and files.workbook_folder() is None


def test_a_workbook_is_found_from_its_folders_and_a_clone_inside_one_is_none(mine, monkeypatch):
    inside = mine / "old" / "copies"
    inside.mkdir(parents=True)
    monkeypatch.chdir(inside)
    assert files.workbook_folder() == mine.resolve()
    clone = mine / "clone"
    (clone / "data").mkdir(parents=True)
    (clone / "data" / "tables.json").write_text("{}")
    (clone / "notebooks").mkdir()
    monkeypatch.chdir(clone / "notebooks")
    assert files.workbook_folder() is None


DAMAGED = [
    *("", "{", "[]", "null", "\x00\x01", "[" * 100_000),
    *('{"exercises": []}', '{"exercises": {"a": 3}}', '{"exercises": {"a": {"state": "x"}}}'),
    '{"exercises": {"a": {"state": "tried", "attempts": "two", "hints": 0}}}',
]


@pytest.mark.parametrize("text", DAMAGED, ids=range(len(DAMAGED)))
def test_what_is_damaged_is_set_aside_and_never_destroyed(mine, capsys, text):
    for number in (1, 2):
        (mine / record.FILE).write_text(text)
        with pytest.raises(record.Damaged):
            record.read(mine)
        run(RIGHT)
        assert entry(mine)["state"] == "solved"
        assert f"It was set aside as progress.damaged-{number}.json" in capsys.readouterr().out
        assert (mine / f"progress.damaged-{number}.json").read_text() == text
    run(WRONG)
    assert "set aside" not in capsys.readouterr().out


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_disk_that_is_full_does_not_touch_the_exercise(mine, monkeypatch, capsys, number):
    run(WRONG)
    before = (mine / record.FILE).read_bytes()

    def fail(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(files.os, "fsync", fail)
    run(RIGHT)
    out = capsys.readouterr().out
    assert "✓ weighted average" in out and f"could not be kept in progress.json: {os.strerror(number)}" in out
    assert (mine / record.FILE).read_bytes() == before
    assert not list(mine.glob(".progress.json.*[!k]"))


def test_kernels_side_by_side_lose_nothing(mine):
    program = (
        "import sys; from course_kit.exercises import record\n"
        "record.PATIENCE = 600  # a busy machine may hold a process up for longer than a student should wait\n"
        "for i in range(20):\n"
        "    record.checked(f'exercise {i} of {sys.argv[1]}', True, None); record.note_help('shared')"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    running = [subprocess.Popen([sys.executable, "-c", program, str(i)], cwd=mine, env=environment) for i in range(2)]
    assert [one.wait() for one in running] == [0] * 2
    kept = record.read(mine)
    assert len(kept) == 41 and kept["shared"]["hints"] == 40


def test_a_kernel_that_hangs_with_the_lock_does_not_hold_up_the_others(mine, monkeypatch):
    monkeypatch.setattr(record, "PATIENCE", 0.05)
    with files.alone(mine / record.FILE, 1):
        run(RIGHT)
    assert entry(mine)["state"] == "solved"
