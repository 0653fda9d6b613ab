"""One's own function after ✗: with its inputs, its prints, its errors; and what stands in a cell that is not done."""

import linecache
import traceback
from dataclasses import replace

import pytest
import torch
from torch import nn

from course_kit.exercises import again, compare, exercise, find_error, show
from course_kit.exercises.define import Case, Exercise, FindError
from course_kit.exercises.judge import chosen, judge
from course_kit.exercises.show import verdict_note
from course_tools.classroom import catalogue

catalogue.load()
T = torch.tensor
SHARED = {"task": "…", "hints": ("Look.", "Nearer."), "minutes": 1, "difficulty": 1}


def total(x, power=1):
    """x [K] -> the sum of its powers"""
    return (x**power).sum()


TOTAL = Exercise(
    name="total",
    reference=total,
    cases=lambda: [
        Case({"x": T([1.0, 2.0])}, shown=True),
        Case({"x": T([1.0, 2.0, 3.0])}, keywords={"power": 2}),
    ],
    returns=("sum",),
    **SHARED,
)


class Scale(nn.Module):
    """x -> factor · x"""

    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def forward(self, x):
        return self.factor * x


SCALE = Exercise(
    name="scale",
    reference=Scale,
    cases=lambda: [Case({"x": T([1.0, 5.0])}, init=(3,), shown=True)],
    returns=("x",),
    **SHARED,
)


CUTTING = {
    "numpy": lambda x, power=1: (x.numpy() ** power).sum(),
    "detach": lambda x, power=1: (x.detach() ** power).sum(),
    "item": lambda x, power=1: torch.tensor(sum(one.item() ** power for one in x)),
}


@pytest.mark.parametrize("how", CUTTING)
def test_a_right_answer_that_cuts_gradients_off_leaves_training_to_the_course(how):
    answer = CUTTING[how]
    verdict = judge(TOTAL, answer)
    assert verdict.right
    assert any("No gradient passes through it" in note for note in verdict.notes)
    usable = chosen(TOTAL, answer, verdict)
    assert usable(T([1.0, 2.0])) == 3 and isinstance(usable(T([1.0, 2.0])), torch.Tensor)
    weights = nn.Parameter(T([1.0, 2.0]))
    usable(weights, power=2).backward()
    assert weights.grad.tolist() == [2.0, 4.0]


@pytest.mark.parametrize("answer", [total, lambda x, power=1: sum(one**power for one in x)])
def test_nothing_is_said_of_gradients_where_they_pass(answer):
    verdict = judge(TOTAL, answer)
    assert verdict.right and not verdict.cuts and not any("gradient" in note for note in verdict.notes)
    assert chosen(TOTAL, answer, verdict) is answer


@pytest.fixture(autouse=True)
def shown(capsys):
    """Verdicts are printed; a test that looks at them asks for what was printed since."""
    return lambda: capsys.readouterr().out


def answered(*lines, name="mine", **names):
    """The names after a cell in which a function of x and power is checked as TOTAL. lines: its body."""
    return in_cell("\n    ".join([f"@exercise(one)\ndef {name}(x, power=1):", *lines]), one=TOTAL, **names)


def in_cell(source, **names):
    """The names after a cell with this source, whose lines an error can show."""
    file = f"<cell {len(linecache.cache)}>"
    linecache.cache[file] = (len(source), None, source.splitlines(True), file)
    space = {"exercise": exercise, "find_error": find_error, "torch": torch, **names}
    exec(compile(source, file, "exec"), space)
    return space


