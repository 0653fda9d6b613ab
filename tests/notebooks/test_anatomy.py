"""Every notebook has the anatomy of the course; and every rule of it finds what it is there to find."""

import base64
import json
import re

import pytest

from course_kit import files, lessons, views
from course_kit.views import program
from course_tools.authoring import building
from course_tools.authoring.rules import check


def test_anatomy(notebook_name):
    problems = check.problems_of(notebook_name)
    assert not problems, "\n" + "\n".join(map(str, problems))


GOOD = """\
# %% [markdown]
# # 1 · A question?
# **By the end** you will know it. 5 minutes alone. **Before:** nothing.

# %%
from course_kit import setup
runtime = setup()

# %% [markdown]
# ## Touch
# <a id="query"></a> A query asks.

# %% tags=["lab"]
widget = dict(live=True)

# %% [markdown]
# ## Three questions first
# 1. One?
# 2. Two?
# 3. Three?
#
# <details><summary>Answers</summary>
#
# 1. Yes. See [the query](#query), or [where one touches](#Touch).
#
# </details>

# %% tags=["predict", "nbval-check-output"]
print("one")

# %% tags=["predict", "nbval-check-output"]
print("two")

# %% tags=["predict", "nbval-check-output"]
print("three")

# %%
1

# %%
2

# %%
3

# %%
4

# %%
5

# %%
6

# %% [markdown]
# ### Exercise ●○○ · 3 minutes

# %% tags=["exercise"]
answer = 42

# %% [markdown] jp-MarkdownHeadingCollapsed=true tags=["deeper"]
# ### Deeper: more

# %% tags=["deeper"]
answer + 1

# %% [markdown]
# ### Find the error ●●○ · 2 minutes

# %% [markdown]
# ## What we measured

# %% [markdown]
# ## Five lines to keep
# 1. a
# 2. b
# 3. c
# 4. d
# 5. e

# %% [markdown]
# ## Glossary
# | English | 中文 | in a few words |
# |---|---|---|
# | [query](#query) | 查询 | who asks |
#
# ## Further reading
# A book.
#
# ## Next
# That was all.
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory, write_source):
    """The good chapter, executed once: its text as a notebook file."""
    folder = write_source(tmp_path_factory.mktemp("good"), "01_good", GOOD)
    building.build("01_good", folder)
    return (folder / "01_good.ipynb").read_text("utf-8")


@pytest.fixture
def lint(course, built):
    """lint(source change=…, notebook change=…) -> the messages about the good chapter, so changed."""

    def run(source=lambda text: text, notebook=lambda nb: None, **options):
        folder = course("01_good", source(GOOD), **options)
        content = json.loads(built)
        notebook(content)
        (folder / "01_good.ipynb").write_text(json.dumps(content), encoding="utf-8")
        return [str(problem) for problem in check.problems_of("01_good", folder)]

    return run


def test_the_good_chapter_has_no_problem(lint):
    assert lint() == []


IN_SOURCE = {
    "line 21: the keys of a cell are not in alphabetic order": (
        '# %% tags=["lab"]',
        '# %% tags=["lab"] slideshow={"slide_type": "slide"}',
    ),
    "a code cell of 26 lines": ("answer = 42", "\n".join(["answer = 42"] * 26)),
    "a wall of 7 imports": ("answer = 42", "\n".join(["import math"] * 7)),
    "a cell tagged asserts has no assert": ("answer = 42\n", 'answer = 42\n\n# %% tags=["asserts"]\nprint(answer)\n'),
    "'half' is made in a cell tagged asserts only": (
        "answer = 42\n",
        'answer = 42\n\n# %% tags=["asserts"]\nhalf = 21\nassert answer == 2 * half\n\n# %%\nhalf\n',
    ),
    "a mark for the tests is read by students": ("answer = 42", "# NBVAL_CHECK_OUTPUT\nanswer = 42"),
    "unknown tag 'labs'": ('tags=["lab"]', 'tags=["labs"]'),
    "is not folded and tagged": ('jp-MarkdownHeadingCollapsed=true tags=["deeper"]', 'tags=["deeper"]'),
    "is outside such a section": ("# ### Deeper: more", "# ### More"),
    "code of a folded section is not tagged": ('# %% tags=["deeper"]\nanswer + 1', "# %%\nanswer + 1"),
    "'more' is made in a Deeper cell only": (
        "answer + 1\n\n",
        "more = answer + 1\n\n# %% [markdown]\n# ### The sum\n\n# %%\nmore\n\n",
    ),
    "'answer' is made in a cell tagged shows only": ('tags=["exercise"]\nanswer', 'tags=["exercise", "shows"]\nanswer'),
    "the link to #value finds no such place": ("[query](#query)", "[query](#value)"),
    "the link to 09_none.ipynb leads nowhere": ("A book.", "[A book](09_none.ipynb)."),
    "the link to none.md leads nowhere": ("A book.", "[A book](none.md)."),
    "filler: 'simply'": ("A book.", "Simply a book."),
    "praise: 'great'": ("A book.", "A great book."),
    "an exclamation mark ('book!')": ("A book.", "A book!"),
    "American spelling 'color'": ("A book.", "A book in color."),
    "a paragraph of": ("A book.", "A book. " * 100),
    "a picture without a text": ("A book.", "![](data:none) A book."),
    "the first cell is not the title": ("# # 1 · A question?", "# A question?"),
    "the title cell does not say how many minutes": ("5 minutes alone", ""),
    "the title cell lacks goals": ("**By the end**", "Soon"),
    "exactly one heading of level 1": ("# ## Touch", "# # Touch"),
    "does not call setup()": ("runtime = setup()", "runtime = None"),
    "nothing to touch within the first screen": ('# %% tags=["lab"]', "# %%"),
    "does not open with three questions": ("## Three questions first", "## Some questions"),
    "not three numbered questions": ("# 3. Three?", "# Three?"),
    "2 cells are tagged predict": ('# %% tags=["predict", "nbval-check-output"]\nprint("one")', "# %%\nNone"),
    "2 cells have their output compared": (', "nbval-check-output"]\nprint("two")', ']\nprint("two")'),
    "no section 'Find the error'": ("### Find the error", "### Look closely"),
    "no lab is live": ("live=True", "live=False"),
    "lacks difficulty or minutes": ("### Exercise ●○○ · 3 minutes", "### Exercise"),
    "there is no section 'Glossary'": ("## Glossary", "## Terms"),
    "its last sections are not in order": ("# ## Next\n", "# ## Next\n#\n# ## What we measured\n"),
    "the summary has 4 lines": ("# 5. e\n", ""),
    "'query' has no link": ("[query](#query)", "query"),
    "has no Chinese term": ("查询", "query"),
}


@pytest.mark.parametrize("said", IN_SOURCE)
def test_a_problem_of_the_source_is_found(lint, said):
    old, new = IN_SOURCE[said]
    assert old in GOOD
    messages = lint(source=lambda text: text.replace(old, new))
    assert any(said in message for message in messages), messages


def test_a_source_without_a_kernel_is_found(lint):
    assert any("the header names no kernel" in message for message in lint(header=False))


def set_output(number, **data):
    """A change that puts an output into cell `number` (from 0)."""

    def change(notebook):
        notebook["cells"][number]["outputs"] = [{"output_type": "display_data", "metadata": {}, "data": data}]

    return change


LARGE = base64.b64encode(b"\0" * 70_000).decode()
VIEW = views.heatmap([[1.0]], title="?").fragment()


def in_old_form(made):
    """A view as it was stored before there was one program for all of them."""
    return made.replace(program.SHOW, f"<script>{program.source()}</script>")


IN_NOTEBOOK = {
    "were not executed once each": lambda nb: nb["cells"][1].update(execution_count=None),
    "is an error (ValueError)": lambda nb: nb["cells"][1].update(
        outputs=[{"output_type": "error", "ename": "ValueError", "evalue": "", "traceback": []}]
    ),
    "widget state is stored": lambda nb: nb["metadata"].update(widgets={}),
    "which dies with its kernel": set_output(1, **{"application/vnd.jupyter.widget-view+json": {"model_id": "a"}}),
    "a path of one machine ('/home/ada')": set_output(1, **{"text/plain": "/home/ada/course/x.py"}),
    "shows a memory address": set_output(1, **{"text/plain": "<object at 0x7f3a2b1c>"}),
    "the notebook has 0.8": set_output(1, **{"text/plain": "x" * 800_000}),
    "all notebooks have 4.9": set_output(1, **{"text/plain": "x" * 4_900_000}),
    "a picture of 70 kB": set_output(1, **{"text/html": f"<img alt='a' src=\"data:image/webp;base64,{LARGE}\">"}),
    "a picture of 70": set_output(1, **{"image/png": LARGE, "text/plain": "a picture"}),
    "the program of the views is stored": set_output(1, **{"text/html": program.packed() + VIEW}),
    "the program of the views is": set_output(1, **{"text/html": in_old_form(VIEW)}),
    "as course_kit/views/view.py does not write it": set_output(1, **{"text/html": VIEW.replace(program.SHOW, "")}),
    "a second picture of a view": set_output(1, **{"text/html": VIEW, "image/png": "AAAA", "text/plain": "?"}),
    "a bare matplotlib figure": set_output(1, **{"image/png": "AAAA", "text/plain": "<Figure size 640x480>"}),
    "a picture without alt text": set_output(1, **{"text/html": "<img src='data:,'>"}),
    "but there is none": lambda nb: nb["cells"][5].update(outputs=[]),
    "a float (0.333) would be compared": set_output(5, **{"text/plain": "0.333"}),
}


@pytest.mark.parametrize("said", IN_NOTEBOOK)
def test_a_problem_of_the_stored_outputs_is_found(lint, said):
    messages = lint(notebook=IN_NOTEBOOK[said])
    assert any(said in message for message in messages), messages
    assert all(message.startswith("notebooks/01_good.ipynb") for message in messages)


def test_a_view_as_it_is_written_is_no_problem(lint):
    assert lint(notebook=set_output(1, **{"text/html": VIEW, "text/plain": "?"})) == []


def test_a_message_names_file_cell_and_what_to_do(lint):
    messages = lint(source=lambda text: text.replace("[query](#query)", "query"))
    where, todo = "notebooks/source/01_good.py, cell 22 ('## Glossary')", "Link the term to where it is introduced."
    assert any(message.startswith(where) and message.endswith(todo) for message in messages), messages


QUIET = ['"Great!", she said.', "`n!`", "$n!$", "“Great!”", "![a picture](data:none)", "A greater book."]


@pytest.mark.parametrize("words", QUIET)
def test_quotations_code_and_pictures_may_be_loud(lint, words):
    found = lint(source=lambda text: text.replace("A book.", words))
    assert not [one for one in found if "praise" in one or "exclamation" in one]


def test_a_small_chapter_need_not_have_everything(lint):
    """A chapter of few cells asks less; any chapter still begins and ends as all do."""

    def small(text):
        for number in range(1, 7):
            text = text.replace(f"# %%\n{number}\n\n", "")
        for old, new in (("live=True", "live=False"), (', "nbval-check-output"', ""), ('"predict"', '"check"')):
            text = text.replace(old, new)
        return text.replace("### Find the error", "### Look closely").replace("[query](#query)", "query")

    counted = ("predict", "compared", "Find the error", "no lab is live")
    found = lint(source=small)
    assert not [one for one in found if any(what in one for what in counted)]
    assert any("'query' has no link" in one for one in found)
    assert any("no lab is live" in one for one in lint(source=lambda text: text.replace("live=True", "live=False")))


def test_what_is_no_python_is_named_with_cell_and_line_and_nothing_else_is(lint, tmp_path):
    """A raw traceback would say "<unknown>, line 1"."""
    (said,) = lint(source=lambda text: text.replace("answer = 42", "answer = = 42"))
    line = (tmp_path / "source" / "01_good.py").read_text("utf-8").splitlines().index("answer = = 42") + 1
    assert said.startswith("notebooks/source/01_good.py, cell ") and "'answer = = 42'" in said
    assert f"line {line} is no Python: invalid syntax" in said


@pytest.fixture
def command(tmp_path, monkeypatch, write_source, built, capsys):
    """command(old, new, **flags) -> (status of `course notebooks`, its lines), for the good chapter so changed."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    (tmp_path / "course_kit.py").write_text("def setup():\n    pass\n")
    (folder / "01_good.ipynb").write_text(built, encoding="utf-8")
    monkeypatch.setattr(files, "course_folder", lambda: tmp_path)

    def run(old="answer", new="answer", **flags):
        write_source(folder, "01_good", GOOD.replace(old, new))
        return check.run(**flags), capsys.readouterr().out.splitlines()

    return run


