"""Chapters 0 and 1: right answers in every style are accepted, other mistakes are told something true.

All else is in `test_exercises_of_chapters.py`.
"""

import math

import numpy as np
import pytest
import torch
from right_answers import Written
from torch.nn import functional as F

from chapters.ch00.exercises import EXERCISES as START
from chapters.ch01.exercises import EXERCISES as FIRST
from chapters.ch01.exercises.pooling import attention_pooling
from course_kit.exercises import check
from course_utils import attention, kernels

EXERCISES = START + FIRST
right = Written()  # by different hands


def verdict_on(name, answer):
    return check(name, answer)


@right("weighted average")
def by_dot(weights, values):
    return weights @ values / weights.sum()


@right("weighted average")
def by_numpy(weights, values):
    return np.average(values, weights=weights)


@right("weighted average")
def by_zip(weights, values):
    return sum(w * v for w, v in zip(weights, values, strict=True)) / sum(weights)


@right("weighted average")
def by_shares(weights, values):
    return ((weights / weights.sum()) * values).sum(0)


@right("gaussian kernel")
def by_formula(distance, width=1.0):
    return torch.exp(-0.5 * (distance / width) ** 2)


@right("gaussian kernel")
def by_variance(d, width=1):
    return torch.exp(-d.pow(2) / (2 * width**2))


@right("gaussian kernel")
def by_power(distance, width=1.0):
    return math.e ** (-((distance / width) ** 2) / 2)


@right("gaussian kernel")
def by_normal(distance, width=1.0):
    """The normal density, brought to 1 at distance 0."""
    normal = torch.distributions.Normal(0.0, width)
    return (normal.log_prob(distance) - normal.log_prob(torch.tensor(0.0))).exp()


@right("gaussian kernel")
def by_numpy_kernel(distance, width=1.0):
    return np.exp(-np.square(distance.numpy() / width) / 2)


@right("gaussian kernel")
def by_recursion(distance, width=1.0):
    if distance.dim():
        return torch.stack([by_recursion(d, width) for d in distance])
    return torch.tensor(math.exp(-((float(distance) / width) ** 2) / 2))


@right("gaussian kernel")
def in_half_precision(distance, width=1.0):
    return torch.exp(-0.5 * (distance.half() / width) ** 2)


@right("attention pooling")
def by_softmax(queries, keys, values, width=1.0):
    weights = F.softmax(-((queries.unsqueeze(1) - keys.unsqueeze(0)) ** 2) / (2 * width * width), dim=1)
    return (weights * values).sum(1), weights


@right("attention pooling")
def by_kernel(queries, keys, values, width=1.0):
    closeness = kernels.gaussian_kernel(queries[:, None] - keys[None, :], width)
    weights = closeness / closeness.sum(dim=1, keepdim=True)
    return weights @ values, weights


@right("attention pooling")
def by_the_course(queries, keys, values, width=1.0):
    return kernels.nadaraya_watson(queries, keys, values, lambda d: kernels.gaussian_kernel(d, width))


@right("attention pooling")
def by_einsum(q, k, v, width=1.0):
    scores = -(torch.cdist(q[:, None].double(), k[:, None].double()) ** 2) / (2 * width**2)
    weights = torch.einsum("qk,q->qk", scores.exp(), 1 / scores.exp().sum(-1))
    return torch.einsum("qk,k->q", weights, v.double()), weights


@right("attention pooling")
def by_loops(queries, keys, values, width=1.0):
    estimate, weights = [], []
    for q in queries.tolist():
        row = [math.exp(-(((q - k) / width) ** 2) / 2) for k in keys.tolist()]
        weights.append([w / sum(row) for w in row])
        estimate.append(sum(w * v for w, v in zip(weights[-1], values.tolist(), strict=True)))
    return estimate, weights


@right("attention pooling")
def in_place_on_its_own(queries, keys, values, width=1.0):
    weights = queries[:, None] - keys
    weights.div_(width).pow_(2).div_(-2)
    weights = weights.softmax(-1)
    return torch.mv(weights, values), weights


@right("attention pooling")
def by_fused_attention(queries, keys, values, width=1.0):
    """−(q − k)²/2 = qk − k²/2 − q²/2, and the last term is the same for all keys."""
    q, k = queries[:, None] / width, keys[:, None] / width
    bias = (-(k**2) / 2).T.expand(len(q), len(k)).contiguous()
    out = F.scaled_dot_product_attention(q[None], k[None], values[None, :, None], attn_mask=bias[None], scale=1.0)
    return out[0, :, 0], torch.softmax(q @ k.T + bias, -1)


@right("stable masked softmax")
def by_nan_to_num(scores, mask):
    return scores.masked_fill(~mask, -math.inf).softmax(-1).nan_to_num(0.0)


@right("stable masked softmax")
def by_where(scores, mask):
    weights = torch.softmax(torch.where(mask, scores, float("-inf")), dim=-1)
    return torch.where(mask.any(-1, keepdim=True), weights, 0.0)


