"""Chapter 3's exercises: right answers in other styles, particular mistakes, and the errata's figures."""

import math
from collections import Counter

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from small_exercises import in_cell, not_right, not_told

from course_kit.exercises import check
from course_kit.exercises.catalogue import find
from course_kit.metrics import brevity_penalty
from course_utils.attention import masked_softmax


def test_the_errata_give_the_numbers_that_were_printed():
    """男孩 踢 足球 against 一个 小 男孩 在 踢 足球: .4167 with all three slips, .378 with the natural logarithm."""
    spoilt = math.exp(1 - 9 / 5) * math.exp(math.log10(0.5) / 4)
    natural = math.exp(1 - 9 / 5) * math.exp(math.log(0.5) / 4)
    assert abs(spoilt - 0.4167) < 1e-4 and round(natural, 3) == 0.378
    assert round(brevity_penalty(3, 6), 3) == 0.368
    assert find("program 3.6").reference([3, 1, 0, 0], [3, 2, 1, 0]) == 0


def torch_rnn(words, Wx, Wh):
    network = torch.nn.RNN(*Wx.shape, bias=False, batch_first=True)
    network.load_state_dict({"weight_ih_l0": Wx.T, "weight_hh_l0": Wh.T})
    return network(words[None])[0][0].detach()


def step_by_loops(query, keys, mask, W1, W2, w):
    rows = []
    for q, ks, real in zip(query, keys, mask, strict=True):
        raised = torch.exp(torch.stack([w @ torch.tanh(q @ W1 + k @ W2) for k in ks])) * real
        rows.append(raised / raised.sum())
    weights = torch.stack(rows)
    return torch.einsum("bk,bkd->bd", weights, keys), weights


def two_products(word, state, keys, mask, E, Wx, Ws, Wo):
    D = state.shape[1]
    scores = torch.einsum("bd,bkd->bk", state, keys).masked_fill(~mask, float("-inf"))
    context = torch.einsum("bk,bkd->bd", scores.softmax(-1), keys)
    new = torch.tanh(E[word] @ Wx[:D] + context @ Wx[D:] + state @ Ws)
    return new @ Wo[:D] + context @ Wo[D:], new


def as_a_plain_list(step, state, bos, eos, max_length):
    ids = [bos]
    for _ in range(max_length):
        logits, state = step(ids[-1], state)
        ids.append(int(logits.argmax()))
        if ids[-1] == eos:
            return ids[1:-1]
    return ids[1:]


def by_counting(candidate, reference, n):
    ours = Counter(zip(*(candidate[i:] for i in range(n)), strict=False))
    theirs = Counter(zip(*(reference[i:] for i in range(n)), strict=False))
    return sum(min(c, theirs[g]) for g, c in ours.items()), sum(ours.values())


def by_logarithms(matches, totals):
    logs = [math.log(m / t) if m else -math.inf for m, t in zip(matches, totals, strict=True)]
    return math.exp(sum(logs) / len(logs))


def torch_loss(logits, target, mask):
    return F.cross_entropy(logits[mask], target[mask])


RIGHT = [
    ("recurrent network", torch_rnn),
    ("additive attention step", step_by_loops),
    ("masked loss", torch_loss),
    ("masked loss", lambda logits, target, mask: F.cross_entropy(logits.mT, target.masked_fill(~mask, -100))),
    ("one decoder step", two_products),
    ("greedy loop", as_a_plain_list),
    ("greedy loop", lambda *given: np.array(as_a_plain_list(*given))),
    ("clipped n-grams", by_counting),
    ("program 3.6", by_logarithms),
]


def test_right_answers_pass():
    assert [said for name, answer in RIGHT if (said := not_right(name, answer))] == []


def without_an_axis(query, keys, mask, W1, W2, w):
    weights = masked_softmax(torch.tanh(query @ W1 + keys @ W2) @ w, mask)
    return (weights[:, None] @ keys)[:, 0], weights


def odd(word, state, keys, mask, E, Wx, Ws, Wo):
    logits, new = two_products(word, state, keys, mask, E, Wx, Ws, Wo)
    return logits, (2 * new).sin() / 3 + 0.1


@pytest.mark.parametrize(
    ("name", "answer", "word"),
    [
        ("masked loss", lambda logits, target, mask: F.cross_entropy(logits, target), "classes on axis 1"),
        ("masked loss", lambda *given: 1.1 * torch_loss(*given) + 0.05, "1.33562, expected 1.16874: 14.3% too"),
        ("additive attention step", without_an_axis, "[:, None]"),
        ("one decoder step", odd, "In `new`: "),
    ],
)
def test_what_nobody_foresaw_is_described(name, answer, word):
    assert not_told(name, answer, word) == ""


def test_the_candidate_is_not_called_unused_where_it_only_lacks_its_last_run():
    def one_too_few(candidate, reference, n):
        ours = Counter(tuple(candidate[i : i + n]) for i in range(len(candidate) - n))
        theirs = Counter(tuple(reference[i : i + n]) for i in range(len(reference) - n))
        return (ours & theirs).total(), (ours & theirs).total() / max(1, ours.total())

    assert check("clipped n-grams", one_too_few).look != "an_unused_input"


def test_a_program_as_it_was_given_is_not_called_begun():
    space = in_cell("\n".join(find("program 3.6").program), math=math)
    verdict = check("program 3.6", space["mean_precision"])
    assert verdict.state == "unsolved" and not verdict.notes
