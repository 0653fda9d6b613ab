"""A chapter that has an annex: the rules of its sizes, its order and its annex find what they are there to find."""

import pytest

from course_tools.authoring.rules import pattern
from course_tools.authoring.rules.notebook import Notebook

LESSON = """\
# %% [markdown]
# # 1 · A question?
# You will hold `mine/one.py`. <!-- minutes -->

# %% jupyter={"source_hidden": true}
from chapters.ch01 import labs
from course_kit import setup
from course_kit.views import plot, predict
runtime = setup()

# %% jupyter={"source_hidden": true} tags=["lab"]
labs.first(live=True)

# %% [markdown]
# ## A step
# <a id="query"></a> A query asks.

# %% tags=["definition"]
# shelf: definition

# %%
x = 3
plot.lines(x)

# %% jupyter={"source_hidden": true} tags=["predict"]
predict("How many?", ["3", "4"], answer=0)

# %% [markdown]
# ## Keep it
# ## Five lines to keep
# 1. a
# 2. b
# 3. c
# 4. d
# 5. e
# ## Three open questions
# ## Glossary
# | English | 中文 | in a few words |
# |---|---|---|
# | [query](#query) | 查询 | who asks |
# ## Next
"""
ANNEX = """\
# %% [markdown]
# # 1 · More of it
# <!-- minutes -->

# %%
import math
from course_kit import setup
runtime = setup()
base = 2

# %% [markdown]
# ## One question

# %%
def half(x):
    return x / base
half(math.pi)

# %% [markdown]
# ### A part of it

# %%
half(len([4]))

# %% [markdown]
# ## Another

# %%
from fractions import Fraction
Fraction(base)
"""


@pytest.fixture
def problems(course, tmp_path, monkeypatch):
    """problems(lesson, annex, lines) -> what the pattern finds in the lesson and in its annex, as texts.

    lines: of the definition that the lesson takes from a library
    """
    monkeypatch.syspath_prepend(tmp_path)

    def found(lesson=LESSON, annex=ANNEX, lines=2):
        (tmp_path / "shelf.py").write_text("def definition():\n" + "    pass\n" * (lines - 1))
        course("01_one_annex", annex)
        folder = course("01_one", lesson)
        both = [Notebook(name, folder) for name in ("01_one", "01_one_annex")]
        return [[what for rule in pattern.RULES for _, what, _ in rule(one)] for one in both]

    return found


def test_a_chapter_as_it_should_be_has_no_problem(problems):
    assert problems() == [[], []]


STEP = "# ## A step\n"
CELL = "# %%\nx = 3\n"
LONG = "# %%\n" + "x = 3\n\n" * 11 + "x = 3\n"
IN_LESSON = {
    "the lesson has 2501 words": (STEP, STEP + "# " + "word " * 2458 + "\n"),
    "the lesson has 31 visible code cells": (CELL, "# %%\ny = 2\n\n" * 29 + CELL),
    "the lesson has 6 guesses": (CELL, '# %% jupyter={"source_hidden": true} tags=["predict"]\nx\n\n' * 5 + CELL),
    "a code cell of 13 lines": (CELL, LONG),
    "a line of 91 characters": (CELL, f"{CELL}y = '{'a' * 85}'\n"),
    "a cell that only draws shows its code": (
        "x = 3\nplot.lines(x)",
        "from math import pi\nplot.lines(3)\nlabs.one()(2)",
    ),
    "a section is headed Deeper": (STEP, "# ### Deeper: more\n" + STEP),
    "the title cell does not say how many minutes": ("<!-- minutes -->", ""),
    "there is nothing to touch within the first screen": ("# %% jupyter={", "# %%\nx = 2\n\n# %% jupyter={"),
    "there is no section 'Keep it'": ("## Keep it", "## Mine"),
    "its last sections are not in order": (
        "## Keep it\n# ## Five lines to keep",
        "## Five lines to keep\n# ## Keep it",
    ),
    "no lab is live": ("live=True", ""),
    "'query' has no link": ("[query](#query)", "query"),
}


@pytest.mark.parametrize("said", IN_LESSON)
def test_a_problem_of_the_lesson_is_found(problems, said):
    old, new = IN_LESSON[said]
    assert old in LESSON
    lesson, annex = problems(LESSON.replace(old, new))
    assert any(said in one for one in lesson), lesson
    assert annex == []


def test_sizes_are_fine_up_to_their_limits(problems):
    lesson = LESSON.replace(STEP, STEP + "# " + "word " * 2400 + "\n").replace(CELL, "# %%\ny = 2\n\n" * 26 + CELL)
    assert problems(lesson.replace(CELL, LONG + "\n" + CELL))[0] == []


def test_definitions_may_be_longer_than_other_cells(problems):
    longest = pattern.DEFINITION
    assert problems(lines=longest)[0] == []
    assert problems(lines=longest + 1)[0] == [f"a cell of definitions of {longest + 1} lines"]


def test_more_than_five_exercises_are_too_many(problems):
    stub = '# %% tags=["exercise"]\n@exercise("gaussian kernel")\ndef kernel(x):\n    raise NotImplementedError\n\n'
    head = "# %% [markdown]\n# ### Exercise ●○○ · 3 minutes\n\n"
    assert problems(LESSON.replace(CELL, head + 5 * stub + CELL))[0] == []
    assert problems(LESSON.replace(CELL, head + 6 * stub + CELL))[0] == ["the lesson has 6 exercises"]


NO_DRAWING = [
    "x = plot.lines(3)",
    "print(plot.lines(3))",
    "x = 2\nplot.lines(x)",
    "import math",
    "x",
    "# %%",
    "setup()",
]


@pytest.mark.parametrize("code", NO_DRAWING)
def test_a_cell_that_does_something_else_may_show_its_code(problems, code):
    assert problems(LESSON.replace(CELL, f"# %%\n{code}\n\n{CELL}"))[0] == []


IN_ANNEX = {
    "'half' comes from another section": ("Fraction(base)", "half(base)"),
    "'Fraction' comes from another section": ("half(math.pi)", "Fraction(half(1))"),
    "a section is headed Deeper": ("## Another", "## Deeper: another"),
    "the title cell does not say how many minutes": ("<!-- minutes -->", ""),
    "the first code cell does not call setup()": ("runtime = setup()\n", ""),
    "a line of 117 characters": ("half(math.pi)\n", f"half(math.pi)  # {'wide ' * 20}\n"),
}


@pytest.mark.parametrize("said", IN_ANNEX)
def test_a_problem_of_the_annex_is_found(problems, said):
    old, new = IN_ANNEX[said]
    assert old in ANNEX
    lesson, annex = problems(annex=ANNEX.replace(old, new))
    assert any(said in one for one in annex), annex
    assert lesson == []


def test_an_annex_may_be_long(problems):
    assert problems(annex=ANNEX.replace("half(math.pi)\n", "half(math.pi)\n" * 30))[1] == []