@right("stable masked softmax")
def by_hand(scores, mask):
    scores = torch.where(mask, scores, torch.full_like(scores, -1e30))
    exps = (scores - scores.max(dim=-1, keepdim=True).values).exp() * mask
    return exps / exps.sum(-1, keepdim=True).clamp(min=1e-30)


@right("stable masked softmax")
def by_large_number(scores, mask):
    return torch.softmax(scores.masked_fill(~mask, -1e9), dim=-1) * mask


@right("stable masked softmax")
def by_logsumexp(scores, mask):
    scores = scores.masked_fill(~mask, float("-inf"))
    total = torch.logsumexp(scores, -1, keepdim=True)
    return torch.exp(scores - total.masked_fill(total.isinf(), 0))


@right("stable masked softmax")
def by_numpy_softmax(scores, mask):
    s, m = scores.numpy().astype("float64"), mask.numpy()
    top = np.max(np.where(m, s, -np.inf), axis=-1, keepdims=True, initial=-1e300)
    exps = np.exp(np.where(m, s - top, -np.inf))
    return np.divide(exps, exps.sum(-1, keepdims=True), out=np.zeros_like(exps), where=exps.sum(-1, keepdims=True) > 0)


@right("stable masked softmax")
def by_rows(scores, mask):
    result = torch.zeros_like(scores).reshape(-1, scores.shape[-1])
    rows, masks = scores.reshape(result.shape), mask.expand(scores.shape).reshape(result.shape)
    for row, s, m in zip(result, rows, masks, strict=True):
        if m.any():
            row[m] = torch.softmax(s[m], 0)
    return result.reshape(scores.shape)


@right("leave-one-out mask")
def by_eye(size):
    return ~torch.eye(size, dtype=torch.bool)


@right("leave-one-out mask")
def by_comparison(size):
    return torch.arange(size)[:, None] != torch.arange(size)


@right("leave-one-out mask")
def by_numpy_eye(size):
    return ~np.eye(size, dtype=bool)


@right("leave-one-out mask")
def by_lists(n):
    return [[i != j for j in range(n)] for i in range(n)]


@right("leave-one-out mask")
def by_fill(size):
    return torch.ones(size, size, dtype=torch.bool).fill_diagonal_(False)


@right("leave-one-out mask")
def by_zero(size):
    mask = torch.ones(size, size)
    for i in range(size):
        mask[i, i] = 0
    return mask.bool()


@right("program 1.2")
def mended(scores):
    queries, keys = scores.shape
    result = torch.zeros(queries, keys)
    for i in range(queries):
        for j in range(keys):
            top = scores[i, j].exp()
            bottom = sum(scores[i, k].exp() for k in range(keys))
            result[i, j] = top / bottom
    return result


@right("program 1.2")
def mended_in_one_line(scores):
    return scores.softmax(dim=1)


@right("program 1.2")
def mended_by_broadcasting(scores):
    exps = (scores - scores.amax(1, keepdim=True)).exp()
    return exps / exps.sum(1, keepdim=True)


test_no_right_answer_is_refused = right.test()


def test_there_are_enough_of_both():
    assert len(right.answers) >= 20 and len({name for name, _ in right.answers}) == len(EXERCISES)
    assert sum(len(one.wrong) for one in EXERCISES) >= 12


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("gaussian kernel", kernels.gaussian_kernel),
        ("attention pooling", kernels.attention_pooling),
        ("stable masked softmax", attention.masked_softmax),
        ("leave-one-out mask", kernels.leave_one_out_mask),
    ],
)
def test_the_reference_is_the_public_function(name, reference):
    assert next(e for e in EXERCISES if e.name == name).reference is reference


def test_the_two_lines_are_the_public_estimator():
    generator = torch.Generator().manual_seed(0)
    queries, keys, values = (torch.randn(n, generator=generator, dtype=torch.float64) for n in (7, 9, 9))
    two_lines = attention_pooling(queries, keys, values, 0.6)
    ratio = kernels.nadaraya_watson(queries, keys, values, lambda d: kernels.gaussian_kernel(d, 0.6))
    for ours, theirs in zip(two_lines, ratio, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)


