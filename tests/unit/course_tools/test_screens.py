"""What a class sees: which screens a notebook has in front of a class."""

import re

import nbformat
import pytest

from course_kit import files, notebook_names
from course_tools.authoring import building, sources, structure
from course_tools.authoring.markup import to_keep
from course_tools.classroom.presenting import screens

WORD = re.compile(r"^```.*?^```|<[^>]*>|(?P<word>[A-Za-z]+)", re.S | re.M)  # neither in code nor in a tag of HTML
SAID = re.compile(r'"""[\s\S]*?"""|#.*|"(?:[^"\\]|\\.)*"')  # comments and texts of code, which a language may change


def cells(*given):
    """Cells from (source, tags, slide type, folded), of which only the first is needed."""
    made = []
    for source, tags, slide, folded in ((*one, *("", "-", False)[len(one) - 1 :]) for one in given):
        is_text = source.startswith(("#", "**", "| ", "$$", "1.", "Text", "<"))
        cell = nbformat.v4.new_markdown_cell(source) if is_text else nbformat.v4.new_code_cell(source)
        cell.metadata = {"tags": tags.split(), "slideshow": {"slide_type": slide}, "jupyter": {"source_hidden": folded}}
        structure.mark(cell)
        made.append(cell)
    return made


def seen(*given):
    return [(screen.title, screen.kind) for screen in screens.screens(cells(*given))]


def told(path, in_no_language=False):
    """All that is language-free of a notebook's screens. in_no_language: as if each word of its text were x's."""
    here = nbformat.read(path, as_version=4).cells
    for cell in here:
        if cell.cell_type == "code":
            cell.source = SAID.sub("", cell.source)
        elif in_no_language:
            cell.source = WORD.sub(lambda found: found["word"] and "x" * len(found["word"]) or found[0], cell.source)
    return [  # of code its lines: comments and printed words are in the page's language
        (one.kind, one.cell, one.keep, one.said, one.code and (one.code.lines, one.code.lit), one.later)
        for one in screens.screens(here)
    ]


@pytest.mark.parametrize("name", building.names())
def test_nothing_is_known_by_its_words(name):
    english = building.folder() / f"{name}.ipynb"
    assert told(english) == told(english, in_no_language=True)


@pytest.mark.parametrize("name", sources.built("zh"))
def test_another_language_has_the_same_screens(name):
    english, chinese = (building.folder() / folder / f"{name}.ipynb" for folder in ("", "zh"))
    one, other = ([cell["id"] for cell in nbformat.read(path, as_version=4).cells] for path in (english, chinese))
    if one != other:
        pytest.skip("the English is newer")
    assert told(english) == told(chinese)
    titles = {one.title for one in screens.screens(nbformat.read(chinese, as_version=4).cells)}
    assert titles <= set(screens.headings(name, chinese).values()), "speaker's notes are found by them"


@pytest.mark.parametrize("name", building.names())
def test_each_screen_of_a_notebook_and_no_words_are_lost(name):
    here = nbformat.read(files.course_folder() / "notebooks" / f"{name}.ipynb", as_version=4).cells
    found, by_id = screens.screens(here), {cell["id"]: cell for cell in here}
    assert found[0].kind == "title"
    if notebook_names.chapter(name) and not notebook_names.is_annex(name):  # a class has so much time
        assert len(found) <= screens.MOST, [(one.title, one.kind) for one in found]
    said = [one for screen in found for one in screen.said]
    assert len(said) == len(set(said)) and len({(one.cell, one.kind, one.title) for one in found}) == len(found)
    assert said == sorted(said, key=list(by_id).index)
    out, missing = False, []
    for cell in here:
        slide = cell["metadata"].get("slideshow", {}).get("slide_type", "-")
        out = out if slide == "-" else slide in ("skip", "notes")
        if cell["cell_type"] == "markdown" and not (
            out or {"card", *screens.WHOLE} & set(cell["metadata"].get("tags", ()))
        ):
            missing += [cell["source"][:60]] * (cell["id"] not in said)
    assert missing == []
    for screen in found:
        cell, code = by_id[screen.cell], screen.code and screen.code.code
        assert not {"exercise", "setup"} & set(cell["metadata"].get("tags", ()))
        assert not screen.keep or to_keep(by_id[screen.keep]["source"])
        if code and not notebook_names.is_annex(name):  # it is read from the last row
            assert screen.code.lines <= screens.LINES and max(map(len, code.splitlines())) <= 90, code


