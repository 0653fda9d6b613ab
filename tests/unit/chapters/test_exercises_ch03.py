"""Chapter 3's exercises: right answers in other styles, and the errata's figures."""

import math
from collections import Counter

import torch
import torch.nn.functional as F
from right_answers import Written

from course_tools.classroom.catalogue import find

written = Written()


def test_the_errata_give_the_numbers_that_were_printed():
    """男孩 踢 足球 against 一个 小 男孩 在 踢 足球: .4167 with all three slips, .378 with the natural logarithm."""
    spoilt = math.exp(1 - 9 / 5) * math.exp(math.log10(0.5) / 4)
    natural = math.exp(1 - 9 / 5) * math.exp(math.log(0.5) / 4)
    assert abs(spoilt - 0.4167) < 1e-4 and round(natural, 3) == 0.378
    assert round(find("program 3.5").reference(["a"] * 3, ["a"] * 6), 3) == 0.368
    assert find("program 3.6").reference([3, 1, 0, 0], [3, 2, 1, 0]) == 0


@written("additive attention step")
def step_by_loops(query, keys, mask, W1, W2, w):
    rows = []
    for q, ks, real in zip(query, keys, mask, strict=True):
        scores = torch.stack([w @ torch.tanh(W1 @ q + W2 @ k) for k in ks])
        raised = torch.exp(scores) * real
        rows.append(raised / raised.sum())
    weights = torch.stack(rows)
    return torch.einsum("bk,bkd->bd", weights, keys), weights


@written("masked loss")
def torch_own(logits, target, mask):
    return F.cross_entropy(logits[mask], target[mask])


@written("masked loss")
def by_weights(logits, target, mask):
    p = logits.softmax(-1).gather(-1, target.unsqueeze(-1)).squeeze(-1)
    return -(p.log() * mask).sum() / mask.sum()


@written("one decoder step")
def two_products(word, state, keys, mask, E, Wx, Ws, Wo):
    D = state.shape[1]
    scores = torch.einsum("bd,bkd->bk", state, keys).masked_fill(~mask, float("-inf"))
    context = torch.einsum("bk,bkd->bd", scores.softmax(-1), keys)
    new = torch.tanh(E[word] @ Wx[:, :D].T + context @ Wx[:, D:].T + state @ Ws.T)
    return new @ Wo[:, :D].T + context @ Wo[:, D:].T, new


@written("greedy loop")
def with_while(step, state, bos, eos, max_length):
    ids, word = [], bos
    while len(ids) < max_length:
        logits, state = step(torch.tensor(word), state)
        word = logits.argmax().item()
        if word == eos:
            return ids
        ids += [word]
    return ids


@written("clipped n-grams")
def by_counting(candidate, reference, n):
    ours = Counter(zip(*(candidate[i:] for i in range(n)), strict=False))
    theirs = Counter(zip(*(reference[i:] for i in range(n)), strict=False))
    return sum(min(c, theirs[g]) for g, c in ours.items()), sum(ours.values())


@written("brevity penalty")
def in_one_line(hypothesis_length, reference_length):
    return min(1.0, math.exp(1 - reference_length / hypothesis_length))


@written("program 3.7")
def tens(precisions, brevity):
    return brevity * 10 ** (sum(map(math.log10, precisions)) / len(precisions))


@written("program 3.12")
def inside(sentences, Wx, Ws):
    states = []
    for words in sentences:
        state = torch.zeros(len(Ws))
        for word in words:
            state = torch.tanh(Wx @ word + Ws @ state)
        states.append(state)
    return torch.stack(states)


test_right_answers_pass = written.test()
