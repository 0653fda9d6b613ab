"""docs/teaching.md, the instructors' guide: every exercise, section, guess, quotation, command and number in it agrees
with the course, and the minutes of its plans add up; README.md's minutes, too."""

import ast
import functools
import json
import re

import pytest

from course_kit import files, lessons, results
from course_kit.exercises.catalogue import exercises, find
from course_kit.exercises.define import FindError
from course_tools.authoring import building
from course_tools.authoring.minutes import tables

ROOT = files.course_folder()
GUIDE = (ROOT / "docs" / "teaching.md").read_text("utf-8")
BY_NUMBER = {lessons.chapter(name): name for name in building.names() if not lessons.is_annex(name)}
EXERCISE = re.compile(r'^@(?:exercise|find_error)\("([^"]+)"', re.M)


def parts():
    """The guide's sections by heading: {"Chapter 5: What can attention do alone?": text}."""
    pieces = re.split(r"^## (.+)$", GUIDE, flags=re.M)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


def of_chapters():
    """(number, title, text) of each part about a chapter."""
    return [(int(m[1]), m[2], body) for head, body in parts().items() if (m := re.match(r"Chapter (\d): (.+)", head))]


def table(text, *heads):
    """The rows of the tables with these column heads, cells as text."""
    rows, inside = [], False
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []
        if cells[: len(heads)] == list(heads):
            inside = True
        elif not cells:
            inside = False
        elif inside and set("".join(cells)) - set("-"):
            rows.append(cells)
    return rows


def source(number):
    return (ROOT / "notebooks" / "source" / f"{BY_NUMBER[number]}.py").read_text("utf-8")


def headings(number):
    return re.findall(r"^# #{2,4} (.+)$", source(number), re.M)


@functools.cache
def cells(number):
    return building.read_source(BY_NUMBER[number]).cells


def predictions(number):
    """(question, answers, which is right) of each predict(…) of a notebook."""
    for cell in cells(number):
        if "predict" in cell.metadata.get("tags", ()) and cell.cell_type == "code":
            for node in ast.walk(ast.parse(cell.source)):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "predict":
                    right = next(ast.literal_eval(k.value) for k in node.keywords if k.arg == "answer")
                    yield ast.literal_eval(node.args[0]), ast.literal_eval(node.args[1]), right


def test_there_is_a_part_for_each_chapter_with_its_title():
    assert [number for number, _, _ in of_chapters()] == sorted(BY_NUMBER)
    for number, title, _ in of_chapters():
        assert re.search(rf"^# # (\d · )?{re.escape(title)}$", source(number), re.M), title


def test_minutes_are_those_of_the_formula_here_and_in_the_readme():
    """If not, `course minutes --write` puts them there."""
    readme, names = (ROOT / "README.md").read_text("utf-8"), building.names()
    assert [row[1].strip("`") for row in table(GUIDE, "Chapter", "Notebook")] == names != []
    assert tables(readme, GUIDE, names) == (readme, GUIDE)
    for name in names:
        assert re.search(rf"^\| \[.+\]\(notebooks/{name}\.ipynb\) \| .+? \| \d+ \| (\d+ )?\| ", readme, re.M), name
        assert "<!-- minutes -->" in building.folder().joinpath("source", f"{name}.py").read_text("utf-8")


def test_seconds_are_about_those_recorded():
    recorded = results.load("notebook_times")
    for row in table(GUIDE, "Chapter", "Notebook"):
        measured = recorded["seconds"][row[1].strip("`")]
        assert abs(float(row[-1]) - measured) <= max(5, 0.25 * measured), row[1]
    threads = re.search(r"[0-9]+ threads?", recorded["device"])[0]
    assert f"(CPU, {threads})" in GUIDE


@pytest.mark.parametrize(("number", "body"), [(number, body) for number, _, body in of_chapters()])
def test_sections_exist(number, body):
    rows = table(body, "Live", "Section")
    order = [headings(number).index(row[1].strip("*")) for row in rows]
    assert order == sorted(order) and order


