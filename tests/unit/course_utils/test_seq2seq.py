"""Seq2Seq: what padding may never do, what the loss counts, and what is refused."""

import pytest
import torch
import torch.nn.functional as F
from edges import holds

from course_utils.loss import masked_loss, output_loss
from course_utils.seq2seq import Seq2Seq, Seq2SeqConfig
from course_utils.text import Batch, collate


def model(**settings):
    torch.manual_seed(0)
    return Seq2Seq(
        Seq2SeqConfig(**{"source_vocab_size": 20, "target_vocab_size": 30, "model_size": 16, **settings})
    ).eval()


PAIRS = [([5, 6, 7, 8], [9, 8, 7]), ([10], [4]), ([12, 13], [20, 21, 22, 23, 24])]
KINDS = [{}, {"query": "current"}, {"attention": None}, {"attention": "location_based"}, {"reverse_source": True}]


@pytest.mark.parametrize("settings", KINDS, ids=str)
def test_more_padding_changes_nothing(settings):
    net, batch = model(**settings), collate(PAIRS)
    wide = Batch(*(F.pad(x, (0, 3)) for x in batch))
    narrow_out = net(batch.source, batch.target_in, batch.source_mask, need_weights=True)
    wide_out = net(wide.source, wide.target_in, wide.source_mask, need_weights=True)
    torch.testing.assert_close(wide_out.logits[:, : batch.target_in.shape[1]], narrow_out.logits)
    torch.testing.assert_close(net.loss(wide), net.loss(batch))
    if narrow_out.weights:
        assert (wide_out.weights[0][..., batch.source.shape[1] :] == 0).all()


@pytest.mark.parametrize("settings", KINDS, ids=str)
def test_what_stands_in_the_padding_does_not_matter(settings):
    net, batch = model(**settings), collate(PAIRS)
    other = batch.source.masked_fill(~batch.source_mask, 17)
    a = net(batch.source, batch.target_in, batch.source_mask).logits
    torch.testing.assert_close(net(other, batch.target_in, batch.source_mask).logits, a)
    target = batch.target_in.masked_fill(~batch.target_mask, 11)
    changed = batch._replace(target_in=target, target_out=batch.target_out.masked_fill(~batch.target_mask, 12))
    torch.testing.assert_close(net.loss(changed), net.loss(batch))


@pytest.mark.parametrize("settings", KINDS, ids=str)
def test_no_state_is_carried_from_one_sentence_or_batch_to_the_next(settings):
    net, batch = model(**settings), collate(PAIRS)
    together = net(batch.source, batch.target_in, batch.source_mask).logits
    for b, (source, target) in enumerate(PAIRS):
        one = collate([(source, target)])
        alone = net(one.source, one.target_in, one.source_mask).logits
        torch.testing.assert_close(together[b, : len(target) + 1], alone[0])


@pytest.mark.parametrize("settings", KINDS, ids=str)
def test_the_future_of_the_target_is_not_seen(settings):
    net, batch = model(**settings), collate(PAIRS)
    changed = batch.target_in.clone()
    changed[:, 2:] = 3
    a, b = (net(batch.source, t, batch.source_mask).logits for t in (batch.target_in, changed))
    torch.testing.assert_close(a[:, :2], b[:, :2])
    assert not torch.allclose(a[:, 2:], b[:, 2:])


def test_weights_are_given_when_asked_for_and_their_rows_sum_to_one():
    net, batch = model(), collate(PAIRS)
    assert net(batch.source, batch.target_in, batch.source_mask).weights is None
    (weights,) = net(batch.source, batch.target_in, batch.source_mask, need_weights=True).weights
    assert weights.shape == (3, 1, 6, 4)
    torch.testing.assert_close(weights.sum(-1), torch.ones(3, 1, 6))


def test_without_attention_the_decoder_sees_one_vector_whatever_the_length():
    net = model(attention=None)
    memory = net.start(torch.tensor([[5, 6, 7, 8, 9, 10]])).memory
    assert memory.summary.shape == (1, 16)
    state = net.start(torch.tensor([[5, 6]]))
    silenced = state._replace(memory=state.memory._replace(states=torch.full_like(state.memory.states, torch.nan)))
    assert net.step(torch.tensor([2]), silenced).logits.isfinite().all(), "the encoder's states are never read"


def test_without_attention_it_does_not_matter_when_one_would_have_asked():
    batch = collate(PAIRS)
    first, second = (model(attention=None, query=query) for query in ("previous", "current"))
    given = batch.source, batch.target_in, batch.source_mask
    assert torch.equal(first(*given).logits, second(*given).logits)
    steps = [net.step(batch.target_in[:, 0], net.start(*given[::2])).logits for net in (first, second)]
    assert torch.equal(*steps)


def test_the_keys_are_projected_once_for_a_sentence(monkeypatch):
    net, batch, calls = model(), collate(PAIRS), []
    project = net.score.project
    monkeypatch.setattr(net.score, "project", lambda keys: calls.append(keys.shape) or project(keys))
    net(batch.source, batch.target_in, batch.source_mask)
    assert len(calls) == 1


