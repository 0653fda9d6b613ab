"""A verdict as a card and as text; hints and squares; and one's own function after ✗, to be looked at."""

import html.parser
import re
import traceback

import nbformat
import pytest
import torch
from unit.small_exercises import DOUBLE, SCALE, SHARES, Scale, T, in_cell, small

from course_kit import exercises as kit
from course_kit.exercises import again, exercise, find_error, hint, registry, show, solution
from course_kit.exercises.cells import Place, places
from course_kit.exercises.judge import judge
from course_kit.exercises.show import array, hints_note, verdict_note
from course_kit.markup import inline

registry.load()
HINTS = ("Look.", "Nearer.")


class Reader(html.parser.HTMLParser):
    """What a page says, and whether each tag is closed."""

    def __init__(self, page):
        super().__init__()
        self.open, self.text, self.roles = [], "", []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)
        self.roles += [value for name, value in attributes if name == "role"]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data + " "


def squeezed(text):
    return re.sub(r"[\s`*]+", "", text)


def page(one, answer, **more):
    return verdict_note(judge(one, answer), "own", **more).page


class TestCard:
    @pytest.mark.parametrize("answer", [lambda x: 2 * x, lambda x: x @ x, lambda x: print("<b>", 3 * x)])
    def test_html_and_text_say_the_same(self, answer):
        note = verdict_note(judge(DOUBLE, answer), "own")
        reader = Reader(note.page)
        assert reader.open == [] and reader.roles == ["status"]
        shown, text = squeezed(reader.text), squeezed(note.text)
        head = re.match("(✓Right,onall.inputs|✗Notyet(:anerror)?)·small", shown)[0]  # a line of its own, in the page
        assert shown.removeprefix(head) == re.sub("^(✓small:right,onall.inputs.|✗small:notyet.)", "", text)
        assert "<b>" not in note.page and "<script" not in note.page
        assert note._repr_mimebundle_()[0]["text/plain"] == note.text == repr(note)

    def test_before_a_first_try_one_line_since_the_card_has_the_task(self):
        def stub(x):
            raise NotImplementedError

        note = verdict_note(judge(SHARES, stub), "own")
        until = "Until then the notebook goes on with the course's own `own`."
        assert note.text == f"○ shares: not solved yet. {until}" and "<details" not in note.page

    def test_colours_are_the_page_s_and_states_are_told_apart_at_a_glance(self):
        card = page(DOUBLE, lambda x: x)
        assert "currentColor" in card and "#" not in card.replace(show.BRICK, ""), "mixed with the page's ink"
        stamps = {state: show.stamp(state) for state in show.SIGNS}
        looks = {re.search(r"line-height:1;([^\"]*)", stamp)[1] for stamp in stamps.values()}
        assert len(looks) == len(show.SIGNS) and all(show.SIGNS[state] in stamp for state, stamp in stamps.items())

    def test_numbers_that_differ_are_marked_in_place(self):
        before, after = page(DOUBLE, lambda x: 2 * x + (x > 6)).split("doubled, yours")
        assert "<mark" not in before and after.count("<mark") == 1 and ">14</mark>" in after
        assert page(SCALE, type("Mine", (Scale,), {"forward": lambda self, x: 3 * x[:1]})).count("<mark") == 1
        word = page(small(lambda x: "sum", {"x": 1}), lambda x: "<b>")
        assert "&lt;b&gt;</mark>" in word and "<b>" not in word

    def test_hints_are_folded_in_and_the_first_opens_at_the_third_attempt(self):
        for attempts, opened in ((0, 0), (2, 0), (3, 1), (9, 1)):
            card = page(DOUBLE, lambda x: x, hints=HINTS, attempts=attempts)
            assert card.count("<details>") == 2 - opened and card.count("<details open>") == opened
            assert card.index("Hint 1 of 2") < card.index("Look.") < card.index("Hint 2 of 2") < card.index("Nearer.")
        assert "<details" not in page(DOUBLE, lambda x: 2 * x, hints=HINTS)

    def test_the_squares_of_a_lesson_fill_up_and_those_of_its_annex_apart(self):
        solved = [True, False, True], [True, False]
        note = verdict_note(judge(DOUBLE, lambda x: 2 * x), "own", solved=solved)
        assert "■□■ 2 of 3" in note.text and "■□ 1 of 2" in note.text
        assert "■" not in verdict_note(judge(DOUBLE, lambda x: x), "own", solved=solved).text


def test_an_exercise_has_its_place_and_a_section_is_not_linked_from_within(tmp_path, monkeypatch):
    text, code = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell
    first = [text("# 0 · Title\n## One thing\n### Then"), text("## Two: three\n### Exercise 1")]
    for name, made in (("00_x", [*first, code('@exercise("weighted average")\ndef mine(): ...')]), ("00_x_annex", [])):
        made = nbformat.v4.new_notebook(cells=made or [code('@find_error("b")\ndef f(): ...')])
        nbformat.write(made, tmp_path / f"{name}.ipynb")
    found = places(tmp_path, 0)
    here = Place(False, ("Two:-three", "Exercise-1"))
    assert found == {"weighted average": here, "b": Place(True, ())}
    shown = []
    monkeypatch.setattr(kit, "display", lambda note: shown.append(note.text))
    for under in here.under, ("How-an-exercise-works",):
        monkeypatch.setattr(kit, "places", lambda *_, under=under: {"weighted average": Place(False, under)})
        exercise("weighted average")(registry.find("weighted average").reference)
    assert "How an exercise works" in shown[0] and "How an exercise works" not in shown[1]