@pytest.mark.parametrize(("number", "body"), [(number, body) for number, _, body in of_chapters()])
def test_guesses_are_those_of_the_notebook(number, body):
    asked = list(predictions(number))
    rows = table(body, "Guess", "Tempting", "Right")
    assert len(rows) == len(asked), "a row for each predict(…)"
    for (question, tempting, right), (whole, answers, answer) in zip(rows, asked, strict=True):
        assert whole.startswith(question), (question, whole)
        assert answers[answer].startswith(right), (right, answers)
        assert any(one.startswith(tempting) for one in answers if one != answers[answer]), (tempting, answers)


@pytest.mark.parametrize(("number", "body"), [(number, body) for number, _, body in of_chapters()])
def test_quoted_mistakes_are_known_wrong_answers(number, body):
    rows = table(body, "Exercise", "Minutes", "Said of a mistake")
    names = [row[0].strip("`") for row in rows]
    there = {name for cell in cells(number) for name in EXERCISE.findall(cell.source)}
    assert set(names) == there and len(set(names)) == len(names)
    for name, (_, spent, quoted) in zip(names, rows, strict=True):
        one = find(name)
        assert int(spent) == one.minutes, name
        assert any(quoted.strip("“”") in wrong.hint for wrong in one.wrong), (name, quoted)


def test_italics_are_headings_and_menus():
    """What stands in italics is a section of the course, a heading of a table here, or what one clicks."""
    sources = [path.read_text("utf-8") for path in (building.folder() / "source").glob("*.py")]
    known = {head for text in sources for head in re.findall(r"^# #{2,4} (.+)$", text, re.M)}
    known |= {"Runs in", "Tempting", "Said of a mistake", "Live"}
    said = re.sub(r"“[^”]*”|`[^`]*`|\*\*[^*]*\*\*", "", GUIDE)
    italics = re.findall(r"(?<!\*)\*([^*\n]+)\*(?!\*)", said)
    assert len(italics) > 20
    for words in italics:
        assert words in known or "→" in words or words == "the dog bites the man .", words


def test_exercises_named_in_code_exist():
    commands = re.findall(r'(?:solution|hint)\("([^"]+)"\)', GUIDE)
    assert len(commands) >= 3
    for name in commands:
        find(name)
    last = max(BY_NUMBER)
    assert f"`chapters/ch01/exercises/` to `ch{last:02d}/exercises/`" in GUIDE
    assert all(any(isinstance(e, FindError) for e in exercises(f"ch{n:02d}")) for n in range(1, last + 1))


def test_trainings_are_those_of_the_notebooks():
    trainings = table(GUIDE, "Chapter", "Section", "Curve headed", "Steps")
    assert len(trainings) > 3
    for chapter, section, curve, steps in trainings:
        path = ROOT / "notebooks" / f"{BY_NUMBER[int(chapter)]}.ipynb"
        here, found = "", []
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            text = "".join(cell["source"])
            here = (re.findall(r"^## (.+)$", text, re.M) or [here])[-1] if cell["cell_type"] == "markdown" else here
            if here == section.strip("*") and "training" in cell["metadata"].get("tags", ()):
                found.append(text + json.dumps(cell["outputs"], ensure_ascii=False))
        assert any(curve.strip("“”") in text and re.search(rf"\b{steps} steps", text) for text in found), curve


def test_plans_have_the_minutes_of_exercises_and_all_chapters():
    plans = parts()["Three plans"]
    for spent, what in table(plans, "Minutes", "What"):
        if named := re.findall(r"`([^`]+)`", what):
            assert int(spent) == sum(find(name).minutes for name in named), what
    weeks = table(plans, "Week", "Chapter", "In class")
    assert [int(row[0]) for row in weeks] == list(range(1, 15))
    assert {int(n) for row in weeks for n in row[1].split(", ")} == set(BY_NUMBER)


def test_settings_and_what_the_readme_says_too():
    rooms = [ROOT / room for room in ("course_utils", "course_kit", "course_tools", "chapters")]
    code = "".join(path.read_text("utf-8") for room in rooms for path in room.rglob("*.py"))
    settings = set(re.findall(r"COURSE_[A-Z]+", GUIDE))
    assert settings and [setting for setting in settings if f'"{setting}"' not in code] == []
    readme = (ROOT / "README.md").read_text("utf-8")
    for said in ["about 1.3 GB", "5 seconds", '`make lab ARGS="--no-browser --port 8890"`']:
        assert said in GUIDE and said in readme, said
    assert "at least 100,000 characters" in GUIDE and "better 100,000" in source(7)