class TestOtherMistakes:
    """Wrong in more than one way, or in a new one: still told something true and useful."""

    def test_two_mistakes_at_once(self):
        def pooling(queries, keys, values, width=1.0):
            weights = torch.softmax(-(((queries[:, None] - keys) * width) ** 2), dim=0)
            return weights @ values, weights

        assert "weights of a row do not sum to 1" in verdict_on("attention pooling", pooling).text

    def test_nearest_neighbour(self):
        def pooling(queries, keys, values, width=1.0):
            nearest = (queries[:, None] - keys).abs().argmin(-1)
            return values[nearest], F.one_hot(nearest, len(keys))

        assert "The nearest key takes all the weight." in verdict_on("attention pooling", pooling).text

    @pytest.mark.parametrize("low", [-100.0, -1e4])
    def test_masked_with_a_number_that_is_too_small(self, low):
        def answer(scores, mask):
            weights = torch.softmax(scores.masked_fill(~mask, low), dim=-1)
            return weights.masked_fill(~mask.any(-1, keepdim=True), 0.0)

        assert "hides a key only while" in verdict_on("stable masked softmax", answer).text

    def test_minus_the_mean_is_not_taken_for_the_maximum(self):
        def answer(scores, mask):
            exps = (scores - scores.mean(-1, keepdim=True)).exp() * mask
            return (exps / exps.sum(-1, keepdim=True)).nan_to_num()

        verdict = verdict_on("stable masked softmax", answer)
        assert verdict.state == "wrong" and verdict.text.startswith("On this input it looks like this mistake")

    def test_a_mask_that_has_to_be_broadcast(self):
        def softmax(scores, mask):
            hidden = scores.clone()
            hidden[~mask] = -math.inf
            return hidden.softmax(-1).nan_to_num()

        verdict = verdict_on("stable masked softmax", softmax)
        assert "In `x[mask]` the mask must have exactly the shape" in verdict.text and verdict.known is None
        assert verdict.lead.startswith("Right on 10 of 11 inputs")

    def test_only_the_allowed_scores(self):
        verdict = verdict_on("stable masked softmax", lambda scores, mask: torch.softmax(scores[mask], -1))
        assert "takes the allowed scores out of their rows" in verdict.text

    def test_one_query_that_loses_its_axis(self):
        def pooling(queries, keys, values, width=1.0):
            weights = torch.softmax(-(((queries[:, None] - keys) / width) ** 2) / 2, dim=1)
            return (weights @ values[:, None]).squeeze(), weights

        assert "With a single query, `.squeeze()` removes" in verdict_on("attention pooling", pooling).text

    def test_a_mask_wrong_in_pattern_and_kind(self):
        verdict = verdict_on("leave-one-out mask", lambda size: torch.eye(size))
        assert verdict.text.startswith(
            "Two mistakes at once, each described as if it were alone. First: This is the opposite"
        )
        assert "decimal numbers" in verdict.text

    def test_a_property_is_said_of_what_nobody_foresaw(self):
        verdict = verdict_on("weighted average", lambda weights, values: (weights * values).sum() / 7)
        assert verdict.known and "If all values are 3, their average is 3" in verdict.text

    def test_return_inside_the_loop(self):
        def answer(weights, values):
            total = 0
            for weight, value in zip(weights, values, strict=True):
                total += weight * value
                return total / sum(weights)

        assert "Only the first value" in verdict_on("weighted average", answer).text

    def test_in_place(self):
        def softmax(scores, mask):
            scores.masked_fill_(~mask, -math.inf)
            return scores.softmax(-1).nan_to_num()

        assert "changes its input `scores`" in verdict_on("stable masked softmax", softmax).text

    def test_rows_taken_for_axis_one(self):
        def softmax(scores, mask):
            return scores.masked_fill(~mask, -math.inf).softmax(1).nan_to_num()

        verdict = verdict_on("stable masked softmax", softmax)
        assert verdict.state == "wrong" and verdict.lead.startswith("Right on")

    def test_forgotten_width(self):
        assert "cannot be called" in verdict_on("gaussian kernel", lambda distance: distance).text


def test_the_shown_program_does_what_it_is_said_to_do():
    """It runs, each weight is 1 / queries, and its repair by renaming normalises over the queries."""
    denominator = next(e for e in EXERCISES if e.name == "program 1.2")
    program, space = "\n".join(denominator.program), {"torch": torch}
    scores = torch.tensor([[0.0, 1.0, 2.0], [3.0, 1.0, 0.0]])
    exec(program, space)
    assert torch.allclose(space["attention_weights"](scores), torch.full((2, 3), 0.5))
    exec(program.replace("sum(scores[j, i]", "sum(scores[k, i]"), space)
    assert torch.allclose(space["attention_weights"](scores).sum(0), torch.ones(3))
    exec(
        program.replace(
            "sum(scores[j, i].exp() for k in range(queries))", "sum(scores[j, k].exp() for k in range(keys))"
        ),
        space,
    )
    assert check(denominator.name, space["attention_weights"]).right


def test_a_learned_w_can_be_trained_and_is_one_divided_by_a_width():
    values, keys = torch.tensor([1.0, 2.0, 6.0]), torch.tensor([0.0, 1.0, 2.0])
    learned = kernels.NadarayaWatson(0.5)
    assert len(list(learned.parameters())) == 1
    assert torch.allclose(kernels.attention_pooling(keys, keys, values, 0.5)[0], learned(keys, keys, values, None)[0])
    (learned(keys, keys, values, None)[0] - values).pow(2).sum().backward()
    assert next(learned.parameters()).grad is not None
    narrow = torch.softmax(-(((0.0 - keys) * 4) ** 2) / 2, 0)
    wide = torch.softmax(-(((0.0 - keys) * 1) ** 2) / 2, 0)
    assert narrow[0] > wide[0], "a larger w is a narrower kernel"