def test_check_goes_on_after_its_first_finding_and_says_nothing_twice(command):
    """A sentence that is not built yet and has filler in it, and an import of what is not there."""
    new = "# Simply a book.\n\n# %%\nfrom course_kit import set_up\n\n# %% [markdown]\n"
    status, said = command("# A book.\n#\n", new, check=True, lint=True)
    for what in ("'from course_kit import set_up'", "filler: 'simply'", "'set_up'"):
        assert sum(what in line for line in said) == 1, said
    assert status == 1


def test_drift_is_for_check_and_not_for_lint(command):
    assert command("A book.", "Another book.", check=True)[0] == 1
    assert command("A book.", "Another book.", lint=True)[0] == 0
    assert command("A book.", "Another book.", check=True, lint=True)[0] == 1
    assert command(check=True, lint=True)[0] == 0


def test_check_says_of_what_is_no_python_nothing_else(command):
    status, said = command("answer = 42", "answer = = 42", check=True, lint=True)
    assert status == 1 and sum("01_good" in line for line in said) == 1


def test_check_says_once_that_a_definition_is_not_in_the_library(command):
    new = 'answer = 42\n\n# %% tags=["definition"]\n# course_utils.attention: none_such'
    status, said = command("answer = 42", new, check=True, lint=True)
    assert status == 1 and sum("none_such" in line for line in said) == 1


LESSONS = [name for name in building.names() if not lessons.is_annex(name)]


@pytest.mark.parametrize("name", LESSONS)
def test_a_chapter_ends_with_the_way_on_and_the_way_back(name):
    end = building.read_source(name).cells[-1].source
    following = LESSONS[LESSONS.index(name) + 1 :][:1]
    assert all(f"]({other}.ipynb)**" in end for other in following)
    assert ("(#progress)" if name == LESSONS[0] else f"({LESSONS[0]}.ipynb#progress)") in end


@pytest.mark.parametrize("name", building.names())
def test_a_chapter_draws_its_charts_through_views(name):
    text = (building.folder() / "source" / f"{name}.py").read_text("utf-8")
    assert not re.search(r"matplotlib|pyplot|subplots|\.imshow", text)
