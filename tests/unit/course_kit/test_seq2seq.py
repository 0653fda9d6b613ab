"""Seq2Seq: what padding may never do, what the loss counts, and what is refused."""

import pytest
import torch
import torch.nn.functional as F
from edges import REFUSED, holds

from course_kit.seq2seq import Seq2Seq, Seq2SeqConfig
from course_kit.text import collate
from course_utils.loss import masked_loss


def model(**settings):
    torch.manual_seed(0)
    return Seq2Seq(
        Seq2SeqConfig(**{"source_vocab_size": 20, "target_vocab_size": 30, "model_size": 16, **settings})
    ).eval()


PAIRS = [([5, 6, 7, 8], [9, 8, 7]), ([10], [4]), ([12, 13], [20, 21, 22, 23, 24])]
KINDS = [{}, {"query": "current"}, {"attention": None}, {"attention": "location_based"}, {"reverse_source": True}]


@pytest.mark.parametrize("settings", KINDS, ids=str)
def test_what_stands_in_the_padding_does_not_matter(settings):
    net, batch = model(**settings), collate(PAIRS)
    other = batch.source.masked_fill(~batch.source_mask, 17)
    a = net(batch.source, batch.target_in, batch.source_mask)[0]
    torch.testing.assert_close(net(other, batch.target_in, batch.source_mask)[0], a)
    target = batch.target_in.masked_fill(~batch.target_mask, 11)
    changed = batch._replace(target_in=target, target_out=batch.target_out.masked_fill(~batch.target_mask, 12))
    torch.testing.assert_close(net.loss(changed), net.loss(batch))


def test_all_words_are_real_where_no_mask_says_otherwise():
    net, batch = model(), collate(PAIRS[:1])
    for mine, theirs in zip(net(*batch[:3:2]), net(batch.source, batch.target_in, batch.source_mask), strict=True):
        assert torch.equal(mine, theirs)


def test_without_attention_the_decoder_sees_one_vector_whatever_the_length():
    net = model(attention=None)
    memory = net.start(torch.tensor([[5, 6, 7, 8, 9, 10]])).memory
    assert memory.summary.shape == (1, 16)
    state = net.start(torch.tensor([[5, 6]]))
    silenced = state._replace(memory=state.memory._replace(states=torch.full_like(state.memory.states, torch.nan)))
    assert net.step(torch.tensor([2]), silenced).logits.isfinite().all(), "the encoder's states are never read"


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
    assert masked_loss(logits, target, mask & False).isnan()  # a mean of nothing
    for wrong in (
        (target, mask.long()),
        (target, mask.float()),
        (target, mask[:, :2]),
        (target[:, :2],),
        (target + 4,),
    ):
        with pytest.raises(REFUSED):
            masked_loss(logits, *wrong)


def test_what_stands_in_the_padding_gives_no_gradient_not_even_nan():
    logits = torch.randn(2, 3, 5, generator=torch.Generator().manual_seed(0))
    mask = torch.tensor([[True, True, False], [True, False, False]])
    logits[~mask] = torch.nan
    logits.requires_grad_()
    masked_loss(logits, torch.ones(2, 3, dtype=torch.long), mask).backward()
    assert logits.grad.isfinite().all() and not logits.grad[~mask].any() and logits.grad[mask].any(-1).all()


@pytest.mark.parametrize("settings", KINDS, ids=str)
def test_the_models_own_loss_is_the_masked_loss_of_its_logits(settings):
    net, batch = model(**settings), collate(PAIRS)
    logits = net(batch.source, batch.target_in, batch.source_mask)[0]
    for smoothing in (0.0, 0.1):
        torch.testing.assert_close(
            net.loss(batch, smoothing), masked_loss(logits, batch.target_out, batch.target_mask, smoothing)
        )
    with torch.autocast("cpu", torch.bfloat16):
        half = net.loss(batch)
    torch.testing.assert_close(half, net.loss(batch), atol=0.02, rtol=0)


@pytest.mark.parametrize("attention", ["additive", None])
@pytest.mark.parametrize(
    ("source", "mask"),
    [
        (torch.ones(2, 3), None),
        (torch.ones(3, dtype=torch.long), None),
        (torch.ones(2, 0, dtype=torch.long), None),
        (torch.full((2, 3), 20), None),
        (torch.ones(2, 3, dtype=torch.long), torch.ones(2, 4, dtype=torch.bool)),
        (torch.ones(2, 3, dtype=torch.long), torch.ones(2, 2, dtype=torch.bool)),
        (torch.ones(2, 3, dtype=torch.long), torch.ones(3, 3, dtype=torch.bool)),
        (torch.ones(1, 3, dtype=torch.long), torch.zeros(1, 3, dtype=torch.bool)),
        (torch.ones(2, 3, dtype=torch.long), torch.tensor([[True] * 3, [False] * 3])),
    ],
)
def test_a_source_that_does_not_fit_is_refused(source, mask, attention):
    with pytest.raises(REFUSED):
        model(attention=attention)(source, torch.full((len(source), 2), 2), mask)


@pytest.mark.parametrize("dtype", [torch.float32, torch.long, torch.uint8])
def test_a_mask_of_numbers_is_refused(dtype):
    net, batch = model(), collate(PAIRS)
    with pytest.raises(REFUSED):
        net(batch.source, batch.target_in, batch.source_mask.to(dtype))


@pytest.mark.parametrize("mask", [[[True, False, True]], [[False, True, True]]])
def test_a_mask_with_gaps_is_refused(mask):
    with pytest.raises(ValueError, match="source_mask"):
        model().encode(torch.ones(1, 3, dtype=torch.long), torch.tensor(mask))


def test_a_score_of_positions_ends_at_max_length():
    net = model(attention="location_based", max_length=4)
    holds(lambda length: net.encode(torch.ones(1, length, dtype=torch.long)), [4, 5])
    queries = torch.ones(1, 1, 16)
    holds(lambda n: net.look_back(queries, net.encode(torch.ones(1, n, dtype=torch.long))), [4], [5])


def test_losses_are_plain_by_default_and_smoothing_lies_from_0_to_1():
    logits, target = torch.randn(1, 2, 5, generator=torch.Generator().manual_seed(0)), torch.tensor([[1, 4]])
    plain = F.cross_entropy(logits[0], target[0])
    torch.testing.assert_close(masked_loss(logits, target), plain)
    torch.testing.assert_close(
        masked_loss(logits, target, label_smoothing=0.3), 0.7 * plain - 0.3 * logits.log_softmax(-1).mean()
    )
    with pytest.raises(REFUSED):
        masked_loss(logits, target, label_smoothing=1.1)
    for word in (-1, 5):
        with pytest.raises(REFUSED):
            masked_loss(logits, torch.tensor([[1, word]]))
