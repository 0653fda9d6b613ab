"""Which mistake a wrong answer is told: a known one, two at once, an input without effect; and when nothing may be
said."""

from dataclasses import replace

import pytest
import torch
from unit.small_exercises import T, named, small, words

from course_kit.exercises.define import Wrong, some_numbers, variants, wrong_answers
from course_kit.exercises.diagnose import Diagnosis
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


class TestKnown:
    def test_is_compared_by_output_on_all_inputs(self):
        verdict = judge(WEIGHTS, lambda q, k: torch.einsum("qd,kd->qk", q, k).exp().numpy())
        assert verdict.known is None
        e = lambda q, k: torch.einsum("qd,kd->qk", q, k).exp()  # noqa: E731
        verdict = judge(WEIGHTS, lambda q, k: (e(q, k) / e(q, k).sum(1, True)).numpy())
        assert (verdict.known, verdict.look, verdict.here) == (ROOT, Diagnosis.a_known_mistake, 0)
        assert judge(WEIGHTS, lambda q, k: (q / q.shape[-1] ** 0.5) @ k.T).known is SOFTMAX

    def test_right_where_the_mistake_is_wrong_is_not_the_mistake(self):
        """On the input that fails the answer does as the known mistake does, and elsewhere it is right."""
        verdict = judge(WEIGHTS, lambda q, k: weigh(root=len(q) == 1)(q, k))
        assert verdict.known is None and not verdict.text.startswith("Two mistakes")


class TestTwo:
    def test_options_of_one_program(self):
        verdict = judge(WEIGHTS, lambda q, k: (-q @ k.T).softmax(-1))
        assert named(WEIGHTS, verdict) == [0, 1] and verdict.text.startswith("Two mistakes at once")
        assert verdict.known is ROOT and verdict.here == 0


class TestOneStep:
    def test_from_right_is_said_first(self):
        scores = replace(WEIGHTS, reference=lambda q, k: q @ k.T, wrong=(Wrong(lambda q, k: -q @ k.T, "Negated."),))
        assert judge(scores, lambda q, k: 2.5 * q @ k.T).look is Diagnosis.one_step_away

    def test_an_input_that_is_changed_is_told_beside_it(self):
        verdict = judge(WEIGHTS, lambda q, k: (weights(q, k) * 4, q.zero_())[0])
        assert verdict.look is Diagnosis.one_step_away and "`q`" in verdict.notes[0]
        both_at_once = judge(WEIGHTS, lambda q, k: ((q @ k.T / q.shape[-1] ** 0.5).softmax(-1), q.zero_())[0])
        assert both_at_once.look is Diagnosis.a_spoilt_input and not named(WEIGHTS, both_at_once)


class TestNoEffect:
    def test_is_told(self):
        verdict = judge(WEIGHTS, lambda q, k: k.sum(-1).sigmoid().expand(len(q), -1))
        assert verdict.look is Diagnosis.an_unused_input and verdict.text.startswith("`q`")
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
        assert half.look is Diagnosis.a_broken_property and half.text == padding.says
        shape = judge(one, lambda weights, keys, mask: weights * (mask / 2 + 0.5) @ keys)
        assert shape.text.startswith("Its shape is") and padding.says not in shape.notes
