"""Chapter 3's exercises: right answers in other styles, and the errata's figures."""

import linecache
import math
from collections import Counter

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from right_answers import Written

from chapters.ch03.exercises.measures import loss_cases
from course_kit.exercises import check
from course_tools.classroom.catalogue import find
from course_utils.attention import masked_softmax
from course_utils.metrics import brevity_penalty

written = Written()


def test_the_errata_give_the_numbers_that_were_printed():
    """男孩 踢 足球 against 一个 小 男孩 在 踢 足球: .4167 with all three slips, .378 with the natural logarithm."""
    spoilt = math.exp(1 - 9 / 5) * math.exp(math.log10(0.5) / 4)
    natural = math.exp(1 - 9 / 5) * math.exp(math.log(0.5) / 4)
    assert abs(spoilt - 0.4167) < 1e-4 and round(natural, 3) == 0.378
    assert round(brevity_penalty(3, 6), 3) == 0.368
    assert find("program 3.6").reference([3, 1, 0, 0], [3, 2, 1, 0]) == 0


@written("recurrent network")
def with_torch(words, Wx, Wh):
    state, states = words.new_zeros(1, len(Wh)), []
    for word in words:
        state = torch.tanh(word @ Wx + state @ Wh)
        states.append(state[0])
    return torch.stack(states)


@written("additive attention step")
def step_by_loops(query, keys, mask, W1, W2, w):
    rows = []
    for q, ks, real in zip(query, keys, mask, strict=True):
        scores = torch.stack([w @ torch.tanh(q @ W1 + k @ W2) for k in ks])
        raised = torch.exp(scores) * real
        rows.append(raised / raised.sum())
    weights = torch.stack(rows)
    return torch.einsum("bk,bkd->bd", weights, keys), weights


@written("masked loss")
def torch_own(logits, target, mask):
    return F.cross_entropy(logits[mask], target[mask])


@written("masked loss")
def by_weights(logits, target, mask):
    log_p = logits.log_softmax(-1).gather(-1, target.unsqueeze(-1)).squeeze(-1)
    return -(log_p * mask).sum() / mask.sum()


@written("one decoder step")
def two_products(word, state, keys, mask, E, Wx, Ws, Wo):
    D = state.shape[1]
    scores = torch.einsum("bd,bkd->bk", state, keys).masked_fill(~mask, float("-inf"))
    context = torch.einsum("bk,bkd->bd", scores.softmax(-1), keys)
    new = torch.tanh(E[word] @ Wx[:D] + context @ Wx[D:] + state @ Ws)
    return new @ Wo[:D] + context @ Wo[D:], new


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


@written("greedy loop")
def as_a_plain_list(step, state, bos, eos, max_length):
    ids = [bos]
    for _ in range(max_length):
        logits, state = step(ids[-1], state)
        ids.append(int(logits.argmax()))
        if ids[-1] == eos:
            return ids[1:-1]
    return ids[1:]


@written("greedy loop")
def in_numpy(*inputs):
    return np.array(as_a_plain_list(*inputs))


@written("clipped n-grams")
def by_counting(candidate, reference, n):
    ours = Counter(zip(*(candidate[i:] for i in range(n)), strict=False))
    theirs = Counter(zip(*(reference[i:] for i in range(n)), strict=False))
    return sum(min(c, theirs[g]) for g, c in ours.items()), sum(ours.values())


@written("brevity penalty")
def in_one_line(hypothesis_length, reference_length):
    return min(1.0, math.exp(1 - reference_length / hypothesis_length))


@written("program 3.6")
def by_logarithms(matches, totals):
    logs = [math.log(m / t) if m else -math.inf for m, t in zip(matches, totals, strict=True)]
    return math.exp(sum(logs) / len(logs))


@written("program 3.10")
def shifted(words, bos):
    return torch.tensor([bos, *words.tolist()][:-1])


@written("program 3.12")
def inside(sentences, Wx, Ws):
    states = []
    for words in sentences:
        state = torch.zeros(len(Ws))
        for word in words:
            state = torch.tanh(word @ Wx + state @ Ws)
        states.append(state)
    return torch.stack(states)


test_right_answers_pass = written.test()


def said_of(name, answer):
    verdict = check(name, answer)
    assert verdict.state == "wrong"
    return verdict.text


