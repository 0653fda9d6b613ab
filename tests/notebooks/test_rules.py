"""The notebooks of the course keep its rules; and each rule finds, in a small chapter, what it is there to find."""

import base64
import json
import re

import pytest

from course_kit import files, notebook_names, views
from course_kit.views import program
from course_tools.authoring import building, command, sources
from course_tools.authoring.rules import check, names, pattern, text
from course_tools.authoring.rules.notebook import Notebook

LESSON = """\
# %% [markdown] tags=["artifact"]
# # 1 · A question?
# *A name.* You will hold `mine/one.py`. <!-- minutes -->

# %% jupyter={"source_hidden": true}
from chapters.ch01 import labs
from course_kit import setup
from course_kit.views import plot, predict
runtime = setup()

# %% jupyter={"source_hidden": true} tags=["lab"]
labs.first(live=True)

# %% [markdown]
# ## A step
# <a id="query"></a> A query asks. See [the query](#query), or [this step](#A-step).

# %% tags=["definition"]
# shelf: definition

# %%
x = 3
plot.lines(x)

# %% jupyter={"source_hidden": true} tags=["predict"]
predict("How many?", ["3", "4"], answer=0)

# %%
print(x)

# %% [markdown] tags=["card"]
# ### Exercise ●○○ · 3 minutes

# %% tags=["exercise"]
x

# %% [markdown] tags=["keep"]
# Text that is as long as a sentence that somebody reads down there.
#
# **Keep this:** so.

# %%
from course_kit.mine import keep
keep("one")

# %% [markdown] tags=["lines"]
# ## Five lines
# 1. a
# 2. b
# 3. c
# 4. d
# 5. e

# %% [markdown] tags=["questions", "glossary"]
# ## Three open questions
# ## Glossary
# | English | 中文 | in a few words |
# |---|---|---|
# | [query](#query) | 查询 | who asks |

# %% [markdown] tags=["next"]
# ## Next
# A book. <a id="progress"></a>[Back](#progress): chapter 1, edition <!-- edition -->.
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


def test_anatomy(notebook_name):
    problems = check.problems_of(notebook_name)
    assert not problems, "\n" + "\n".join(map(str, problems))


@pytest.fixture
def problems(course, tmp_path, monkeypatch):
    """problems(lesson, annex, lines) -> what the rules of sources find in the lesson and in its annex, as texts.

    lines: of the definition that the lesson takes from a library
    """
    monkeypatch.syspath_prepend(tmp_path)

    def found(lesson=LESSON, annex=ANNEX, lines=2, **options):
        (tmp_path / "shelf.py").write_text("def definition():\n" + "    pass\n" * (lines - 1))
        course("01_one_annex", annex)
        folder = course("01_one", lesson, **options)
        both = [Notebook(name, folder) for name in ("01_one", "01_one_annex")]
        rules = [*text.RULES, *names.RULES, *pattern.RULES, *pattern.OF_CHAPTERS]
        return [[what for rule in rules for _, what, _ in rule(one)] for one in both]

    return found


def test_a_chapter_as_it_should_be_has_no_problem(problems):
    assert problems() == [[], []]


STEP = "# ## A step\n"
CELL = "# %%\nx = 3\n"
WORDS = ("# " + 79 * "word " + "\n#\n") * 37 + "# " + 22 * "word " + "\n#\n"  # with the others 3,000
LONG = "# %%\n" + "x = 3\n\n" * 11 + "x = 3\n"
HALF = '# Text.\n\n# %% [markdown] tags=["half"]\n# **Half way.** You have a step.\n\n# %% [markdown]\n'
PROBLEM = '# %% [markdown] tags=["problem"]\n# ## A problem\n'
IN_LESSON = {
    "the lesson has 3001 words": (STEP, STEP + WORDS + "# word\n#\n"),
    "the lesson has 31 visible code cells": (CELL, "# %%\ny = 2\n\n" * 27 + CELL),
    "the lesson has 6 guesses": (CELL, '# %% jupyter={"source_hidden": true} tags=["predict"]\nx\n\n' * 5 + CELL),
    "a code cell of 13 lines": (CELL, LONG),
    "a line of 91 characters": (CELL, f"{CELL}y = '{'a' * 85}'\n"),
    "the first cell is not the title": ("# # 1 · A question?", "# A question?"),
    "exactly one heading of level 1": (STEP, "# # A step\n"),
    "the title cell does not say how many minutes": ("<!-- minutes -->", ""),
    "does not call setup()": ("runtime = setup()", "runtime = None"),
    "there is nothing to touch within the first screen": ("# %% jupyter={", "# %%\nx = 2\n\n# %% jupyter={"),
    "setup() stands in the cell of a lab": ("true}\nfrom", 'true} tags=["lab"]\nfrom'),
    "the lesson's last cell does not lead back": ("(#progress", "(#query"),
    "the lesson's last cell has no line for reports": ("chapter 1, edition", "edition"),
    "'blue' is no role": ("labs.first(live=True)", 'labs.first(caption="The [blue|key] and the [key|key].")'),
    "the title cell does not say what one will hold": (' tags=["artifact"]', ""),
    "what is in class takes 72 minutes": ("[markdown]\n# ## A step",
        f'[markdown] tags=["core"]\n# ## A step\n{3 * WORDS}'),
    "a cell tagged half does not say what it should": (STEP, f'# Text.\n\n# %% [markdown] tags=["half"]\n{STEP}'),
    "a cell tagged half too many": (STEP, HALF + HALF + STEP),
    "a cell tagged problem does not say what it should": ('keep("one")\n', f'keep("one")\n\n{PROBLEM}'),
    "the text above it is no card": (' tags=["card"]', ""),
    "a cell tagged asserts has no assert": (CELL, f'# %% tags=["asserts"]\nprint(1)\n\n{CELL}'),
    "'y' is made in a cell tagged asserts only": (CELL, f'# %% tags=["asserts"]\ny = 1\nassert y\n\n# %%\ny\n\n{CELL}'),
    "'y' is made in a cell tagged shows only": (CELL, f'# %% tags=["shows"]\ny = 1\n\n# %%\ny\n\n{CELL}'),
    "a mark for the tests is read by students": (CELL, f"{CELL}# NBVAL_CHECK_OUTPUT\n"),
    "unknown tag 'labs'": ('tags=["lab"]', 'tags=["lab", "labs"]'),
    "the link to #value finds no such place": ("[the query](#query)", "[the query](#value)"),
    "the link to 09_none.ipynb leads nowhere": ("A book.", "[A book](09_none.ipynb)."),
    "the link to none.md leads nowhere": ("A book.", "[A book](none.md)."),
    "American spelling 'color'": ("A book.", "A book in color."),
    "a picture without a text": ("A book.", "![](data:none) A book."),
}  # fmt: skip
IN_ANNEX = {
    "'half' comes from another section": ("Fraction(base)", "half(base)"),
    "'Fraction' comes from another section": ("half(math.pi)", "Fraction(half(1))"),
    "the title cell does not say how many minutes": ("<!-- minutes -->", ""),
    "the first code cell does not call setup()": ("runtime = setup()\n", ""),
    "a line of 117 characters": ("half(math.pi)\n", f"half(math.pi)  # {'wide ' * 20}\n"),
}


@pytest.mark.parametrize("said", IN_LESSON)
def test_a_problem_of_the_lesson_is_found(problems, said):
    old, new = IN_LESSON[said]
    assert old in LESSON
    lesson, annex = problems(LESSON.replace(old, new))
    assert any(said in one for one in lesson), lesson
    assert annex == []


@pytest.mark.parametrize("said", IN_ANNEX)
def test_a_problem_of_the_annex_is_found(problems, said):
    old, new = IN_ANNEX[said]
    assert old in ANNEX
    lesson, annex = problems(annex=ANNEX.replace(old, new))
    assert any(said in one for one in annex), annex
    assert lesson == []


def test_a_source_without_a_kernel_is_found(problems):
    assert problems(header="")[0] == ["the header names no kernel"]


def test_sizes_are_fine_up_to_their_limits(problems):
    longest, lesson = pattern.DEFINITION, LESSON.replace(STEP, STEP + WORDS)
    lesson = lesson.replace(CELL, "# %%\ny = 2\n\n" * 23 + LONG + "\n" + CELL)
    assert problems(lesson, ANNEX + "base\n" * 30, longest) == [[], []]
    assert problems(lines=longest + 1)[0] == [f"a cell of definitions of {longest + 1} lines"]


def test_more_than_five_exercises_are_too_many(problems):
    stub = '# %% tags=["exercise"]\n@exercise("gaussian kernel")\ndef kernel(x):\n    raise NotImplementedError\n\n'
    head = '# %% [markdown] tags=["card"]\n# ### Exercise ●○○ · 3 minutes\n\n'
    assert problems(LESSON.replace(CELL, head + 5 * stub + CELL))[0] == []
    assert problems(LESSON.replace(CELL, head + 6 * stub + CELL))[0] == ["the lesson has 6 exercises"]


def test_quotations_and_code_are_as_they_are(problems):
    quiet = ['"Color!", she said.', "`color`", "“Color!”", "![a picture](data:none)", "A colour."]
    assert problems(LESSON.replace("A book.", "\n#\n# ".join(quiet)))[0] == []


# ---- outputs, and the command, on a chapter of one page that was run

PAGE = '# %%\nanswer = 42\n\n# %% [markdown]\n# A book.\n\n# %% tags=["nbval-check-output"]\nprint("one")\n'


@pytest.fixture
def lint(course, build):
    """lint(change of the built notebook) -> the messages of its rules."""
    folder = course("00_page", PAGE)
    build("00_page", folder)
    path = folder / "00_page.ipynb"

    def run(change):
        content = json.loads(path.read_text("utf-8"))
        change(content)
        path.write_text(json.dumps(content), encoding="utf-8")
        return [str(problem) for problem in check.problems_of("00_page", folder)]

    return run


def set_output(number, **data):
    """A change that puts an output into cell `number` (from 0)."""

    def change(notebook):
        notebook["cells"][number]["outputs"] = [{"output_type": "display_data", "metadata": {}, "data": data}]

    return change


LARGE = base64.b64encode(b"\0" * 70_000).decode()
VIEW = views.heatmap([[1.0]], title="?").fragment()
IN_OLD_FORM = VIEW.replace(program.SHOW, f"<script>{program.source()}</script>")
IN_NOTEBOOK = {
    "a path of one machine ('/home/ada')": set_output(0, **{"text/plain": "/home/ada/course/x.py"}),
    "shows a memory address": set_output(0, **{"text/plain": "<object at 0x7f3a2b1c>"}),
    "the notebook has 0.8": set_output(0, **{"text/plain": "x" * 800_000}),
    "all notebooks have 7.4": set_output(0, **{"text/plain": "x" * 7_400_000}),
    "a picture of 70 kB": set_output(0, **{"text/html": f"<img alt='a' src=\"data:image/webp;base64,{LARGE}\">"}),
    "a picture of 70": set_output(0, **{"image/png": LARGE, "text/plain": "a picture"}),
    "the program of the views is stored": set_output(0, **{"text/html": program.packed() + VIEW}),
    "the program of the views is": set_output(0, **{"text/html": IN_OLD_FORM}),
    "as course_kit/views/view.py does not write it": set_output(0, **{"text/html": VIEW.replace(program.SHOW, "")}),
    "a second picture of a view": set_output(0, **{"text/html": VIEW, "image/png": "AAAA", "text/plain": "?"}),
    "a bare matplotlib figure": set_output(0, **{"image/png": "AAAA", "text/plain": "<Figure size 640x480>"}),
    "a picture without alt text": set_output(0, **{"text/html": "<img src='data:,'>"}),
    "but there is none": lambda nb: nb["cells"][2].update(outputs=[]),
    "a float (0.333) would be compared": set_output(2, **{"text/plain": "0.333"}),
}


@pytest.mark.parametrize("said", IN_NOTEBOOK)
def test_a_problem_of_the_stored_outputs_is_found(lint, said):
    messages = lint(IN_NOTEBOOK[said])
    assert any(said in message for message in messages), messages
    assert all(message.startswith("notebooks/00_page.ipynb") for message in messages)


def test_a_view_as_it_is_written_is_no_problem(lint):
    assert lint(set_output(0, **{"text/html": VIEW, "text/plain": "?"})) == []


@pytest.fixture
def checked(course, build, tmp_path, monkeypatch, capsys):
    """checked(old, new, **flags) -> (status of `course notebooks`, its lines), for the page so changed."""
    build("00_page", course("00_page", PAGE))
    (tmp_path / "notebooks").symlink_to(tmp_path)
    monkeypatch.setattr(files, "course_folder", lambda: tmp_path)

    def run(old="answer", new="answer", **flags):
        course("00_page", PAGE.replace(old, new))
        return command.run(**flags), capsys.readouterr().out.splitlines()

    return run


def test_check_goes_on_after_its_first_finding_and_says_nothing_twice(checked):
    """A sentence that is not built yet and has an American word in it, and a line of code."""
    new = "# A gray book.\n\n# %%\nfrom course_kit import set_up\n\n# %% [markdown]\n"
    status, said = checked("# A book.\n", new, check=True, lint=True)
    for what in ("'from course_kit import set_up'", "spelling 'gray'"):
        assert sum(what in line for line in said) == 1, said
    spelling = next(line for line in said if "spelling" in line)
    assert spelling.startswith("notebooks/source/00_page.py, cell 2 ('A gray book.'): ")
    assert status == 1


def test_drift_is_for_check_and_not_for_lint(checked):
    assert checked("A book.", "Another book.", check=True)[0] == 1
    assert checked("A book.", "Another book.", lint=True)[0] == 0
    assert checked(check=True, lint=True)[0] == 0


def test_of_what_is_no_python_cell_and_line_are_said_and_nothing_else(checked):
    """A raw traceback would say "<unknown>, line 1"."""
    status, said = checked("answer = 42", "answer = = 42", check=True, lint=True)
    (one,) = [line for line in said if "00_page" in line]
    assert status == 1 and one.startswith("notebooks/source/00_page.py, cell 1 ") and "'answer = = 42'" in one
    assert "line 10 is no Python: invalid syntax" in one


def test_check_says_once_that_a_definition_is_not_in_the_library(checked):
    new = 'answer = 42\n\n# %% tags=["definition"]\n# course_utils.attention: none_such'
    status, said = checked("answer = 42", new, check=True, lint=True)
    assert status == 1 and sum("none_such" in line for line in said) == 1


# ---- what only the real chapters have

LESSONS = [name for name in building.names() if not notebook_names.is_annex(name)]


def test_a_chapter_ends_with_the_way_on_and_the_way_back():
    """The way on from the last chapters may be a new one's, which `onward` and the website show."""
    leads = [re.findall(r"\]\((\d\d_\w+)\.ipynb\)\*\*", sources.read(name).cells[-1].source) for name in LESSONS]
    known = max(number for number, on in enumerate(leads) if on)
    assert leads[: known + 1] == [[name] for name in LESSONS[1 : known + 2]] and known >= 8
    assert list(pattern.ending(Notebook(LESSONS[0]))) == []  # the others': test_anatomy


def test_a_chapter_draws_its_charts_through_views():
    for name in building.names():
        source = (building.folder() / "source" / f"{name}.py").read_text("utf-8")
        assert not re.search(r"matplotlib|pyplot|subplots|\.imshow", source), name
