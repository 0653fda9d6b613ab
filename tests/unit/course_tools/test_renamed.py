"""Exercises that have another name now: in a notebook, in a record, in what is handed in and in grading."""

import ast
import json

import find_sandbox
import nbformat
import pytest
import torch

from course_kit import cells
from course_kit import progress as overview
from course_kit.exercises import catalogue, check, define, find_error, record
from course_kit.exercises.define import Case, FindError
from course_tools.classroom import handing_in, workbook
from course_tools.classroom.grading import hand_ins, judging
from course_tools.classroom.grading.remote import Room

OLD, NEW = "Keys that are not transposed", "program 9.1"


class Hidden:
    """Where no answer can reach it, as in a chapter's exercise files."""

    def score(q, k):
        return q @ k.T


PUZZLE = FindError(
    name=NEW,
    title=OLD,
    task="write it again.",
    reference=Hidden.score,
    cases=lambda: [Case({"q": torch.arange(6.0).reshape(2, 3), "k": torch.eye(3)[:2]}, shown=True)],
    returns=("scores",),
    hints=("…",),
    minutes=1,
    difficulty=1,
    program=("def score(q, k):", "    return q @ k"),
    line=2,
    found="queries meet keys.",
)
CELL = "from course_kit.exercises import find_error\n@find_error({!r})\ndef score(q, k):\n    return {}"


@pytest.fixture(autouse=True)
def known(monkeypatch):
    """PUZZLE as an exercise of the course, after all chapters."""
    catalogue.load()
    monkeypatch.setattr(define, "KNOWN", dict(define.KNOWN))
    monkeypatch.setattr(define, "CHAPTERS", list(define.CHAPTERS))
    define.register([PUZZLE])


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """A workbook with an answer under the old name; the course has the new one."""
    for folder, cell in (("notebooks", CELL.format(NEW, "q @ k")), ("mine", CELL.format(OLD, "q @ k.mT"))):
        (tmp_path / folder).mkdir()
        made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)])
        nbformat.write(made, tmp_path / folder / "09_nine.ipynb")
    (tmp_path / "mine" / workbook.files.STATE).write_text("{}")
    monkeypatch.chdir(tmp_path / "mine")
    return tmp_path / "mine"


def entry(**more):
    return {"state": "tried", "attempts": 2, "hints": 1, "solution": False, "first": "2026-01-01"} | more


def recorded(mine, **entries):
    (mine / record.FILE).write_text(json.dumps({"exercises": {OLD: entry(**entries)}}))


def test_both_names_find_it_and_the_new_one_is_shown(capsys):
    assert catalogue.find(OLD) is catalogue.find(NEW) is catalogue.find("keys  that are NOT transposed") is PUZZLE
    assert define.current(OLD) == NEW == define.current(NEW) and define.current("nothing") == "nothing"
    find_error(OLD)(lambda q, k: q)
    shown = capsys.readouterr().out
    assert shown.startswith("✗ program 9.1") and OLD not in shown, "it must not give the error away"
    assert f"This error is called *{OLD}*." in check(OLD, PUZZLE.reference).text


def test_the_record_goes_on_under_the_new_name(mine):
    recorded(mine)
    assert record.read(mine) == {NEW: entry()}
    record.helped(NEW)
    kept = json.loads((mine / record.FILE).read_text())["exercises"]
    assert kept.keys() == {NEW} and kept[NEW]["hints"] == 2 and kept[NEW]["attempts"] == 2


def test_of_two_entries_the_better_one_counts(mine):
    both = {OLD: entry(state="solved"), NEW: entry(attempts=9)}
    for order in (both, dict(reversed(both.items()))):
        (mine / record.FILE).write_text(json.dumps({"exercises": order}))
        assert record.read(mine) == {NEW: entry(state="solved")}


def test_a_damaged_record_keeps_it(mine):
    (mine / record.FILE).write_text(json.dumps({"exercises": {OLD: entry(), "a": {"state": "?"}}}))
    with pytest.raises(record.Damaged) as caught:
        record.read(mine)
    assert caught.value.sound == {NEW: entry()}


def test_an_answer_under_the_old_name_is_one_attempt_however_often_it_is_run(mine, monkeypatch):
    import linecache

    source = CELL.format(OLD, "q @ k.T + 1")
    linecache.cache["<old>"] = (len(source), None, source.splitlines(True), "<old>")
    for _ in range(3):
        exec(compile(source, "<old>", "exec"), {})
    assert record.read(mine)[NEW]["attempts"] == 1


def test_progress_counts_it(mine):
    recorded(mine, state="solved")
    text = str(overview.note(mine, mine.parent / "notebooks"))
    assert text.startswith("1 of 1 exercises solved") and "no longer in the course" not in text


def test_it_is_handed_in_under_the_new_name(mine):
    recorded(mine, answer=record.of_source(CELL.format(OLD, "q @ k.mT").partition("\n")[2]))
    (one,) = handing_in.collect(mine, mine.parent / "notebooks")["exercises"]
    assert (one["name"], one["state"], one["as_checked"]) == (NEW, "tried", True)
    assert one["answer"].startswith(f"@find_error({OLD!r})")


class TestGrading:
    @pytest.fixture
    def course(self, mine):
        notebooks = mine.parent / "notebooks"
        (source,) = cells.sources((notebooks / "09_nine.ipynb").read_bytes())
        untouched = record.of_source(source.partition("\n")[2])
        return hand_ins.Course({NEW: "09_nine.ipynb"}, {"09_nine.ipynb": []}, frozenset([untouched]))

    def test_hand_ins_are_read_under_the_new_name(self, mine, course):
        recorded(mine, state="solved")
        work = hand_ins.read(mine, course)
        assert work.claims[NEW]["state"] == "solved" and work.answers.keys() == {NEW} and work.remarks == []
        assert work.answers[NEW].written == OLD

    def test_an_answers_file_is_read_under_the_new_name(self, mine, course, tmp_path):
        content = handing_in.collect(mine, mine.parent / "notebooks")
        content["exercises"][0]["name"] = OLD
        (tmp_path / "anna.json").write_text(json.dumps(content))
        work = hand_ins.read(tmp_path / "anna.json", course)
        assert work.claims[NEW]["state"] == "open" and work.answers[NEW].written == OLD

    def test_an_answer_under_the_old_name_is_judged(self):
        find_sandbox.needed()
        room = Room()
        try:
            answer = hand_ins.Answer("", ast.parse(CELL.format(OLD, "q @ k.mT + 1")).body, written=OLD)
            found, said = judging._one(answer, PUZZLE, room, 5.0, {})
        finally:
            room.close()
        assert found == "wrong" and "Line 2 is the one" in said
