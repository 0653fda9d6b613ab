"""Which mistake a wrong answer is told: a known one, two at once, one on a part, an input without effect; and when
nothing may be said."""

from dataclasses import replace

import pytest
import torch
from small_exercises import T, named, small, words

from course_kit.exercises.define import Wrong, some_numbers, variants, wrong_answers
from course_kit.exercises.diagnose import TWO
from course_kit.exercises.judge import judge
from course_kit.exercises.properties import blind_to_padding


def weights(q, k):
    """q [Q, D], k [K, D] -> [Q, K]"""
    return (q @ k.T / q.shape[-1] ** 0.5).softmax(-1)


@variants
def weigh(q, k, *, root=True, scale=1.0, order=1):
    return ((q @ k.T)[:, ::order] * scale / (q.shape[-1] ** 0.5 if root else 1)).softmax(-1)


def inputs(q, k):
    return {"q": q, "k": k}


WEIGHTS = small(
    weights,
    inputs(some_numbers(2, 3, seed=1), some_numbers(4, 3, seed=2)),
    inputs(some_numbers(1, 5, seed=3), some_numbers(3, 5, seed=4)),
    returns=("weights",),
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


PAIR = small(
    both,
    *({"x": x} for x in (T([1.0, 3.0, 4.0]), T([5.0]), T([2.0, 7.0]))),
    returns=("mean", "shares"),
    wrong=(Wrong(lambda x: (x.sum() / 2, x / x.sum()), "This divides by two, whatever the length."),),
)


def only(one, *cases):
    """The exercise with these cases."""
    return replace(one, cases=small(one.reference, *cases).cases)


class TestKnown:
    def test_is_compared_by_output_on_all_inputs(self):
        verdict = judge(WEIGHTS, lambda q, k: torch.einsum("qd,kd->qk", q, k).exp().numpy())
        assert verdict.known is None
        e = lambda q, k: torch.einsum("qd,kd->qk", q, k).exp()  # noqa: E731
        verdict = judge(WEIGHTS, lambda q, k: (e(q, k) / e(q, k).sum(1, True)).numpy())
        assert (verdict.known, verdict.look, verdict.here) == (ROOT, "a_known_mistake", 0)
        assert judge(WEIGHTS, lambda q, k: (q / q.shape[-1] ** 0.5) @ k.T).known is SOFTMAX

    def test_right_where_the_mistake_is_wrong_is_not_the_mistake(self):
        """On the input that fails the answer does as the known mistake does, and elsewhere it is right."""
        verdict = judge(WEIGHTS, lambda q, k: weigh(root=len(q) == 1)(q, k))
        assert verdict.known is None and TWO not in verdict.text


class TestTwo:
    def test_options_of_one_program(self):
        verdict = judge(WEIGHTS, lambda q, k: (-q @ k.T).softmax(-1))
        assert named(WEIGHTS, verdict) == [0, 1] and verdict.text.startswith(TWO)
        assert verdict.known is ROOT and verdict.here == 0


class TestOneStep:
    def test_from_right_is_said_first(self):
        scores = replace(WEIGHTS, reference=lambda q, k: q @ k.T, wrong=(Wrong(lambda q, k: -q @ k.T, "Negated."),))
        assert judge(scores, lambda q, k: 2.5 * q @ k.T).look == "one_step_away"

    def test_an_input_that_is_changed_is_told_beside_it(self):
        verdict = judge(WEIGHTS, lambda q, k: (weights(q, k) * 4, q.zero_())[0])
        assert verdict.look == "one_step_away" and "`q`" in verdict.notes[0]
        both_at_once = judge(WEIGHTS, lambda q, k: ((q @ k.T / q.shape[-1] ** 0.5).softmax(-1), q.zero_())[0])
        assert both_at_once.look == "a_spoilt_input" and not named(WEIGHTS, both_at_once)


class TestOnAPart:
    @pytest.mark.parametrize("here", [0, 1])
    def test_of_the_inputs_and_that_input_is_shown(self, here):
        """Without the root on one input, and something else on the other."""
        verdict = judge(WEIGHTS, lambda q, k: weigh(root=False)(q, k) if len(q) == 2 - here else (q @ k.T).sigmoid())
        assert (verdict.look, verdict.known, verdict.here) == ("a_mistake_on_a_part", ROOT, here)

    def test_the_one_that_explains_most_is_named(self):
        less = lambda q, k: torch.where(torch.arange(len(k)) < 3, weigh(root=False)(q, k), weights(q, k))  # noqa: E731
        two = replace(WEIGHTS, wrong=(ROOT, Wrong(less, "In three columns.")))
        answer = lambda q, k: weigh(root=False)(q, k) if len(q) == 2 else (q @ k.T).sigmoid()  # noqa: E731
        assert judge(two, answer).known is ROOT and judge(replace(two, wrong=two.wrong[::-1]), answer).known is ROOT

    def test_of_the_result(self):
        verdict = judge(PAIR, lambda x: (x.sum() / 2, x.flip(0).exp()))
        assert (verdict.look, verdict.known) == ("a_mistake_on_a_part", PAIR.wrong[0])
        assert "The rest is right" not in words(verdict)

    @pytest.mark.parametrize(("rest", "known"), [(1, True), (2, False)])
    def test_of_the_numbers_if_it_is_more_than_half(self, rest, known):
        """Two numbers that the mistake touches, and one or two others that are wrong."""
        touched = lambda q, k: weights(q, k) + T([0.1, 0.2, 0.0, 0.0])  # noqa: E731
        further = lambda q, k: touched(q, k) + T([0.0, 0.0, 0.3, 0.3 * (rest - 1)])  # noqa: E731
        four = (inputs(some_numbers(n, 3, seed=n), some_numbers(4, 3, seed=9 + n)) for n in (2, 1))
        mistake = only(replace(WEIGHTS, wrong=(Wrong(touched, "Touched."),)), *four)
        assert (judge(mistake, further).known is not None) == known


class TestByChance:
    """Where many a mistake gives the same, none is named."""

    @pytest.mark.parametrize("says", [("yes", "no"), (True, False)])
    def test_one_of_two_words(self, says):
        yes = replace(WEIGHTS, reference=lambda q, k: says[len(q) > 2], returns=("large",))
        yes = replace(yes, wrong=(Wrong(lambda q, k: says[len(q) > 5], "Too late."),))
        yes = only(yes, *(inputs(torch.ones(n, 2), torch.ones(2, 2)) for n in range(1, 7)))
        assert judge(yes, lambda q, k: says[len(q) == 6]).known.hint == "Too late."
        assert judge(yes, lambda q, k: says[2 < len(q) < 4]).known is None

    @pytest.mark.parametrize(("same", "known"), [(1, False), (2, True)])
    @pytest.mark.parametrize("form", [float, lambda x: x])
    def test_a_single_number_on_one_input(self, same, known, form):
        def total(change):
            return lambda q, k: form(change(q.sum() * k.sum(), len(q)))

        one = replace(WEIGHTS, reference=total(lambda x, n: x), wrong=(Wrong(total(lambda x, n: x / 3), "A third."),))
        one = only(one, *(inputs(some_numbers(n, 2, seed=n), T([[1.7]])) for n in (1, 2, 3)))
        verdict = judge(one, total(lambda x, n: x / 3 if n <= same else x**2 + 9))
        assert (verdict.known is not None) == known

    @pytest.mark.parametrize(("same", "known"), [(2, False), (3, True)])
    def test_a_mask_on_two_inputs(self, same, known):
        mask = replace(WEIGHTS, reference=lambda q, k: q[:, 0] > 2, wrong=(Wrong(lambda q, k: q[:, 0] > 9, "High."),))
        mask = only(mask, *(inputs(T([[n + 0.0], [n + 1.0]]), T([[1.0]])) for n in range(3, 8)))
        verdict = judge(mask, lambda q, k: q[:, 0] > 9 if q[0, 0] < 3 + same else T([True, False]))
        assert (verdict.known is not None) == known


class TestNoEffect:
    def test_is_told(self):
        verdict = judge(WEIGHTS, lambda q, k: k.sum(-1).sigmoid().expand(len(q), -1))
        assert verdict.look == "an_unused_input" and verdict.text.startswith("`q`")
        assert verdict.known.hint == verdict.text

    def test_behind_a_wrong_shape(self):
        verdict = judge(WEIGHTS, lambda q, k: k.sum(-1).sigmoid())
        assert verdict.text.startswith("Its shape is [4], needed: [2, 4].") and "`q`" in verdict.notes[0]

    ADD = small(lambda q, k: q + k, inputs(T([[1.0, 2.0]]), T([[4.0, 5.5]])))

    @pytest.mark.parametrize(
        ("one", "answer"),
        [
            (replace(WEIGHTS, reference=lambda q, k: q.softmax(-1)), lambda q, k: q.sigmoid()),  # nor in the right one
            (ADD, lambda q, k: torch.maximum(q, k) * 0.9),  # hidden by a maximum
            (WEIGHTS, lambda q, k: torch.zeros(len(q), len(k))),  # nonsense
            (
                small(  # a count, often the same by chance
                    lambda q, k: len(torch.unique(k, dim=0)),
                    inputs(T([[1.0]]), T([[1.0], [1.0]])),
                    inputs(T([[2.0]]), T([[3.0], [3.0]])),
                ),
                lambda q, k: len(torch.unique(k, dim=1)) + 1,
            ),
        ],
    )
    def test_is_not_told_where_it_is_not_sure(self, one, answer):
        verdict = judge(one, answer)
        assert verdict.state == "wrong" and "has no effect" not in words(verdict)

    def test_a_function_counts_as_an_input(self):
        one = small(lambda x, norm: x + norm(x), {"x": T([1.0, 3.0, 4.5]), "norm": torch.exp})
        assert judge(one, lambda x, norm: x + x.sin()).text.startswith("`norm` has no effect")
        assert "has no effect" not in words(judge(one, lambda x, norm: x + norm(x) ** 2))

    @pytest.mark.parametrize("value", [2, True, [1, 2, 3]])
    def test_numbers_and_lists_count_as_inputs(self, value):
        by = lambda x, n: x * torch.as_tensor(n).double().flatten()[0] + 1  # noqa: E731
        one = small(by, {"x": some_numbers(3, seed=1), "n": value})
        assert judge(one, lambda x, n: x.exp()).text.startswith("`n` has no effect")
        assert "has no effect" not in words(judge(one, lambda x, n: by(x, n).exp() ** 2))


class TestProperties:
    def test_of_a_wrong_shape_none_is_said_to_be_broken(self):
        def average(weights, keys, mask):
            return ((weights * mask)[:, None] @ keys)[:, 0]

        def case(b):
            mask = T([[True, True, False]] * b)
            return {"weights": some_numbers(b, 3, seed=b), "keys": some_numbers(b, 3, 2, seed=b + 5), "mask": mask}

        padding = blind_to_padding("keys", padded=lambda case: ~case.args["mask"])
        one = small(average, case(1), case(2), properties=(padding,))
        half = judge(one, lambda weights, keys, mask: average(weights, keys, mask / 2 + 0.5))
        assert half.look == "a_broken_property" and half.text == padding.says
        shape = judge(one, lambda weights, keys, mask: weights * (mask / 2 + 0.5) @ keys)
        assert shape.text.startswith("Its shape is") and padding.says not in shape.notes
