"""Chapter 2's exercises: right answers in other styles. All else is in `test_exercises_of_chapters.py`."""

import pytest
import torch
from right_answers import Written

from course_kit.exercises import check

written = Written()


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
def query_by_query(phi_q, phi_k, values):
    rows = [phi_k @ q for q in phi_q]
    return torch.stack([row @ values / row.sum() for row in rows])


def test_a_table_of_queries_and_keys_is_seen_in_linear_attention():
    def quadratic(phi_q, phi_k, values):
        weights = phi_q @ phi_k.T
        return weights / weights.sum(1, keepdim=True) @ values

    assert "a table of 60 × 60 numbers" in check("linear attention", quadratic).text


@written("padding and causal mask")
def compared(lengths, size):
    at = torch.arange(size)
    return (at[None, None] <= at[None, :, None]) & (at < lengths[:, None])[:, None, :]


@written("program 2.5")
def mended(queries, keys):
    return queries @ keys.T / keys.size(1) ** 0.5


@written("program 2.10")
def mended_by_einsum(x, Wq, Wk, Wv):
    weights = torch.einsum("id,jd->ij", x @ Wq, x @ Wk).div(Wq.shape[-1] ** 0.5).softmax(-1)
    return torch.einsum("ij,jd->id", weights, x @ Wv)


test_right_answers_pass = written.test()


def test_changing_the_input_is_noticed():
    def in_place(queries, keys):
        queries /= queries.shape[-1] ** 0.5
        return queries @ keys.mT

    verdict = check("scaled dot-product score", in_place)
    assert verdict.state == "wrong" and "changes its input `queries`" in verdict.text


def told(name, answer):
    verdict = check(name, answer)
    assert verdict.state == "wrong" and verdict.known
    return verdict.text


def test_the_bias_outside_the_tanh():
    def score(queries, keys, W1, W2, b, w):
        return (torch.tanh((queries @ W1.T)[:, None] + (keys @ W2.T)[None]) + b) @ w

    assert told("additive score", score).startswith("The bias is added after the tanh")


def test_sums_of_the_weights_along_the_wrong_axis():
    def output(phi_q, phi_k, values):
        return phi_q @ (phi_k.T @ values) / (phi_q @ phi_k.sum(0))

    assert told("linear attention", output).startswith("Each number is divided by the sum of another query")


def test_reshaped_keys_are_not_taken_for_forgotten_ones():
    def score(queries, keys):
        return queries @ keys.reshape(len(keys), keys.shape[2], -1) / keys.shape[-1] ** 0.5

    assert told("scaled dot-product score", score).startswith("`reshape` and `view` give the right shape")


def test_a_softmax_does_not_hide_that_the_keys_are_used():
    def score(queries, keys, W):
        return torch.softmax(queries @ keys.mT, -1)

    text = told("general score", score)
    assert "`keys` is never used" not in text and "W is not used" in text and "already the weights" in text


def test_pairs_without_a_column():
    def score(queries, keys, W1, W2, b, w):
        return torch.tanh(queries @ W1.T + keys @ W2.T + b) @ w

    assert "`[:, None]` for the queries" in told("additive score", score)


@pytest.mark.parametrize(
    ("name", "answer", "parts"),
    [
        (
            "scaled dot-product score",
            lambda queries, keys: keys @ queries.mT,
            ("the scale is missing", "The scores are transposed"),
        ),
        (
            "scaled dot-product attention",
            lambda q, k, v, mask: ((w := torch.softmax(q @ k.mT / q.shape[-1], -1)) @ v, w),
            ("Scaled twice", "The mask is not used"),
        ),
        (
            "padding and causal mask",
            lambda lengths, size: (
                torch.ones(len(lengths), size, size).triu() * (torch.arange(size) < lengths[:, None])[:, None]
            ),
            ("The causal part is transposed", "The mask is made of decimal numbers"),
        ),
        (
            "cosine score",
            lambda queries, keys: keys @ queries.T / (keys.norm(dim=-1)[:, None] * queries.norm(dim=-1)),
            ("A vector of zeros gives NaN", "The scores are transposed"),
        ),
        (
            "cut w in two",
            lambda W, query_size: (W[:, query_size + 1 :], W[:, : query_size + 1]),
            ("The two are exchanged", "You cut one column too late"),
        ),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_two_mistakes_at_once_are_both_named(name, answer, parts):
    text = told(name, answer)
    assert text.startswith("Two mistakes at once") and all(part in text for part in parts), text


@pytest.mark.parametrize(
    ("name", "answer", "says"),
    [
        (
            "cosine score",
            lambda queries, keys: queries @ keys.T / (queries.norm(dim=-1)[:, None] + keys.norm(dim=-1)),
            "A vector and itself should have cosine 1",
        ),
        (
            "padding and causal mask",
            lambda lengths, size: (
                torch.ones(size, size).tril().bool() ^ (torch.arange(size) < lengths[:, None])[:, None]
            ),
            "A position may attend to a later one",
        ),
        (
            "linear attention",
            lambda phi_q, phi_k, values: phi_q @ phi_k.T / (phi_q @ phi_k.T).sum(0) @ values,
            "If all `values` are 3, their average is 3",
        ),
        (
            "cut w in two",
            lambda W, query_size: (W[:, :query_size], W[:, query_size:].flip(1)),
            "Put side by side, W₁ and W₂ should make W again",
        ),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_a_property_is_said_of_what_nobody_foresaw(name, answer, says):
    verdict = check(name, answer)
    assert verdict.known and says in " ".join([verdict.text, *verdict.notes]), verdict
