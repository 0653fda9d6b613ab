"""Chapter 2's exercises: right answers in other styles. All else is in `test_exercises_of_chapters.py`."""

import torch
from right_answers import Written

from course_utils.exercises import check

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
def quadratic(phi_q, phi_k, values):
    weights = phi_q @ phi_k.T
    return weights / weights.sum(1, keepdim=True) @ values


@written("padding and causal mask")
def compared(lengths, size):
    at = torch.arange(size)
    return (at[None, None] <= at[None, :, None]) & (at < lengths[:, None])[:, None, :]


@written("program 2.5")
def mended(queries, keys):
    return queries @ keys.T / keys.size(1) ** 0.5


@written("program 2.9")
def mended_loop(queries, keys):
    return torch.stack([torch.stack([q @ k for k in keys]) for q in queries])


@written("claims 2.6")
def by_columns(output, values):
    return torch.stack([o < v.min() or o > v.max() for o, v in zip(output, values.T, strict=True)])


@written("claims 2.12")
def by_set(heads):
    return len({tuple(h.flatten().tolist()) for h in heads})


test_right_answers_pass = written.test()


def test_changing_the_input_is_noticed():
    def in_place(queries, keys):
        queries /= queries.shape[-1] ** 0.5
        return queries @ keys.mT

    verdict = check("scaled dot-product score", in_place)
    assert verdict.state == "wrong" and "changes its input `queries`" in verdict.text
