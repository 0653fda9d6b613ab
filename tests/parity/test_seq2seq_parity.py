"""Seq2Seq against the same model written the naive way: one word at a time, keys projected anew at each step."""

import pytest
import torch
import torch.nn.functional as F

from course_kit.seq2seq import Seq2Seq, Seq2SeqConfig
from course_kit.text import collate
from course_utils.scores import SCORES


def naive(model, source, lengths, target):
    """One sentence at a time, without padding, nn.GRU called for each word -> logits, weights."""
    c = model.config
    rows, attended = [], []
    for words, length, wanted in zip(source, lengths, target, strict=True):
        read = words[:length].flip(0) if c.reverse_source else words[:length]
        states, last = model.encoder(model.source_embedding(read)[None])
        states = states.flip(1) if c.reverse_source else states  # each beside its own word
        summary = torch.cat([last[-2], last[-1]], -1)
        hidden = model.bridge(summary).tanh().view(1, c.num_layers, -1).transpose(0, 1).contiguous()
        logits, weights = [], []
        for word in wanted:
            embedded = model.target_embedding(word)[None, None]
            context, w = summary[:, None], None
            if c.attention and c.query == "previous":
                w = model.score(hidden[-1][:, None], states).softmax(-1)
                context = w @ states
            out, hidden = model.decoder(torch.cat([embedded, context], -1) if model.feeds else embedded, hidden)
            if c.attention and c.query == "current":
                w = model.score(out, states).softmax(-1)
                context = w @ states
            seen = model.readout(torch.cat([out, context], -1)).tanh()
            logits.append(F.linear(seen, model.target_embedding.weight, model.bias)[0, 0])
            weights.append(None if w is None else w[0, 0])
        rows.append(torch.stack(logits))
        attended.append(weights)
    return rows, attended


def case(**settings):
    torch.manual_seed(3)
    model = Seq2Seq(Seq2SeqConfig(19, 23, model_size=12, max_length=9, **settings)).double().eval()
    with torch.no_grad():  # scores that differ enough to be worth comparing
        for p in model.parameters():
            p.mul_(2.5)
    batch = collate([([5, 6, 7, 8, 4], [9, 8, 11]), ([10], [4, 5]), ([12, 13, 14], [20])])
    return model, batch, [5, 1, 3]


SETTINGS = [
    *({"attention": name, "query": query} for name in SCORES for query in ("previous", "current")),
    {"attention": None},
    {"attention": "additive", "num_layers": 2, "embedding_size": 7, "score_size": 5},
    {"attention": "general", "query": "current", "num_layers": 2, "reverse_source": True},
    {"attention": "location_based", "reverse_source": True},
    {"attention": None, "reverse_source": True, "num_layers": 3},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda s: "-".join(f"{v}" for v in s.values()))
def test_the_fast_model_equals_the_naive_one(settings):
    model, batch, lengths = case(**settings)
    logits, weights = model(batch.source, batch.target_in, batch.source_mask)
    slow, attended = naive(model, batch.source, lengths, batch.target_in)
    torch.testing.assert_close(logits, torch.stack(slow), rtol=1e-9, atol=1e-9)
    if settings["attention"] is None:
        assert weights is None
        return
    assert weights.shape == (3, 4, 5)
    for b, length in enumerate(lengths):
        torch.testing.assert_close(weights[b, :, :length], torch.stack(attended[b]), rtol=1e-9, atol=1e-9)
        assert (weights[b, :, length:] == 0).all(), "padding is never attended"


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda s: "-".join(f"{v}" for v in s.values()))
def test_writing_step_by_step_equals_teacher_forcing(settings):
    model, batch, _ = case(**settings)
    whole, all_weights = model(batch.source, batch.target_in, batch.source_mask)
    state = model.start(batch.source, batch.source_mask)
    for t, words in enumerate(batch.target_in.unbind(1)):
        logits, state, weights = model.step(words, state)
        torch.testing.assert_close(logits, whole[:, t], rtol=1e-9, atol=1e-9)
        if weights is not None:
            torch.testing.assert_close(weights, all_weights[:, t], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("settings", [{}, {"query": "current"}, {"attention": None}, {"num_layers": 2}], ids=str)
def test_gradients_are_those_of_finite_differences(settings):
    torch.manual_seed(1)
    model = Seq2Seq(Seq2SeqConfig(7, 8, model_size=4, **settings)).double()
    batch = collate([([4, 5, 6], [5]), ([6], [7, 4])])
    model.loss(batch).backward()
    for name, p in model.named_parameters():
        at = tuple(int(torch.randint(n, ())) for n in p.shape)
        change = torch.zeros_like(p)
        change[at] = 1e-5
        with torch.no_grad():
            p.add_(change)
            above = model.loss(batch)
            p.sub_(2 * change)
            below = model.loss(batch)
            p.add_(change)
        assert p.grad[at].item() == pytest.approx(((above - below) / 2e-5).item(), abs=1e-7), name