def test_masked_loss_divides_by_real_tokens_only():
    logits = torch.randn(2, 3, 5, generator=torch.Generator().manual_seed(0))
    target = torch.tensor([[1, 2, 0], [3, 0, 0]])
    mask = torch.tensor([[True, True, False], [True, False, False]])
    by_hand = -sum(logits[b, t].log_softmax(-1)[target[b, t]] for b, t in ((0, 0), (0, 1), (1, 0))) / 3
    torch.testing.assert_close(masked_loss(logits, target, mask), by_hand)
    torch.testing.assert_close(masked_loss(logits, target.masked_fill(~mask, -100)), by_hand)
    with pytest.raises(ValueError, match="at least one"):
        masked_loss(logits, target, mask & False)
    with pytest.raises(TypeError, match="boolean"):
        masked_loss(logits, target, mask.long())
    with pytest.raises(ValueError, match=r"mask is \[1, 3\]; needed: \[2, 3\]"):
        masked_loss(logits, target, mask[:1])
    with pytest.raises(ValueError, match="one per token"):
        masked_loss(logits, target[:, :2])


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("count", [3, 700])
def test_the_short_way_to_the_loss_gives_the_same_loss_and_gradients(smoothing, count):
    draw = torch.Generator().manual_seed(0)
    shapes = ((2, count, 6), (9, 6), (9,))
    features, weight, bias = (torch.randn(*s, generator=draw, dtype=torch.double, requires_grad=True) for s in shapes)
    target = torch.randint(9, (2, count), generator=draw)
    mask = torch.rand(2, count, generator=draw) < 0.7
    long = masked_loss(F.linear(features, weight, bias), target, mask, smoothing)
    short = output_loss(features, (weight, bias), target, mask, smoothing)
    torch.testing.assert_close(short, long)
    for a, b in zip(*(torch.autograd.grad(3 * x, (features, weight, bias)) for x in (short, long)), strict=True):
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize("settings", KINDS, ids=str)
def test_the_models_own_loss_is_the_masked_loss_of_its_logits(settings):
    net, batch = model(**settings), collate(PAIRS)
    logits = net(batch.source, batch.target_in, batch.source_mask).logits
    for smoothing in (0.0, 0.1):
        torch.testing.assert_close(
            net.loss(batch, smoothing), masked_loss(logits, batch.target_out, batch.target_mask, smoothing)
        )
    with torch.autocast("cpu", torch.bfloat16):
        half = net.loss(batch)
    torch.testing.assert_close(half, net.loss(batch), atol=0.02, rtol=0)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"source_vocab_size": 0}, "source_vocab_size is 0"),
        ({"model_size": 15}, "even number"),
        ({"query": "next"}, "query is 'next'.*previous, current"),
        ({"dropout": 1.0}, "below 1"),
        ({"num_layers": True}, "whole number"),
    ],
)
def test_settings_that_cannot_work_are_named(settings, words):
    with pytest.raises(ValueError, match=words):
        model(**settings)


def test_an_unknown_score_is_answered_with_the_twelve():
    with pytest.raises(KeyError, match="Did you mean 'additive'"):
        Seq2SeqConfig(20, 30, attention="aditive")
    with pytest.raises((TypeError, ValueError), match="attention is"):
        Seq2SeqConfig(20, 30, attention=3)


def test_the_config_is_frozen():
    with pytest.raises(AttributeError):
        model().config.model_size = 5


@pytest.mark.parametrize(
    ("source", "mask", "words"),
    [
        (torch.ones(2, 3), None, "whole numbers"),
        (torch.ones(2, 0, dtype=torch.long), None, "no tokens"),
        (torch.full((2, 3), 20), None, "the vocabulary has 0 … 19"),
        (torch.ones(2, 65, dtype=torch.long), None, "made for 64"),
        (torch.ones(2, 3, dtype=torch.long), torch.ones(2, 2, dtype=torch.bool), r"needed: \[2, 3\] bool"),
        (torch.ones(1, 3, dtype=torch.long), torch.tensor([[True, False, True]]), "gaps"),
        (torch.ones(1, 3, dtype=torch.long), torch.zeros(1, 3, dtype=torch.bool), "hides a whole sentence"),
        (torch.ones(2, 3, dtype=torch.long), torch.tensor([[True] * 3, [False] * 3]), "hides a whole sentence"),
    ],
)
def test_a_wrong_source_is_refused_in_words(source, mask, words):
    with pytest.raises(ValueError, match=words):
        model()(source, torch.full((len(source), 2), 2), mask)


def test_losses_are_plain_by_default_and_smoothing_lies_from_0_below_1():
    logits, target = torch.randn(1, 2, 5, generator=torch.Generator().manual_seed(0)), torch.tensor([[1, 4]])
    plain = F.cross_entropy(logits[0], target[0])
    torch.testing.assert_close(masked_loss(logits, target), plain)
    torch.testing.assert_close(output_loss(logits, (torch.eye(5), None), target), plain)
    holds(lambda smoothing: masked_loss(logits, target, label_smoothing=smoothing), [0, 0.99], [-0.1, 1])
    for words in (-1, 5):
        with pytest.raises(ValueError, match="the vocabulary has 0 … 4"):
            masked_loss(logits, torch.tensor([[1, words]]))
    holds(lambda dropout: model(dropout=dropout), [0, 0.99], [-0.1, 1])


def test_sizes_that_are_not_given_are_those_of_the_docstring():
    net = model(attention="additive")
    assert net.score.hidden_size == 8 and net.source_embedding.embedding_dim == 16