class TestAgain:
    def test_is_ones_own_function_with_the_inputs_that_failed(self, shown):
        bound = exercise(TOTAL)(own := lambda x, power=1: x.mean() * 2)
        assert 'Look closer: `mine, inputs = again("total")`, then `mine(*inputs)`.' in shown()
        mine, inputs = again(TOTAL)
        assert bound is total and mine(*inputs) == 4 and inputs.x.tolist() == [1, 2, 3]
        assert mine.func is own and mine.keywords == {"power": 2}, "what is passed by name is passed already"

    def test_prints_and_raises_as_in_any_cell(self, shown):
        assert answered("print('here', len(x))", "return x.sums()")["mine"] is total
        assert "On this input it printed:\nhere 2" in shown()
        mine, inputs = again(TOTAL)
        with pytest.raises(AttributeError) as caught:
            mine(*inputs)
        assert shown() == "here 2\n" and traceback.extract_tb(caught.tb)[-1].line == "return x.sums()"

    def test_of_a_class_is_made_with_what_the_check_gave(self):
        class Mine(Scale):
            def forward(self, x):
                return x + self.factor

        exercise(SCALE)(Mine)
        mine, inputs = again(SCALE)
        assert type(mine) is Mine and mine(*inputs).tolist() == [4, 8]

    def test_of_a_class_that_cannot_be_made_is_the_class(self):
        class Mine:
            def __init__(self, factor):
                raise ValueError("no")

        exercise(SCALE)(Mine)
        assert again(SCALE)[0] is Mine

    def test_of_a_function_that_calls_itself_does_not_call_the_courses(self):
        space = answered("return x[0] + total(x[1:]) if len(x) else 1.0", name="total")
        assert space["total"] is total
        mine, inputs = again(TOTAL)
        assert mine(*inputs) == 4, "1 + 2, and the 1 at its end"
        assert mine.__name__ == "total" and space["total"] is total, "outside, the name is the course's"

    def test_is_gone_when_there_is_nothing_to_look_at(self, monkeypatch):
        monkeypatch.setattr("course_kit.exercises.FAILED", {})
        with pytest.raises(LookupError, match="run your cell first"):
            again("gaussian kernel")
        with pytest.raises(LookupError, match="Is it one of these"):
            again("gausian kernl")
        exercise(TOTAL)(lambda x, power=1: x.mean())
        exercise(TOTAL)(lambda x, power=1: (x**power).sum())
        with pytest.raises(LookupError, match="'total'"):
            again(TOTAL)

    def test_inputs_are_fresh_each_time(self):
        exercise(TOTAL)(lambda x, power=1: x.zero_().sum())
        mine, inputs = again(TOTAL)
        mine(*inputs)
        exercise(TOTAL)(lambda x, power=1: x.zero_().sum())
        assert again(TOTAL)[1].x.tolist() == [1, 2]


class TestPrints:
    def test_are_those_of_the_input_that_is_shown(self):
        def answer(x, power=1):
            print("sizes", len(x))
            return x.sum()

        verdict = judge(TOTAL, answer)
        assert verdict.here == 1 and verdict.notes == ("On this input it printed:\nsizes 3",)

    @pytest.mark.parametrize(("lines", "more"), [(20, []), (21, ["…"]), (500, ["…"])])
    def test_are_twenty_lines(self, lines, more):
        verdict = judge(TOTAL, lambda x, power=1: print(*range(lines), sep="\n"))
        printed = next(note for note in verdict.notes if "it printed" in note).splitlines()
        assert printed == ["On this input it printed:", *map(str, range(20)), *more]


class TestOwnName:
    def test_calling_itself_is_right_where_it_is(self, shown):
        body = "return x[0] ** power + summed(x[1:], power) if len(x) else torch.zeros(())"
        assert answered(body, name="summed")["summed"](T([1.0, 2.0])) == 3 and "✓ total" in shown()

    def test_a_right_answer_is_not_the_courses_under_ones_own_name(self, shown):
        """After a ✗ the name is the course's function: an answer that only hands on must not be taken for it."""
        assert answered("return total(x, power)", name="total")["total"] is total
        assert answered("return total(x, power)", name="total", total=total)["total"] is total
        assert shown().count("✗ total: not yet. It stops with RecursionError") == 2

    def test_in_a_class(self):
        source = "@exercise(one)\nclass Scale:\n    def __init__(self, factor): self.inner = Scale(factor)"
        space = in_cell(source, one=SCALE)
        exec(source, space)
        assert space["Scale"] is Scale

    def test_exit_is_put_back(self, shown):
        space = answered("exit()")
        assert "It ends with `exit()`. A function hands on its result with `return`." in shown()
        assert "exit" not in space and "quit" not in space
        assert answered("quit()", quit="mine")["quit"] == "mine" and "It ends with `exit()`" in shown()


class TestClumsy:
    @pytest.mark.parametrize("raising", [lambda: torch.zeros(10**13), lambda: (_ for _ in ()).throw(MemoryError)])
    def test_out_of_memory_is_said_in_words(self, raising):
        text = judge(TOTAL, lambda x, power=1: raising()).text
        assert text == "It needs more memory than there is. Which of its tensors becomes so large? Print the shapes."

    def test_a_raise_left_below_ones_own_code(self, shown):
        answered("y = x.sum()", "raise NotImplementedError")
        text = shown()
        assert text.startswith("○ total: not solved yet")
        assert "There is code, but the line `raise NotImplementedError` is still in it. Delete that line." in text
        answered('"""What it does."""', "raise NotImplementedError")
        assert "is still in it" not in shown()

    def test_a_right_result_on_one_input_and_an_error_on_another(self):
        """The result is not called right where another input has none."""

        def answer(x, power=1):
            if power > 1:
                raise ValueError("power")
            result = x.sum()
            x.zero_()
            return result

        verdict = judge(TOTAL, answer)
        assert verdict.text.startswith("It changes its input `x`, which later lines may still need.")
        assert verdict.notes == ("On another input: It stops with ValueError: power.",)


