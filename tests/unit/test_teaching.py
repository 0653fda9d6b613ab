"""docs/: what is computed is as computed; every exercise, section, command and number that the guide names is there."""

import re

import nbformat

from course_kit import files, notebook_names
from course_kit.exercises.registry import find
from course_tools.authoring import building
from course_tools.classroom import plans

ROOT = files.course_folder()
GUIDE = (ROOT / plans.GUIDE).read_text("utf-8")
BY_NUMBER = {notebook_names.chapter(name): name for name in building.names() if not notebook_names.is_annex(name)}


def source(number):
    return (ROOT / "notebooks" / "source" / f"{BY_NUMBER[number]}.py").read_text("utf-8")


def test_plans_and_minutes_are_those_of_the_notebooks():
    """If not, `course plans` writes them."""
    for path, text in plans.written().items():
        assert path.read_text("utf-8") == text, path.name
    new = plans.readme("| [0](notebooks/00_start_here.ipynb) | What? | | | a |", ["00_start_here"])
    assert re.fullmatch(r".* What\? \| \d+ \| \d+ \| a \|", new), "a new row is filled in"
    plan = (ROOT / plans.PLANS).read_text("utf-8")
    assert set(re.findall(r"^## Chapter (\d+)", plan, re.M)) == set(map(str, BY_NUMBER))
    for name in BY_NUMBER.values():
        assert "<!-- minutes -->" in building.folder().joinpath("source", f"{name}.py").read_text("utf-8")


def test_what_a_class_can_say_is_the_lines_of_a_lesson_or_those_of_its_sections():
    made = nbformat.v4.new_markdown_cell
    text = "## One\n\nA bat.\n\n**Keep this:** a bat $b$ hangs."
    core = made("## Zero", metadata={"tags": ["core"]})
    own = [
        core,
        made(text, metadata={"tags": ["keep", "core"]}),
        made("## Two\n\n**Keep this:** left out.", metadata={"tags": ["keep"]}),
    ]
    assert plans.lines_to_keep("00_start_here", own) == ["A bat $b$ hangs."]
    lines = made("## Two lines\n1. Bats hang.\n2. Cats do not.", metadata={"tags": ["lines", "core"]})
    assert plans.lines_to_keep("00_start_here", [*own, lines]) == ["Bats hang.", "Cats do not."]


def test_what_the_guide_leaves_out_is_there():
    parts = re.findall(r"^## Chapter (\d+): (.+?)(?=^## |\Z)", GUIDE, re.M | re.S)
    named = [(int(n), said) for n, text in parts for said in re.findall(r"\*\*Leave out\*\* first ([^.]+)\.", text)]
    assert len(named) > 5
    for number, said in named:
        assert set(re.findall(r"\*(.+?)\*", said)) <= {one.heading for one in plans.sections(BY_NUMBER[number])}, said


def test_the_page_on_accessibility_names_tests_that_there_are():
    named = re.findall(r"`(tests/\S+?\.py)(?:::(\w+))?`", (ROOT / "docs" / "accessibility.md").read_text("utf-8"))
    assert len(named) >= 12
    for path, test in named:
        assert f"def {test}" in (ROOT / path).read_text("utf-8"), test


def test_a_part_has_the_title_of_its_chapter_and_the_guide_is_short():
    """A new chapter may have none yet."""
    titles = re.findall(r"^## Chapter (\d+): (.+)$", GUIDE, re.M)
    assert [int(number) for number, _ in titles] == sorted(BY_NUMBER)[: len(titles)] and len(titles) >= 10
    for number, title in titles:
        assert re.search(rf"^# # (\d+ · )?{re.escape(title)}$", source(int(number)), re.M), title
    assert len(GUIDE.splitlines()) <= 200


def test_exercises_named_in_code_exist():
    commands = re.findall(r'(?:solution|hint)\("([^"]+)"\)', GUIDE)
    assert len(commands) >= 3
    for name in commands:
        find(name)