def test_a_section_has_its_guess_and_the_best_of_what_it_shows():
    guess, lab = ("predict('?')", "predict", "-", True), ("labs.softmax()", "lab", "-", True)
    drawn, code = ("plot.lines(a)", "", "-", True), ("print(1)",)
    title = ("# Title",)
    assert seen(title, ("## One",), code, guess, drawn, lab)[1:] == [("One", "guess"), ("One", "lab")]
    assert seen(title, ("## One",), code, drawn)[1:] == [("One", "picture")]
    assert seen(title, ("## One",), code, code)[1:] == [("One", "code")]
    assert seen(title, ("## One\n$$ x $$",), lab)[1:] == [("One", "formula"), ("One", "lab")]
    assert seen(title, ("## One\n$$ x $$",), guess, lab)[1:] == [("One", "guess"), ("One", "lab")]


def test_what_only_prints_prepares_or_imports_is_on_no_screen():
    for source in ("print(model)", "for_training(step)", "a = 1", "%matplotlib inline"):
        assert seen(("# Title",), ("## One",), (source, "", "-", True))[1:] == []
    assert seen(("# Title",), ("## One",), ("import torch\nfrom mine import split_heads",))[1:] == []


def test_of_classes_the_last_is_shown_and_none_that_is_too_long():
    one, other = (f"class {name}:\n    def forward(self):\n        pass" for name in ("One", "Other"))
    one, other = (one, "definition"), (other, "definition")
    long = ("class Long:\n    def forward(self):\n" + "        x = 1\n" * screens.LINES, "definition")
    made = cells(("# Title",), ("## A model",), one, other, long)
    assert [screen.cell for screen in screens.screens(made)[1:]] == [made[3]["id"]]


def test_words_alone_are_what_to_keep_or_no_screen():
    assert seen(("# Title",), ("## Why?\nText.",))[1:] == []
    assert seen(("# Title",), ("## Why?\nText.",), ("**Keep this:** so.", "keep"))[1:] == [("Why?", "keep")]
    made = cells(("# Title",), ("## Because\nText.",))
    assert [screen.kind for screen in screens.screens(made)] == ["title"]
    assert screens.screens(made)[0].said == (made[0]["id"], made[1]["id"]), "its words go with the screen before"


def test_half_way_and_the_problem_have_a_screen_each_with_their_words():
    half, problem = (
        ("**Half way.** You have a model.", "half"),
        ("## A word · 60 minutes\n$$ x $$\nWrite it.", "problem"),
    )
    lab = ("labs.softmax()", "lab", "-", True)
    made = cells(("# Title",), ("## One",), lab, half, ("## Two",), lab, problem, ("1. a", "lines"))
    found = screens.screens(made)
    assert [(one.title, one.kind) for one in found[1:]] == [
        ("One", "lab"), ("Half way", "half"), ("Two", "lab"), ("A word · 60 minutes", "problem"),
    ]  # fmt: skip
    assert {made[3]["id"], made[6]["id"]}.isdisjoint(id for one in found for id in one.said)


def test_a_cell_with_two_headings_begins_two_sections():
    made = cells(("# Title\nText.\n## First?\nText.",), ("labs.ask()", "lab", "-", True))
    assert [(one.title, one.kind) for one in screens.screens(made)] == [("Title", "title"), ("First?", "lab")]
    assert [len(one.said) for one in screens.screens(made)] == [0, 1]


def test_a_section_that_is_not_core_is_marked_as_left_out_of_a_class():
    given = ("# T",), ("## A", "core"), ("1 + 1", "lab"), ("## B",), ("2 + 2", "lab"), ("## C", "core problem")
    found = [(screen.title, screen.not_in_class) for screen in screens.screens(cells(*given))]
    assert found == [("T", False), ("A", False), ("B", True), ("C", False)]


def test_an_author_begins_a_slide_with_code_and_leaves_out_until_the_next():
    skipped, lab = ("## Out", "", "skip"), ("labs.ask()", "lab", "-", True)
    assert seen(("# Title",), skipped, lab, ("## In\n$$ x $$", "", "slide"))[1:] == [("In", "formula")]
    assert seen(("# Title",), ("## One",), lab, ("print(1)", "", "slide"))[1:] == [("One", "lab"), ("One", "code")]
    guessed = ("# Title",), ("## One",), ("predict()", "predict")
    assert seen(*guessed, ("$$ x $$",), lab)[1:] == [("One", "guess"), ("One", "lab")]
    assert seen(*guessed, ("$$ x $$", "", "slide"), lab)[1:] == [("One", "guess"), ("One", "formula"), ("One", "lab")]


