"""Answers with more than one mistake: what is recognised all the same, and when nothing may be said."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from course_kit.exercises.define import Case, Exercise, Wrong, named, some_numbers, variants, wrong_answers
from course_kit.exercises.diagnose import TWO, describe
from course_kit.exercises.judge import judge
from course_kit.exercises.properties import blind_to_later

T = torch.tensor
case = named("q", "k")


def weights(q, k):
    """q [Q, D], k [K, D] -> [Q, K]"""
    return (q @ k.T / q.shape[-1] ** 0.5).softmax(-1)


@variants
def weigh(q, k, *, root=True, scale=1.0, order=1):
    return ((q @ k.T)[:, ::order] * scale / (q.shape[-1] ** 0.5 if root else 1)).softmax(-1)


WEIGHTS = Exercise(
    name="weights",
    task="The weights of each query.",
    reference=weights,
    cases=lambda: [
        case(some_numbers(2, 3, seed=1), some_numbers(4, 3, seed=2), shown=True),
        case(some_numbers(1, 5, seed=3), some_numbers(3, 5, seed=4)),
    ],
    returns=("weights",),
    hints=("…",),
    minutes=1,
    difficulty=1,
    wrong=wrong_answers(
        weigh(root=False),
        "The root is missing.",
        weigh(scale=-1.0),
        "The sign is wrong.",
        lambda q, k: q @ k.T / q.shape[-1] ** 0.5,
        "The softmax is missing.",
    ),
)
ROOT, SIGN, SOFTMAX = WEIGHTS.wrong


def both(x):
    """x [K] > 0 -> (mean, shares [K])"""
    return x.mean(), x / x.sum()


PAIR = replace(
    WEIGHTS,
    name="pair",
    reference=both,
    cases=lambda: [Case({"x": T([1.0, 3.0, 4.0])}, shown=True), Case({"x": T([5.0])}), Case({"x": T([2.0, 7.0])})],
    returns=("mean", "shares"),
    wrong=(Wrong(lambda x: (x.sum() / 2, x / x.sum()), "This divides by two, whatever the length."),),
)


def test_two_options_of_one_program():
    verdict = judge(WEIGHTS, lambda q, k: (-q @ k.T).softmax(-1))
    assert verdict.text == f"{TWO} First: The root is missing. Second: The sign is wrong."
    assert verdict.known is ROOT and verdict.here == 0


def test_options_that_exclude_each_other_are_no_pair():
    same = replace(WEIGHTS, wrong=(ROOT, Wrong(weigh(root=True, scale=2.0), "Twice."), SOFTMAX))
    assert not judge(same, lambda q, k: (2 * q @ k.T).softmax(-1)).text.startswith("Two mistakes")


@pytest.mark.parametrize(
    ("step", "second"),
    [
        (lambda x: x.T, "The result is transposed: rows and columns have changed places."),
        (lambda x: x * 3, "The result is three times what it should be: look for a factor."),
        (lambda x: -x, "The result is of the opposite sign: is a minus missing, or one too many?"),
        (lambda x: x + 0.5, "The result is 0.5 too large everywhere."),
    ],
)
def test_a_known_one_and_a_last_step(step, second):
    verdict = judge(WEIGHTS, lambda q, k: step((q @ k.T).softmax(-1)))
    assert verdict.text == f"{TWO} First: The root is missing. Second: {second}"
    assert verdict.known is ROOT


def test_a_known_one_and_results_exchanged():
    verdict = judge(PAIR, lambda x: (x / x.sum(), x.sum() / 2))
    assert verdict.text.endswith("by two, whatever the length. Second: The results are in the wrong order.")


def test_what_is_one_step_from_right_is_not_a_known_one_and_a_step():
    """A known mistake may itself be one step from right; then the answer is that mistake and two steps."""
    scores = replace(WEIGHTS, reference=lambda q, k: q @ k.T, wrong=(Wrong(lambda q, k: -q @ k.T, "Negated."),))
    assert judge(scores, lambda q, k: 2 * q @ k.T).text.startswith("Right, but twice what it should be")
    exchanged = replace(PAIR, wrong=(Wrong(lambda x: both(x)[::-1], "The wrong way round."),))
    text = judge(exchanged, lambda x: (both(x)[0] + 0j, both(x)[1])).text
    assert text.startswith("In `mean`: The right entries, but complex numbers"), text


def test_on_some_inputs_the_best_one_first():
    """Without the root where there are several queries, and something else where there is one."""
    verdict = judge(WEIGHTS, lambda q, k: (q @ k.T).softmax(-1) if len(q) > 1 else (q @ k.T).sigmoid())
    assert verdict.text == "On this input it looks like this mistake: The root is missing."
    assert verdict.known is ROOT and verdict.here == 0
    verdict = judge(WEIGHTS, lambda q, k: (q @ k.T).softmax(-1) if len(q) == 1 else (q @ k.T).sigmoid())
    assert verdict.known is ROOT and verdict.here == 1, "the input on which it looks so is the one that is shown"


def test_in_one_part_of_the_result():
    verdict = judge(PAIR, lambda x: (x.sum() / 2, x.flip(0).exp()))
    assert verdict.known is PAIR.wrong[0] and verdict.text.startswith("On this input it looks like this mistake")
    assert "The rest is right" not in verdict.text


def test_in_the_numbers_that_a_mistake_touches():
    def halved(q, k, rest=1):
        first, others = weights(q, k).split([2, len(k) - 2], dim=-1)
        return torch.cat([first / 2, others * rest], dim=-1)

    verdict = judge(replace(WEIGHTS, wrong=(Wrong(halved, "Halved."),)), lambda q, k: halved(q, k, rest=3))
    assert verdict.text == "On this input it looks like this mistake: Halved."


def test_the_same_number_by_chance_is_no_recognition():
    """One truth value, one zero: many a mistake gives that."""
    yes = replace(WEIGHTS, reference=lambda q, k: bool(len(q) > 1), returns=("several",))
    yes = replace(yes, wrong=(Wrong(lambda q, k: bool(len(q) == 3), "Counted three."),))
    yes = replace(yes, cases=lambda: [case(torch.ones(n, 2), torch.ones(2, 2), shown=n == 1) for n in (1, 2, 3)])
    assert judge(yes, lambda q, k: bool(len(q) == 1)).known is None


@pytest.mark.parametrize("says", [("yes", "no"), (True, False)])
def test_of_two_words_the_wrong_one_is_no_recognition(says):
    """Where there are only two answers, any mistake gives the same wrong one."""
    yes = replace(WEIGHTS, reference=lambda q, k: says[len(q) > 2], returns=("large",))
    yes = replace(yes, wrong=(Wrong(lambda q, k: says[len(q) > 5], "Too late."),))
    yes = replace(yes, cases=lambda: [case(torch.ones(n, 2), torch.ones(2, 2), shown=n == 1) for n in range(1, 7)])
    assert judge(yes, lambda q, k: says[len(q) == 6]).known.hint == "Too late."
    assert judge(yes, lambda q, k: says[2 < len(q) < 4]).known is None


@pytest.mark.parametrize(("same", "known"), [(1, False), (2, True)])
@pytest.mark.parametrize("form", [float, lambda x: x])
def test_a_single_number_must_be_the_same_on_two_inputs(same, known, form):
    def total(change):
        return lambda q, k: form(change(q.sum() * k.sum(), len(q)))

    one = replace(WEIGHTS, reference=total(lambda x, n: x), wrong=(Wrong(total(lambda x, n: x / 3), "A third."),))
    one = replace(one, cases=lambda: [case(some_numbers(n, 2, seed=n), T([[1.7]]), shown=n == 1) for n in (1, 2, 3)])
    verdict = judge(one, total(lambda x, n: x / 3 if n <= same else x**2 + 9))
    assert (verdict.known is not None) == known, verdict.text


def test_what_explains_less_than_half_is_not_named():
    def first(q, k):
        return weights(q, k) + T([0.1, 0.2, 0.0, 0.0])

    def further(q, k):
        return first(q, k) + T([0.0, 0.0, 0.3, 0.3])

    mistake = replace(WEIGHTS, wrong=(Wrong(first, "At the first two."),))
    mistake = replace(mistake, cases=lambda: [case(some_numbers(2, 3, seed=1), some_numbers(4, 3, seed=2), shown=True)])
    assert judge(mistake, further).known is None, "two of four numbers"


@pytest.mark.parametrize(("same", "known"), [(2, False), (3, True)])
def test_a_mask_must_be_the_same_on_three_inputs(same, known):
    """Other masks of so few numbers are the same by chance."""
    mask = replace(WEIGHTS, reference=lambda q, k: q[:, 0] > 2, wrong=(Wrong(lambda q, k: q[:, 0] > 9, "Too high."),))
    mask = replace(mask, cases=lambda: [case(T([[n + 0.0], [n + 1.0]]), T([[1.0]]), shown=n == 3) for n in range(3, 8)])
    verdict = judge(mask, lambda q, k: q[:, 0] > 9 if q[0, 0] < 3 + same else T([True, False]))
    assert (verdict.known is not None) == known, verdict.text


def test_a_right_property_of_an_answer_is_not_called_wrong():
    verdict = judge(WEIGHTS, lambda q, k: (q @ k.T).sigmoid())
    assert verdict.known is None and "Two mistakes" not in verdict.text


def test_an_error_on_one_input_and_a_mistake_on_another():
    def answer(q, k):
        if len(q) > 1:
            raise IndexError("too far")
        return (q @ k.T).softmax(-1)

    verdict = judge(WEIGHTS, answer)
    assert verdict.text.startswith("It stops with IndexError") and verdict.known is ROOT
    assert verdict.notes == ("On another input it looks like this mistake: The root is missing.",)


class TestNeverUsed:
    def test_is_named(self):
        verdict = judge(WEIGHTS, lambda q, k: k.sum(-1).sigmoid().expand(len(q), -1))
        assert verdict.text == "`q` has no effect: whatever it holds, the result is the same."
        assert verdict.known.hint == verdict.text

    def test_beside_a_known_mistake(self):
        keys = Wrong(lambda q, k: (k @ k.T).softmax(-1)[: len(q)], "The keys are their own queries.")
        verdict = judge(replace(WEIGHTS, wrong=(keys,)), lambda q, k: keys.answer(q, k) + 0.1 * (len(q) == 1))
        assert verdict.text.startswith("`q` has no effect")
        assert verdict.notes == ("Besides, it looks like this mistake: The keys are their own queries.",)

    def test_where_the_shape_is_wrong_that_comes_first(self):
        verdict = judge(WEIGHTS, lambda q, k: k.sum(-1).sigmoid())
        assert verdict.text.startswith("Its shape is [4], needed: [2, 4].") and "`q` has no effect" in verdict.notes[0]

    def test_not_where_only_a_small_change_is_hidden(self):
        """An argmax does not move with every change of its input: that input is used."""
        largest = replace(WEIGHTS, reference=lambda q, k: (q @ k.T).argmax(-1), wrong=())
        assert "has no effect" not in judge(largest, lambda q, k: q.argmax(-1) + 1).text.partition("`k`")[0]

    def test_not_where_a_maximum_hides_it(self):
        q, k = torch.tensor([[1.0, 2.0]]), torch.tensor([[4.0, 5.5]])
        larger = replace(WEIGHTS, reference=lambda q, k: q + k, wrong=(), cases=lambda: [case(q, k, shown=True)])
        assert "has no effect" not in judge(larger, lambda q, k: torch.maximum(q, k) * 0.9).text
        assert "has no effect" not in judge(larger, lambda q, k: torch.minimum(q, k) * 0.9).text

    def test_not_where_the_reference_does_not_use_it_either(self):
        one = replace(WEIGHTS, reference=lambda q, k: q.softmax(-1), wrong=())
        assert "has no effect" not in judge(one, lambda q, k: q.sigmoid()).text

    def test_not_of_a_result_that_is_nonsense(self):
        verdict = judge(WEIGHTS, lambda q, k: torch.zeros(len(q), len(k)))
        assert verdict.text == "It gives 0 everywhere. Does what comes in reach its result?"

    @pytest.mark.parametrize(
        ("value", "other"), [(2, 3), (0.5, 1.0), (True, False), ([1, 2, 3], [3, 2, 1]), ((1, 2), (2, 1))]
    )
    def test_numbers_and_lists_count_as_inputs(self, value, other):
        factor = {"task": "…", "hints": ("…",), "minutes": 1, "difficulty": 1, "returns": ("x",)}
        by = lambda x, n: x * torch.as_tensor(n).double().flatten()[0] + 1  # noqa: E731
        cases = lambda: [Case({"x": some_numbers(3, seed=1), "n": value}, shown=True)]  # noqa: E731
        one = Exercise("factor", reference=by, cases=cases, **factor)
        assert judge(one, lambda x, n: x.exp()).text.startswith("`n` has no effect")
        assert "has no effect" not in judge(one, lambda x, n: by(x, n).exp() ** 2).text

    def test_a_number_that_has_to_divide_a_size_counts_too(self):
        cut = {"task": "…", "hints": ("…",), "minutes": 1, "difficulty": 1, "returns": ("x",)}
        pieces = lambda x, n: x.reshape(n, -1).exp().mT  # noqa: E731
        cases = lambda: [Case({"x": some_numbers(12, seed=1), "n": n}, shown=n == 2) for n in (2, 4)]  # noqa: E731
        one = Exercise("pieces", reference=pieces, cases=cases, **cut)
        verdict = judge(one, lambda x, n: x.reshape(2, -1).exp().mT)
        assert "`n` has no effect" in " ".join([verdict.text, *verdict.notes])


class TestTheRest:
    """ "The rest is right." is said only of results that were all seen, and are."""

    def test_said(self):
        assert judge(PAIR, lambda x: (x.max(), x / x.sum())).text.endswith("The rest is right.")

    def test_not_said_where_another_input_shows_more(self):
        def answer(x):
            return x.max(), x / x.sum() * (len(x) != 2)

        assert "The rest is right" not in judge(PAIR, answer).text

    def test_not_said_where_another_input_has_no_result(self):
        def answer(x):
            return x.max() + 1 / (len(x) - 1), x / x.sum()

        assert "The rest is right" not in judge(PAIR, answer).text

    def test_parts_behind_the_one_that_is_named_count(self):
        got, want = (T([1.0, 2.0]), T([3.0, 5.0])), (T([1.0, 2.5]), T([4.0, 5.0]))
        assert "The rest" not in describe(("a", "b"), [(got, want)], everything=True)


def test_looking_further_ends_in_time(monkeypatch):
    """An answer that takes its time on each call is judged, and looked at no longer than the engine allows."""
    import time

    monkeypatch.setattr("course_kit.exercises.judge.LOOKING", 0.3)

    def slow(q, k):
        time.sleep(0.1)
        return q @ k.T

    before = time.monotonic()
    verdict = judge(replace(WEIGHTS, wrong=(SIGN,)), slow)
    assert verdict.state == "wrong" and isinstance(verdict.arrays["weights, yours"], Tensor)
    assert time.monotonic() - before < 3


# ---- what would be said by chance


def test_an_answer_that_is_right_but_for_a_changed_input_has_no_two_mistakes():
    """Two known mistakes together may undo each other; then the result is right, and that is what is said."""

    def in_place(q, k):
        q /= q.shape[-1] ** 0.5
        return (q @ k.T).softmax(-1)

    verdict = judge(WEIGHTS, in_place)
    assert verdict.text.startswith("The result is right, but it changes its input `q`")
    assert verdict.known.hint == verdict.text


def test_a_changed_input_comes_before_a_mistake_that_it_looks_like_on_one_input():
    def in_place(q, k):
        """Right on one query; of two, the weights of the second are those without the root."""
        scores = q @ k.T / q.shape[-1] ** 0.5
        q += 1
        scores[1:] *= k.shape[-1] ** 0.5
        return scores.softmax(-1)

    verdict = judge(WEIGHTS, in_place)
    assert verdict.text.startswith("It changes its input `q`") and "differ" in verdict.notes[0]


def test_a_known_mistake_is_not_one_with_a_factor_of_one():
    """On the inputs that fail the answer does as the known mistake does, and elsewhere it is right."""

    def sometimes(q, k):
        return (q @ k.T / (q.shape[-1] ** 0.5 if len(q) == 1 else 1)).softmax(-1)

    verdict = judge(WEIGHTS, sometimes)
    assert "1 times" not in verdict.text and TWO not in verdict.text


COUNT = replace(
    WEIGHTS,
    name="count",
    reference=lambda q, k: len(torch.unique(k, dim=0)),
    cases=lambda: [case(T([[1.0]]), T([[1.0], [1.0]]), shown=True), case(T([[2.0]]), T([[3.0], [3.0]]))],
    returns=("count",),
    wrong=(),
)


def test_of_a_count_nobody_says_that_an_input_is_never_used():
    verdict = judge(COUNT, lambda q, k: len(torch.unique(k, dim=1)) - 1)
    assert "has no effect" not in verdict.text


def test_a_result_whose_shape_is_right_only_by_chance_is_shown_on_another_input():
    rows = replace(
        WEIGHTS,
        name="mean",
        reference=lambda q, k: k.mean(),
        cases=lambda: [case(T([[1.0]]), T([[1.0, 2.0]]), shown=True), case(T([[2.0]]), T([[3.0, 5.0], [4.0, 4.5]]))],
        returns=("mean",),
        wrong=(),
    )
    text = judge(rows, lambda q, k: k.mean(-1)).text
    assert text == "Its shape is [1], needed: []. On another input it is [2], needed: []."


def test_rows_that_are_one_row_again_and_again_are_told():
    steps = replace(
        WEIGHTS,
        name="steps",
        reference=lambda q, k: k.cumsum(0),
        cases=lambda: [case(T([[1.0]]), T([[1.0, 2.0], [3.0, 5.0]]), shown=True)],
        returns=("states",),
        properties=(blind_to_later("k"),),
        wrong=(),
    )

    def one_tensor(q, k):
        state, rows = torch.zeros(k.shape[1]), []
        for row in k:
            state += row
            rows.append(state)
        return torch.stack(rows)

    assert judge(steps, one_tensor).text.startswith("All rows are the same. Is one tensor changed again and again")
    assert "a later token" in judge(steps, lambda q, k: k.flip(0).cumsum(0).flip(0)).text


def test_a_property_is_not_said_to_be_broken_by_chance():
    """An answer that is another at each call breaks nearly everything."""
    later = replace(WEIGHTS, properties=(blind_to_later("k", axis=-1),), wrong=())
    assert "a later token" not in judge(later, lambda q, k: torch.rand(len(q), len(k))).text


def test_of_truth_values_nobody_says_that_they_are_in_another_order():
    checks = replace(
        WEIGHTS,
        name="checks",
        reference=lambda q, k: (q.sum(), True, False),
        returns=("sum", "one", "other"),
        wrong=wrong_answers(lambda q, k: (q.sum(), False, True), "Both are wrong."),
    )
    assert "another order" not in judge(checks, lambda q, k: (q.sum() + 1, True, True)).text


def test_one_number_everywhere_on_one_input_is_no_input_that_is_not_read():
    halves = replace(
        WEIGHTS,
        name="halves",
        reference=lambda q, k: k.cumsum(-1),
        cases=lambda: [case(T([[1.0]]), T([[1.0, 2.0]]), shown=True), case(T([[2.0]]), T([[3.0, 5.0]]))],
        returns=("sums",),
        wrong=(),
    )
    some = judge(halves, lambda q, k: k.cumsum(-1) if q.item() == 1 else torch.full_like(k, 0.5))
    assert some.text == "It gives 0.5 everywhere."
    assert judge(halves, lambda q, k: torch.full_like(k, 0.5)).text.endswith("Does what comes in reach its result?")
