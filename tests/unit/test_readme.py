"""What README.md, CONTRIBUTING.md, the map of the code and the decisions say is there, is there."""

import json
import re
import tomllib
from pathlib import Path

import pytest

import course
import course_utils
from course_kit import files, notebook_names
from course_tools.authoring import building
from course_tools.authoring.rules import pattern
from course_tools.classroom.presenting import screens
from course_tools.publishing import artifacts

ROOT = files.course_folder()
DECISIONS = sorted(f"docs/decisions/{path.name}" for path in ROOT.glob("docs/decisions/*.md"))
PAGES = ["README.md", "CONTRIBUTING.md", "docs/using.md", "docs/teaching.md", "docs/zh/teaching.md"]
LINKED = [*PAGES, "docs/architecture.md", *DECISIONS]
ALL = ["README.md", "CONTRIBUTING.md", *(f"docs/{p.name}" for p in ROOT.glob("docs/*.md")), *DECISIONS]

ANY = ("NN", "NAME", "ch10", "10_averages")


def text(page):
    return (ROOT / page).read_text("utf-8")


@pytest.mark.parametrize("page", LINKED)
def test_links_lead_somewhere(page):
    bare = re.sub(r"```.*?```", "", text(page), flags=re.S)
    targets = re.findall(r"(?<!`)\[[^\]`]*\]\(([^)#]+)", bare)
    assert targets or page in DECISIONS
    for target in targets:
        if not target.startswith("http") and "..." not in target:
            beside = (ROOT / page).parent / target
            assert beside.exists() or page == "CONTRIBUTING.md" and (ROOT / "notebooks" / target).exists()


def test_each_decision_is_in_their_index():
    index = text("docs/decisions/README.md")
    assert [page for page in DECISIONS if not page.endswith("README.md") and f"({Path(page).name})" not in index] == []


@pytest.mark.parametrize("page", PAGES)
def test_commands_that_a_page_names_exist(page):
    make = set(re.findall(r"^([a-z-]+):", text("Makefile"), re.M))
    named = set(re.findall(r"(?:`|^)make ([a-z-]+)", text(page), re.M))
    assert named and named <= make
    commands = set(re.findall(r"(?:`|/|-m |^)course ([a-z]+)", text(page), re.M))
    assert commands
    for command in commands | set(re.findall(r"course\.py ([a-z]+)", text("Makefile"))):
        course.parser().parse_known_args([command, "x"])  # an unknown one ends it


@pytest.mark.parametrize("page", ALL)
def test_no_sentence_is_cut_in_the_middle_of_code(page):
    """Fences and backticks come in pairs, in each paragraph."""
    outside = re.split(r"^ *```.*$", text(page), flags=re.M)
    assert len(outside) % 2 == 1
    paragraphs = [one for part in outside[::2] for one in re.split(r"\n\s*\n|\n(?=#)", part)]
    assert [one for one in paragraphs if one.count("`") % 2] == []


def test_sizes_that_the_guide_names_are_those_of_the_rules():
    guide = " ".join(text("CONTRIBUTING.md").split())  # its lines are broken
    for said in (
        f"{pattern.WORDS:,} words outside exercise cards, {pattern.CELLS} visible code cells",
        f"{pattern.EXERCISES} exercises, {pattern.GUESSES} guesses, {screens.MOST} screens for a class",
        f"{pattern.DEFINITION} lines in a cell of definitions, {pattern.OTHER} in another visible cell",
        f"{pattern.WIDTH} characters in a line",
    ):
        assert said in guide


@pytest.mark.parametrize("page", ALL)
def test_files_that_a_page_names_are_there(page):
    """A path in backticks whose first folder is one of ours; `chNN`, `NN_name`, `NAME` and the chapter that
    CONTRIBUTING.md shows stand for any."""
    ours = {path.name for path in ROOT.iterdir() if path.is_dir()} - {"workbook", "build"}
    paths = {path for path in re.findall(r"`([\w.-]+(?:/[\w.-]+)*/?)`", text(page)) if path.split("/")[0] in ours}
    assert paths or page in DECISIONS
    real = [path for path in sorted(paths) if not any(one in path for one in ANY)]
    assert [path for path in real if not (ROOT / path).exists()] == []


def test_one_version_everywhere():
    package = json.loads(text("course_tools/classroom/jupyter/labextension/package.json"))
    project = tomllib.loads(text("pyproject.toml"))["project"]
    cited = re.search(r"^version: (.+)$", text("CITATION.cff"), re.M)[1]
    newest = re.search(r"^## .*\(([\d.]+)\)$", text("CHANGELOG.md"), re.M)[1]
    assert {package["version"], project["version"], cited, newest} == {course_utils.__version__}


def test_the_files_that_one_will_hold_are_all_named_with_their_lines():
    rows = re.findall(r"^\| (\d+) \| `(\w+)\.py`: .+? \| (\d+) \|$", text("docs/keeping.md"), re.M)
    wanted = [
        (str(one.chapter), one.name, str(one.lines)) for name in building.names() for one in artifacts.artifacts(name)
    ]
    assert rows == wanted and wanted


def test_the_first_page_asks_what_the_chapters_ask():
    """Its list links the lessons, under the questions that are their titles, and their annexes; new ones may follow."""
    first, *chapters = building.names()
    page = (building.folder() / "source" / f"{first}.py").read_text("utf-8")
    listed = max(int(number) for number in re.findall(r"^# (\d+)\. \[.+?\]\(\d\d_", page, re.M))
    assert listed >= 9
    for name in [name for name in chapters if notebook_names.chapter(name) <= listed]:
        source = (building.folder() / "source" / f"{name}.py").read_text("utf-8")
        number, question = re.search(r"^# # (\d+) · (.+)$", source, re.M).groups()
        row = f"[annex]({name}.ipynb)" if notebook_names.is_annex(name) else f"{number}. [{question}]({name}.ipynb)"
        assert row in page


def test_the_map_names_every_room():
    """docs/architecture.md: those of the house, and the folders of course_kit and course_tools."""
    page = text("docs/architecture.md")
    rooms = [ROOT / name for name in ("course_utils", "course_kit", "course_tools", "chapters")]
    inner = {path.parent.name for room in rooms[1:3] for path in room.glob("*/*.py")}
    wanted = {room.name for room in rooms} | inner | {"data", "docs", "locale", "tests"}
    assert wanted and [name for name in sorted(wanted) if f"{name}/`" not in page] == []


def test_the_ten_files_to_read_first_have_the_lines_that_the_map_says():
    """Rounded to tens, so that a changed line is no changed page."""
    rows = re.findall(r"^\| \[(\S+)\]\((\S+)\) \| (\d+) \|", text("docs/architecture.md"), re.M)
    assert len(rows) == 10
    for name, target, said in rows:
        assert target == f"../{name}"
        lines = len(text(name).splitlines())
        assert abs(lines - int(said)) <= 10, f"{name} has {lines} lines, docs/architecture.md says {said}"
