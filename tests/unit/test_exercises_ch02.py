"""Chapter 2's exercises: unsolved, right, and each known wrong answer named."""

import pytest
import torch

from course_utils.exercises import check
from course_utils.exercises.ch02 import EXERCISES
from course_utils.exercises.definition import FindError, find

EACH_WRONG = [(e, i) for e in EXERCISES for i in range(len(e.wrong))]
LONG_HAND = {}  # right answers, written differently from the reference


def written(name):
    return lambda answer: LONG_HAND.setdefault(name, []).append(answer)


def line_of(exercise):
    return exercise.line if isinstance(exercise, FindError) else None


def not_yet(*args, **keywords):
    raise NotImplementedError


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.name)
def test_unsolved_and_reference(exercise):
    assert find(exercise.name) is exercise
    assert check(exercise.name, not_yet, line_of(exercise)).state == "unsolved"
    assert check(exercise.name, exercise.reference, line_of(exercise)).right
    assert len(exercise.hints) >= 3 or exercise.name == "what is averaged"
    assert exercise.minutes > 0 and exercise.why and exercise.cases()[0].shown


@pytest.mark.parametrize(("exercise", "i"), EACH_WRONG, ids=lambda x: getattr(x, "name", x))
def test_each_known_wrong_answer_is_named(exercise, i):
    verdict = check(exercise.name, exercise.wrong[i].answer, line_of(exercise))
    assert verdict.state == "wrong"
    assert verdict.known is exercise.wrong[i], verdict.text
    assert exercise.wrong[i].hint in verdict.text


@pytest.mark.parametrize("puzzle", [e for e in EXERCISES if isinstance(e, FindError)], ids=lambda e: e.name)
def test_other_lines_are_acquitted_with_a_reason(puzzle):
    for line in range(1, len(puzzle.program) + 1):
        if line != puzzle.line:
            verdict = check(puzzle.name, puzzle.reference, line)
            assert verdict.state == "wrong" and puzzle.innocent[line] in verdict.text


@written("scaled dot-product score")
def by_einsum(queries, keys):
    return torch.einsum("bqd,bkd->bqk", queries, keys).div(queries.shape[-1] ** 0.5)


@written("scaled dot-product score")
def by_loops(queries, keys):
    return [[[(q * k).sum() / len(k) ** 0.5 for k in ks] for q in qs] for qs, ks in zip(queries, keys, strict=True)]


@written("scaled dot-product score")
def scaling_both_sides(queries, keys):
    root = queries.shape[-1] ** 0.25
    return (queries.double() / root) @ (keys.double() / root).transpose(1, 2)


@written("scaled dot-product attention")
def by_hand(queries, keys, values, mask):
    scores = (queries @ keys.transpose(-2, -1) / queries.shape[-1] ** 0.5).masked_fill(~mask, float("-inf"))
    weights = torch.nan_to_num(torch.softmax(scores, -1))
    return torch.einsum("bqk,bkv->bqv", weights, values), weights


@written("scaled dot-product attention")
def by_exp(queries, keys, values, mask):
    raised = torch.exp(queries @ keys.mT * queries.size(-1) ** -0.5) * mask
    weights = raised / raised.sum(-1, keepdim=True).clamp_min(1e-30)
    return weights @ values, weights


@written("general score")
def general_by_einsum(queries, keys, W):
    return torch.einsum("bqi,ij,bkj->bqk", queries, W, keys)


@written("additive score")
def additive_by_loops(queries, keys, W1, W2, b, w):
    return torch.stack([torch.stack([w @ torch.tanh(W1 @ q + W2 @ k + b) for k in keys]) for q in queries])


@written("cut w in two")
def by_indexing(W, query_size):
    return [W[:, :query_size], W[:, query_size:]]


@written("cosine score")
def normalised_first(queries, keys):
    return torch.nn.functional.normalize(queries, dim=-1) @ torch.nn.functional.normalize(keys, dim=-1).T


@written("cosine score")
def torch_own(queries, keys):
    return torch.cosine_similarity(queries[:, None], keys[None], dim=-1)


@written("linear attention")
def quadratic(phi_q, phi_k, values):
    weights = phi_q @ phi_k.T
    return weights / weights.sum(1, keepdim=True) @ values


@written("padding and causal mask")
def compared(lengths, size):
    at = torch.arange(size)
    return (at[None, None] <= at[None, :, None]) & (at < lengths[:, None])[:, None, :]


@written("size or length")
def mended(queries, keys):
    return queries @ keys.T / keys.size(1) ** 0.5


@written("mixed-up indices")
def mended_loop(queries, keys):
    return torch.stack([torch.stack([q @ k for k in keys]) for q in queries])


@written("an impossible output")
def by_columns(output, values):
    return torch.stack([o < v.min() or o > v.max() for o, v in zip(output, values.T, strict=True)])


@written("the same head again")
def by_set(heads):
    return len({tuple(h.flatten().tolist()) for h in heads})


@pytest.mark.parametrize(("name", "i"), [(name, i) for name, answers in LONG_HAND.items() for i in range(len(answers))])
def test_differently_written_right_answers_pass(name, i):
    verdict = check(name, LONG_HAND[name][i], line_of(find(name)))
    assert verdict.right, verdict.text


def test_changing_the_input_is_noticed():
    def in_place(queries, keys):
        queries /= queries.shape[-1] ** 0.5
        return queries @ keys.mT

    verdict = check("scaled dot-product score", in_place)
    assert verdict.state == "wrong" and "changes its input `queries`" in verdict.text