def test_inline_code_and_words():
    code = '<code style="white-space:nowrap">a &lt; b</code>'
    assert inline("`a < b` and *not* 2 * 3 * 4") == f"{code} and <em>not</em> 2 * 3 * 4"
    assert inline(f"`{'long ' * 10}`") == f"<code>{'long ' * 10}</code>"


@pytest.mark.parametrize(
    ("x", "text"),
    [(T([1.0, 0.25, -3.0]), "[1, 0.25, −3]"), (T([-0.0, 0.0, -0.5]), "[0, 0, −0.5]"),
     (T([[0.5, 10.0], [100.0, 0.125]]), "[[0.5,    10],\n [100, 0.125]]"), (T([True, False]), "[True, False]"),
     (T(2.5), "2.5"), (T([1e-7, 2e7, float("nan"), float("inf")]), "[1.00e−07, 2.00e+07, nan, inf]"),
     (torch.arange(30), "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, …]"), (torch.zeros(0, 3), "[] (shape [0, 3])"),
     (torch.zeros(1, 1, 2), "[[[0, 0]]]"), (torch.zeros(3, 1, 1), "[[[0]],\n\n [[0]],\n …]")],
)  # fmt: skip
def test_arrays_one_can_read(x, text):
    assert array(x) == text


def test_hints_unfold_one_in_the_other_and_a_solution_is_source_and_nothing_else(capsys):
    hint(DOUBLE)
    assert capsys.readouterr().out == "Hints: small\n  1. Look.\n  2. Nearer.\n"
    folded = hints_note("small", HINTS).page
    assert re.search(r"<details>.*Look\.</p><details>.*Nearer", folded) and Reader(folded).open == []
    solution("leave-one-out mask")
    said = capsys.readouterr().out
    assert said.startswith("def ") and "torch.eye(size" in said and "chapters." not in said


# ---- one cell after another


@pytest.fixture
def cell(monkeypatch):
    """cell(body) checks a text for "weighted average" as a cell would -> what is shown."""
    shown = []
    monkeypatch.setattr(kit, "display", shown.append)

    def run(body):
        in_cell(f'@exercise("weighted average")\ndef mine(weights, values):\n    {body}\n')
        return shown[-1]

    return run


def test_attempts_are_counted_where_there_is_a_workbook(cell, tmp_path, monkeypatch):
    (tmp_path / ".course.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    cards = [cell(f"return values.{name}()").page for name in ("mean", "max", "min")]
    assert ["<details open>" in card for card in cards] == [False, False, True]


class TestAgain:
    def test_is_ones_own_function_with_the_inputs_that_failed(self, capsys):
        bound = exercise(SHARES)(own := lambda x: (x.max() if len(x) > 2 else x.mean(), x / x.sum()))
        assert 'again("shares")' in capsys.readouterr().out
        mine, inputs = again(SHARES)
        assert bound is SHARES.reference and mine is own and inputs.x.tolist() == [1, 2, 3, 4]
        assert mine(*inputs)[0] == 4

    def test_prints_and_raises_as_in_any_cell(self, capsys):
        in_cell("@exercise(one)\ndef f(x):\n    print('here', len(x))\n    return x.sums()", one=DOUBLE)
        assert "here 2" in capsys.readouterr().out
        mine, inputs = again(DOUBLE)
        with pytest.raises(AttributeError) as caught:
            mine(*inputs)
        assert capsys.readouterr().out == "here 2\n"
        assert traceback.extract_tb(caught.tb)[-1].line == "return x.sums()"

    def test_of_a_class_is_made_with_what_the_check_gave(self):
        exercise(SCALE)(type("Mine", (Scale,), {"forward": lambda self, x: x + self.factor}))
        mine, inputs = again(SCALE)
        assert type(mine).__name__ == "Mine" and mine(*inputs).tolist() == [4, 8]
        unmade = type("Unmade", (), {"__init__": lambda self, factor: 1 / 0})
        exercise(SCALE)(unmade)
        assert again(SCALE)[0] is unmade

    def test_is_gone_when_there_is_nothing_to_look_at(self, monkeypatch):
        monkeypatch.setattr(kit, "FAILED", {})
        with pytest.raises(LookupError, match="run your cell first"):
            again("gaussian kernel")
        exercise(DOUBLE)(lambda x: x)
        exercise(DOUBLE)(lambda x: 2 * x)
        with pytest.raises(LookupError, match="“small”"):
            again(DOUBLE)


@pytest.mark.parametrize(
    ("name", "said"), [("gausian kernl", "'gaussian kernel'"), (abs, "in brackets"), ("program 1.2", "@find_error")]
)
def test_a_name_that_is_none_is_one_line(name, said):
    with pytest.raises(LookupError, match=re.escape(said)) as caught:
        exercise(name)
    assert len(caught.value._render_traceback_()) == 1
    with pytest.raises(LookupError, match="write @exercise"):
        find_error("gaussian kernel")
    assert registry.find(" Gaussian  Kernel ").name == "gaussian kernel"
