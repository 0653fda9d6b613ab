"""Hand-outs and what is graded of them; points, and question banks in the forms that platforms document."""

import json
import re
import zipfile
from xml.etree import ElementTree

import nbformat
import pytest
from small_exercises import in_cell

from course import main
from course_kit import cells, files
from course_kit.exercises import judge
from course_kit.exercises.catalogue import find
from course_kit.exercises.define import is_class
from course_tools.classroom import assignments, question_bank
from course_tools.classroom.grading import hand_ins, report
from course_tools.classroom.grading.judging import Row

LESSON = "05_transformer.ipynb"
QTI = {"": question_bank.QTI}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The hand-outs of chapter 5 for two students -> (folder, key)."""
    place = tmp_path_factory.mktemp("class")
    (place / "names.txt").write_text("Anna\n\nJürgen Öz\n", "utf-8")
    out = place / "out"
    assert main(["assign", "05", "--seed", "s", "--students", str(place / "names.txt"), "--out", str(out)]) == 0
    return out, assignments.Key(out / "05_key.json")


def test_each_students_numbers_and_names_are_their_own_and_the_same_each_time(made, tmp_path):
    folder, key = made
    texts = [(folder / name).read_text("utf-8") for name in ("05_Anna.ipynb", "05_Jürgen_Öz.ipynb")]
    anna, other = (key.students[name] for name in ("Anna", "Jürgen Öz"))
    assert sum(anna[name]["example"] != other[name]["example"] for name in anna) >= 3
    assert not any("course_" in text or "How the course" in text or "import mine" in text for text in texts)
    again, _ = assignments.handout(files.course_folder() / "notebooks" / LESSON, "s", "Anna")
    assert nbformat.writes(again) + "\n" == texts[0] + "\n"


@pytest.mark.parametrize("number", range(1, 9))
def test_every_lesson_has_hand_outs(number):
    lesson = assignments._lesson(f"0{number}")
    notebook, key = assignments.handout(lesson, "s", "Anna")
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    assert len(code) == len(key) >= 2
    assert all(assignments.MARK.search(x) and "raise NotImplementedError" in x for x in code)


def solved(source, name):
    """A hand-out's cell with a right answer in it, which calls the reference by place."""
    signature = re.search(r"^(def|class) (\w+)\((.*)\):", source, re.M)
    reference = f"find({name!r}).reference"
    head = f"# Task: {name}\nfrom course_kit.exercises.catalogue import find\n"
    if signature[1] == "class":
        return f"{head}class {signature[2]}({reference}):\n    pass"
    inputs = ", ".join(one.partition("=")[0] for one in signature[3].split(", "))
    return f"{head}def {signature[2]}({signature[3]}):\n    return {reference}({inputs})"


def test_what_is_handed_in_is_read_with_the_key(made, tmp_path):
    folder, key = made
    notebook = nbformat.read(folder / "05_Anna.ipynb", 4)
    first, *others = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in others:
        cell.source = solved(cell.source, assignments.MARK.search(cell.source)["name"])
    nbformat.write(notebook, tmp_path / "anna.ipynb")
    work = hand_ins.read(tmp_path / "anna.ipynb", hand_ins.course(), key)
    open_one, *names = key.exercises
    assert {*work.answers} == {*key.exercises} and work.remarks == [] and work.owner == "Anna"
    for name, answer in work.answers.items():
        *_, node = answer.statements
        text = key.students["Anna"][name]["bridge"]
        cell = next(cell.source for cell in [first, *others] if f"# Task: {name}\n" in cell.source)
        verdict = judge.judge(find(name), in_cell(f"{cell}\n{text}")[node.name])
        assert verdict.state == ("unsolved" if name == open_one else "right"), (name, verdict.text)
        assert is_class(find(name).reference) == (type(node).__name__ == "ClassDef")
    assert hand_ins.read(tmp_path / "anna.ipynb", hand_ins.course()).answers == {}, "without the key nothing is found"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["assign", "99"], "is no chapter and no track"),
        (["grade", ".", "--key", "{}/none.json"], "is no key"),
        (["grade", ".", "--points", "{}/points.csv"], "no exercise of the course"),
        (["grade", ".", "--points", "{}/none.csv"], "cannot be read"),
        (["questions", "99"], "No notebook's name starts with"),
    ],
)
def test_what_cannot_be_is_a_sentence(arguments, words, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "points.csv").write_text("exercise,points\nno such exercise,3\n")
    (tmp_path / "anna.ipynb").write_text("{}")
    assert main([one.format(tmp_path) for one in arguments]) == 2
    assert words in capsys.readouterr().err


def test_points_are_those_of_the_file(tmp_path):
    (tmp_path / "points.csv").write_text("exercise,points\ngaussian kernel,2\nrms norm,1.5\n")
    worth = report.points(tmp_path / "points.csv", [], list(hand_ins.course().exercises))
    row = Row("anna", "anna.zip", states={"gaussian kernel": "right", "rms norm": "wrong", "top-p": "right"})
    assert row.points(worth) == 2 and sum(worth.values()) == 3.5


def test_question_banks_have_each_guess_once_with_one_right_answer(tmp_path):
    assert main(["questions", "--out", str(tmp_path)]) == 0
    asked = [one for bank in question_bank.banks([]).values() for one in bank]
    assert len(asked) > 30
    quiz = ElementTree.parse(tmp_path / "moodle.xml").getroot()
    found = [one for one in quiz if one.get("type") == "multichoice"]
    for one, question in zip(found, asked, strict=True):
        assert one.findtext("questiontext/text") == question.question
        right = [x for x in one.iter("answer") if x.get("fraction") == "100"]
        assert [x.findtext("text") for x in right] == [question.answers[question.right]]
    with zipfile.ZipFile(tmp_path / "qti.zip") as packed:
        manifest = ElementTree.fromstring(packed.read("imsmanifest.xml"))
        listed = [one.get("href") for one in manifest.iter(f"{{{question_bank.MANIFEST}}}resource")]
        assert sorted(packed.namelist()) == sorted([*listed, "imsmanifest.xml"])
        items = [x for name in listed for x in ElementTree.fromstring(packed.read(name)).iterfind(".//item", QTI)]
    for item, question in zip(items, asked, strict=True):
        labels = {x.get("ident") for x in item.iterfind(".//response_label", QTI)}
        tested = [x.text for x in item.iterfind(".//varequal", QTI)]
        scored = item.iterfind(".//respcondition", QTI)
        scored = [
            x.findtext("conditionvar/varequal", namespaces=QTI) for x in scored if x.find("setvar", QTI) is not None
        ]
        assert labels == {*tested} and scored == [f"a{question.right}"]
        linked = {x.get("linkrefid") for x in item.iterfind(".//displayfeedback", QTI)}
        assert linked == {x.get("ident") for x in item.iterfind("itemfeedback", QTI)}
        assert [x.tag.rpartition("}")[2] for x in item][:3] == ["itemmetadata", "presentation", "resprocessing"]


def test_a_solution_that_was_unfolded_is_known():
    cell = {"cell_type": "code", "source": ["@exercise('top-p')\n", "def f(): ..."]}
    fold = {"cell_type": "markdown", "source": "", "metadata": {cells.UNFOLDED: True}}
    content = json.dumps({"cells": [cell, fold, cell, fold | {"metadata": {}}]}).encode()
    assert cells.unfolded(content) == ["@exercise('top-p')\ndef f(): ..."]
