"""How many chapters and hours there are is said in words here and there; it is what there is."""

import re

import pytest

from course_kit import files, lessons
from course_tools.authoring import building
from course_tools.authoring.minutes import minutes

ROOT = files.course_folder()
NUMBERS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
NUMBERS += ["thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"]
SAID = re.compile(rf"\b({'|'.join(NUMBERS)}|\d+) (?:chapters|small maps)\b", re.I)
TEXTS = ["*.md", "docs/*.md", "data/*.md", "notebooks/source/*.py", "course_tools/publishing/website/*.j2"]
TEXTS += ["course_tools/classroom/*.py", "chapters/**/*.py"]
CHAPTERS = {lessons.chapter(name) for name in building.names()} - {0}
FIRST = (building.folder() / "source" / "00_start_here.py").read_text("utf-8")


def number(word):
    return int(word) if word.isdigit() else NUMBERS.index(word.lower())


@pytest.mark.parametrize("pattern", TEXTS)
def test_the_number_of_chapters_is_the_number_there_is(pattern):
    """CHANGELOG.md tells of earlier editions; a number without one of these words is not looked at."""
    pages = [path for path in ROOT.glob(pattern) if path.name != "CHANGELOG.md"]
    assert pages
    said = [(path.name, match[0]) for path in pages for match in SAID.finditer(path.read_text("utf-8"))]
    assert [(name, words) for name, words in said if number(words.split()[0]) != len(CHAPTERS)] == []


def test_the_numbers_are_looked_for():
    assert [number(match[1]) for match in SAID.finditer("Seven chapters, 8 small maps, two maps of heads")] == [7, 8]


def test_the_hours_of_the_whole_course_are_those_of_its_notebooks():
    """To the nearest hour but one: the minutes are rounded, and chapters change."""
    core, beyond = re.search(r"take about (\w+) hours .*?may skip: (\w+) hours more", FIRST).groups()
    every = [minutes(name) for name in building.names()]
    annexes = sum(one.alone for one in every if lessons.is_annex(one.name))
    alone = sum(one.alone for one in every if not lessons.is_annex(one.name))
    assert abs(number(core) - alone / 60) <= 1
    assert abs(number(beyond) - annexes / 60) <= 1