def test_of_an_exercise_a_class_sees_the_formula_alone():
    card = "## One\nText.\n\n$$ x $$\n\n### Exercise 1 ●○○ · 3 minutes\n| a |\n|---|\n"
    made = cells(("# Title",), (card, "card"))
    assert [(one.kind, one.said) for one in screens.screens(made)][1:] == [("formula", ())]


def test_the_plan_of_a_page_is_plain_data():
    plan = screens.plan(cells(("# Title",), ("## Count",), ("total = 1 + 2",)))
    kept = cells(("# Title",), ("## Keep it",), ("keep('one')",))
    code = "def softmax(x):\n    return x &lt; 1\n\n\nclass pool:\n    pass\n"
    page = f'<p>?</p><details><summary>mine/one.py</summary><pre><code style="">{code}</code></pre></details>'
    said = nbformat.v4.new_output("display_data", {"text/html": page})
    assert screens.plan(kept)[-1]["code"] == "" and kept[-1].outputs == []
    run = [kept[-1] | {"outputs": [said], "source": ["keep(", "'one')"]}]
    shown = screens.plan(kept, run)[-1]
    assert re.findall("<code>(.*?)</code>", shown["code"]) == ["mine/one.py", "softmax", "pool"]
    keys = ["cell", "code", "committed", "keep", "kind", "later", "not_in_class", "of", "said", "title"]
    assert [sorted(one) for one in plan] == [keys] * 2
    assert [bool(one["code"]) for one in plan] == [False, True] and 'class="highlight"' in plan[1]["code"]


def test_of_a_run_that_was_never_finished_the_committed_output_is_shown():
    own = cells(("# Title",), ("## Keep it",), ("keep('one')",))
    said, other = (nbformat.v4.new_output("stream", text=text) for text in ("mine/one.py", "half of it"))
    error = nbformat.v4.new_output("error", ename="KeyboardInterrupt", evalue="", traceback=[])
    run = [own[-1] | {"outputs": [said]}]
    stopped = nbformat.v4.new_output("display_data", data={"text/html": '<p class="course-stopped">■ …</p>'})
    for outputs, count, source, committed in [
        ([], None, "keep('one')", [said]),
        ([other], None, "keep('one')", [said]),  # saved while it ran
        ([other, error], 7, "keep('one')", [said]),
        ([other, stopped], 7, "keep('one')", [said]),
        ([other], 7, "keep('one')", []),
        ([], None, "keep('two')", []),
    ]:
        own[-1] |= {"outputs": outputs, "execution_count": count, "source": source}
        assert list(screens.plan(own, run)[-1]["committed"]) == committed


def test_below_a_formula_stands_its_code_and_the_answer_to_an_exercise_comes_at_a_press():
    made = "def mean(x):\n    total = sum(x)\n    return total / len(x)"
    definition, exercise = (made, "definition"), ("@exercise('mean')\ndef mean(x): ...", "exercise")
    answer = (f"<details><summary>?</summary>\n\n```python\n{made}\n```\n\n</details>\n\nText", "solution")
    card = ("### Exercise 1 ●○○ · 3 minutes", "card")
    for given, later in (((definition,), False), ((card, exercise, answer), True), ((definition, card, answer), True)):
        screen = screens.screens(cells(("# Title",), ("## One\n$$ x $$",), *given))[1]
        assert (screen.kind, screen.code.code, screen.later, bool(screen.of)) == ("formula", made, later, not later)
    for thing in (("## One\n$$ x $$",), ("labs.ask()", "lab", "-", True)):  # else a line of the section
        found = cells(("# Title",), ("## One",), thing, ("x = 1",))
        screen = screens.screens(found)[1]
        assert (screen.code.code, screen.later, screen.of) == ("x = 1", True, found[-1]["id"])


def test_an_author_names_the_lines_that_a_screen_is_about():
    made = cells(("# Title",), ("## One",), ("a = 1\nb = a + 1\nc = b",))
    made[2].metadata["slideshow"]["point"] = ["a + 1"]
    assert screens.screens(made)[1].code.lit == (1,)


def test_what_should_have_a_screen_and_has_none_is_named():
    lesson = cells(
        ("## One", "core"), ("Text\n\n$$ a = b $$", ""), ("x = 1", "lab", "subslide"), ("**Keep this:** a.", "keep"),
        ("**Keep this:** b.", "keep"), ("Text\n```python\nreturn a * b\n```", "solution"),
    )  # fmt: skip
    named = screens.without_screen(lesson)
    assert "One: a line to keep" in named and len([one for one in named if "keep" in one]) == 1
    assert (
        len(screens.without_screen(lesson * 30)) > len(named) and "at most 20" in screens.without_screen(lesson * 30)[0]
    )