def test_padding_that_is_found_by_its_id_is_refused():
    def ignoring_zeros(logits, target, mask):
        return F.cross_entropy(logits.flatten(0, 1), target.masked_fill(~mask, 0).flatten(), ignore_index=0)

    assert any((case.args["target"][case.args["mask"]] == 0).any() for case in loss_cases())
    assert "Only the mask says what counts" in said_of("masked loss", ignoring_zeros)


@pytest.mark.parametrize("reduction", ["mean", "none"])
def test_cross_entropy_on_the_wrong_axis_is_explained(reduction):
    def wrong_axis(logits, target, mask):
        losses = F.cross_entropy(logits, target, reduction=reduction)
        return losses if reduction == "mean" else losses[mask].mean()

    assert "the classes on axis 1" in said_of("masked loss", wrong_axis)


def test_a_loss_that_nobody_knows_is_given_with_the_right_one():
    said = said_of("masked loss", lambda *inputs: 1.1 * torch_own(*inputs) + 0.05)
    assert said == "1.33562, expected 1.16874: 14.3% too large."


def test_a_greedy_loop_that_begins_with_eos_is_refused():
    def keeps_the_first(step, state, bos, eos, max_length):
        logits, state = step(bos, state)
        ids = [int(logits.argmax())]
        while len(ids) < max_length:
            logits, state = step(ids[-1], state)
            if (word := int(logits.argmax())) == eos:
                break
            ids.append(word)
        return torch.tensor(ids)

    assert "If the first word is <eos>" in said_of("greedy loop", keeps_the_first)


def test_a_short_candidate_and_joined_words_are_refused():
    def total(candidate, reference, n):
        return by_counting(candidate, reference, n)[0], len(candidate) - n + 1

    def joined(candidate, reference, n):
        ours, theirs = (
            Counter("".join(words[i : i + n]) for i in range(len(words) - n + 1)) for words in (candidate, reference)
        )
        return (ours & theirs).total(), ours.total()

    assert "its total is 0" in said_of("clipped n-grams", total)
    assert "joined without a space" in said_of("clipped n-grams", joined)


def test_the_candidate_is_not_called_unused_where_it_only_lacks_its_last_run():
    def one_too_few(candidate, reference, n):
        ours = Counter(tuple(candidate[i : i + n]) for i in range(len(candidate) - n))
        theirs = Counter(tuple(reference[i : i + n]) for i in range(len(reference) - n))
        share = (ours & theirs).total() / max(1, ours.total())
        return (ours & theirs).total(), share

    said = check("clipped n-grams", one_too_few)
    assert "has no effect" not in " ".join((said.text, *said.notes))


def test_a_missing_axis_in_the_additive_step_is_advised_without_a_sum():
    def no_axis(query, keys, mask, W1, W2, w):
        weights = masked_softmax(torch.tanh(query @ W1 + keys @ W2) @ w, mask)
        return (weights[:, None] @ keys)[:, 0], weights

    assert "Does one of the two need an axis" in said_of("additive attention step", no_axis)


def test_no_mask_and_the_old_state_are_both_named_and_nothing_else_is_called_right():
    def two_mistakes(word, state, keys, mask, E, Wx, Ws, Wo):
        context = ((state[:, None] @ keys.mT).softmax(-1) @ keys)[:, 0]
        new = torch.tanh(torch.cat([E[word], context], -1) @ Wx + state @ Ws)
        return torch.cat([state, context], -1) @ Wo, new

    said = said_of("one decoder step", two_mistakes)
    assert "Padding is attended to" in said and "the old state" in said and "The rest is right" not in said


def test_one_number_that_differs_has_no_first_place():
    def odd(word, state, keys, mask, E, Wx, Ws, Wo):
        logits, new = two_products(word, state, keys, mask, E, Wx, Ws, Wo)
        return logits, (2 * new).sin() / 3 + 0.1

    said = said_of("one decoder step", odd)
    assert said.startswith("In `new`: ") and ", expected 0.789" in said and "the first" not in said


def test_a_program_as_it_was_given_is_not_called_begun():
    space = {}
    lines = find("program 3.10").program
    file = "<program 3.10>"
    linecache.cache[file] = (1, None, [line + "\n" for line in lines], file)
    exec(compile("\n".join(lines), file, "exec"), space)
    verdict = check("program 3.10", space["heard"])
    assert verdict.state == "unsolved" and not verdict.notes