class TestShown:
    VERDICT = judge(TOTAL, lambda x, power=1: x.mean())

    def page(self, verdict=None, **more):
        return verdict_note(verdict or self.VERDICT, "●○○", "total", **more).page

    def test_hints_are_folded_in_and_the_first_opens_at_the_third_attempt(self):
        for attempts, opened in ((0, 0), (1, 0), (2, 0), (3, 1), (9, 1)):
            page = self.page(hints=("Look.", "Nearer."), attempts=attempts)
            assert page.count("<details>") == 2 - opened and page.count("<details open>") == opened
            assert page.index("Hint 1 of 2") < page.index("Look.") < page.index("Hint 2 of 2") < page.index("Nearer.")
        assert "<details" not in self.page() and "<details" not in self.page(judge(TOTAL, total), hints=("Look.",))

    def test_attempts_are_counted_where_there_is_a_workbook(self, shown, tmp_path, monkeypatch):
        (tmp_path / ".course.json").write_text("{}")
        monkeypatch.chdir(tmp_path)
        notes = []
        monkeypatch.setattr("course_kit.exercises.display", notes.append)
        for wrong in ("x.mean()", "x.max()", "x.min()"):
            answered(f"return {wrong}")
        assert ["<details open>" in note.page for note in notes] == [False, False, True]

    def test_squares_fill_up(self):
        note = verdict_note(judge(TOTAL, total), "●○○", "total", solved=(True, False, True))
        assert note.text.endswith("■□■ 2 of 3 exercises of this chapter")
        assert note.page.count("<i ") == 3 and note.page.count("background:currentColor") == 3, "two squares and the ✓"
        assert "prefers-reduced-motion:no-preference" in note.page
        assert "■" not in verdict_note(self.VERDICT, "●○○", "total", solved=(True,)).text

    def test_numbers_that_differ_are_marked_in_place(self):
        wrong = judge(SCALE, type("Mine", (Scale,), {"forward": lambda self, x: 3 * x + (x > 1)}))
        marks = self.page(wrong).split("x, yours")[1]
        assert marks.count("<mark") == 1 and ">16</mark>" in marks and "[3, <mark" in marks
        assert "<mark" not in self.page(wrong).split("x, yours")[0]

    def test_where_the_shape_differs_all_is_marked(self):
        wrong = judge(SCALE, type("Mine", (Scale,), {"forward": lambda self, x: 3 * x[:1]}))
        assert self.page(wrong).count("<mark") == 1

    def test_a_word_that_differs_is_marked_and_safe(self):
        word = replace(TOTAL, reference=lambda x, power=1: "sum", returns=("word",))
        page = self.page(judge(word, lambda x, power=1: "<b>"))
        assert "&lt;b&gt;</mark>" in page and "<b>" not in page

    def test_long_inputs_are_folded(self):
        long = replace(TOTAL, cases=lambda: [Case({"x": torch.ones(9, 2), "y": torch.ones(9, 2)}, shown=True)])
        long = replace(long, reference=lambda x, y: x.sum())
        page = self.page(judge(long, lambda x, y: x.mean()))
        assert "<details><summary>inputs: x, y</summary>" in page
        assert page.index("</details>") < page.index("sum, yours")
        assert "<details" not in self.page()

    def test_used_is_said_after_right_only(self):
        assert "draws the curve" in self.page(judge(TOTAL, total), used="Your total draws the curve.")
        assert "draws the curve" not in self.page(used="Your total draws the curve.")

    def test_a_call_does_not_break_inside(self):
        assert '<code style="white-space:nowrap">mine, inputs = again("total")</code>' in self.page()


def test_a_misspelt_name_is_one_line():
    with pytest.raises(LookupError) as caught:
        exercise("gausian kernl")
    (line,) = caught.value._render_traceback_()
    assert line.startswith("No exercise is called 'gausian kernl'. Is it one of these: 'gaussian kernel'")


def test_stamps_are_signs_too():
    assert len(set(show.STAMPS.values())) == 3


WHOLE = FindError(
    **{**vars(SCALE), "name": "program 9.2"},
    program=(
        "class Scaled:",
        "    def __init__(self, factor):",
        "        self.factor = factor",
        "",
        "    def __call__(self, x):",
        "        return x / self.factor",
    ),
    line=6,
)


def test_a_whole_class_as_it_came_is_not_solved(shown):
    in_cell("@find_error(one)\n" + "\n".join(WHOLE.program), one=WHOLE)
    assert shown().startswith("○ program 9.2")
    in_cell("@find_error(one)\n" + "\n".join(WHOLE.program).replace("x /", "x *"), one=WHOLE)
    assert shown().startswith("✓ program 9.2: right. Line 6 it is")


def test_an_exercise_may_say_itself_what_does_not_fit():
    def run(answer, case):
        raise compare.Misfit("It returns a pair of shoes.")

    def stands(answer, case):
        return run(answer, case) if answer is not total else total(*case.args.values(), **case.keywords)

    verdict = judge(replace(TOTAL, run=stands), lambda x, power=1: x)
    assert verdict.text == "It returns a pair of shoes." and verdict.code == ""
