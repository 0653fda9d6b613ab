"""BERT: what is masked, what is summed, what padding must not change, how many parameters there are."""

import math

import pytest
import torch
from unit.edges import REFUSED

from course_utils.bert import Bert, BertConfig, BertForPreTraining, mask_tokens, pretraining_loss
from course_utils.bert_heads import BertForQuestionAnswering, BertForSequenceClassification, BertForTokenClassification
from course_utils.loss import IGNORED

SMALL = BertConfig(60, 32, 2, 4, context=64)


def made(cls=Bert, *options):
    torch.manual_seed(0)
    model = cls(SMALL, *options).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return model


def batch(rows=4, length=10, seed=1):
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(5, 60, (rows, length), generator=generator)
    return ids, (torch.arange(length) >= length // 2).long().expand(rows, -1)


def padded(x, more, fill=0):
    return torch.cat([x, torch.full((len(x), more), fill, dtype=x.dtype)], 1)


def test_statistics_of_masking_over_a_hundred_thousand_tokens():
    ids = torch.full((1000, 110), 7)
    special = torch.zeros_like(ids, dtype=torch.bool)
    special[:, :10] = True
    inputs, labels = mask_tokens(ids, special, 60, 4, torch.Generator().manual_seed(0))
    chosen = labels != IGNORED
    assert not chosen[:, :10].any() and torch.equal(inputs[~chosen], ids[~chosen]) and (labels[chosen] == 7).all()
    count = int(chosen.sum())
    assert abs(count / 100_000 - 0.15) <= 0.003
    masked, kept = int((inputs[chosen] == 4).sum()), int((inputs[chosen] == 7).sum())
    # a random word is [MASK] or the word itself once in 60 draws
    assert abs(masked / count - 0.8 - 0.1 / 60) <= 0.01 and abs(kept / count - 0.1 - 0.1 / 60) <= 0.01
    words = inputs[chosen][(inputs[chosen] != 4) & (inputs[chosen] != 7)]
    assert abs(len(words) / count - 0.1) <= 0.01 and words.unique().numel() == 58


def test_a_generator_makes_masking_repeatable_and_nothing_is_changed_in_place():
    ids, _ = batch()
    before, special = ids.clone(), torch.zeros_like(ids, dtype=torch.bool)
    a, b = (mask_tokens(ids, special, 60, 4, torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(a[0], b[0]) and torch.equal(a[1], b[1]) and torch.equal(ids, before)
    state = torch.get_rng_state()
    mask_tokens(ids, special, 60, 4, torch.Generator().manual_seed(3))
    assert torch.equal(state, torch.get_rng_state())


def test_special_tokens_are_told_by_true_and_false_for_each():
    ids, _ = batch()
    for special in (torch.zeros(4, 9, dtype=torch.bool), torch.zeros_like(ids), torch.zeros(ids.shape)):
        with pytest.raises(REFUSED):
            mask_tokens(ids, special, 60, 4)
    nothing = mask_tokens(ids, torch.ones_like(ids, dtype=torch.bool), 60, 4)
    assert torch.equal(nothing[0], ids) and (nothing[1] == IGNORED).all()
    loss = pretraining_loss(made(BertForPreTraining), *nothing, torch.zeros(4, dtype=torch.long))
    assert loss.mlm.isnan() and loss.total.isnan() and loss.nsp.isfinite()  # a mean of nothing


def test_a_mask_of_one_row_would_hide_queries_and_is_refused():
    ids, segments = batch()
    with pytest.raises((IndexError, TypeError), match="too many indices|parameter .mask."):
        made()(ids, segments, torch.ones(10, dtype=torch.bool))


def test_padding_changes_neither_loss_by_a_millionth():
    model, (ids, segments) = made(BertForPreTraining), batch()
    special = torch.zeros_like(ids, dtype=torch.bool)
    inputs, labels = mask_tokens(ids, special, 60, 4, torch.Generator().manual_seed(0), share=0.3)
    follows = torch.tensor([0, 1, 1, 0])
    alone = pretraining_loss(model, inputs, labels, follows, segments)
    mask = torch.arange(25).expand(4, -1) < 10
    more = padded(inputs, 15), padded(labels, 15, IGNORED), follows, padded(segments, 15)
    longer = pretraining_loss(model, *more, mask)
    assert abs(alone.mlm - longer.mlm) < 1e-6 and abs(alone.nsp - longer.nsp) < 1e-6


def test_heads_and_what_they_give():
    ids, segments = batch()
    mask = torch.arange(10).expand(4, -1) < 7
    pairs = made(BertForSequenceClassification, 3)(ids, segments, mask)
    tags = made(BertForTokenClassification, 7)(ids, segments, mask)
    answer = made(BertForQuestionAnswering)(ids, segments, mask)
    assert pairs.shape == (4, 3) and tags.shape == (4, 10, 7)
    assert answer.start_logits.shape == answer.end_logits.shape == (4, 10)
    assert (answer.start_logits[:, 7:] == -math.inf).all() and answer.end_logits[:, :7].isfinite().all()
    assert torch.allclose(answer.start_logits.softmax(-1).sum(-1), torch.ones(4))


@pytest.mark.parametrize(("config", "total"), [(BertConfig(), 109_482_240), (BertConfig.large(), 335_141_888)])
def test_parameters_of_base_and_large(config, total):
    with torch.device("meta"):
        model = Bert(config)
    assert sum(p.numel() for p in model.parameters()) == total
    assert BertConfig.large(9).vocab == 9


def test_a_share_of_nothing_and_of_all():
    ids, never = torch.ones(2, 3, dtype=torch.long), torch.zeros(2, 3, dtype=torch.bool)
    assert (mask_tokens(ids, never, 9, 4, share=0)[1] == -100).all()
    assert (mask_tokens(ids, never, 9, 4, share=1)[1] == 1).all()


def test_labels_that_do_not_fit_are_refused():
    model, (ids, segments), follows = made(BertForPreTraining), batch(), torch.zeros(4, dtype=torch.long)
    for wrong in ([0, 1, 0, 1], follows[:3], follows.float(), follows - 1, follows + 2):
        with pytest.raises(REFUSED):
            pretraining_loss(model, ids, ids, wrong, segments)
    for labels in (ids.tolist(), ids[:, :9], ids.float(), ids + 60, ids - 90):
        with pytest.raises(REFUSED):
            pretraining_loss(model, ids, labels, follows, segments)


@torch.no_grad()
def test_the_words_that_are_asked_for_get_their_logits_from_the_hidden_vectors_alone():
    model, (ids, segments) = made(BertForPreTraining), batch()
    hidden, pooled = model.bert(ids, segments)
    whole = model(ids, segments)
    torch.testing.assert_close(model.words(hidden[1, 3:5]), whole.mlm_logits[1, 3:5])
    torch.testing.assert_close(model.next_sentence(pooled), whole.nsp_logits)
    assert model.output.weight is model.bert.embeddings.tokens.weight


def test_the_first_weights_are_small_and_every_parameter_is_trained():
    torch.manual_seed(0)
    model, (ids, segments) = BertForPreTraining(BertConfig(500, 64, 1, 4, context=64)), batch()
    for weight in (model.transform.weight, model.bert.embeddings.tokens.weight, model.bert.blocks[0].ffn.widen.weight):
        assert weight.std().item() == pytest.approx(0.02, rel=0.05)
    assert not model.transform.bias.any() and not model.bert.blocks[0].attention.query.bias.any()
    pretraining_loss(model, ids, ids, torch.zeros(4, dtype=torch.long), segments).total.backward()
    assert not [name for name, p in model.named_parameters() if p.grad is None]


@pytest.mark.parametrize("share", [15, -0.1, math.nan])
def test_a_share_that_is_none_is_refused(share):
    ids, _ = batch()
    with pytest.raises(ValueError, match="share"):
        mask_tokens(ids, torch.zeros_like(ids, dtype=torch.bool), 60, 4, share=share)
