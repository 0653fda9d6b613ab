"""BERT: what is masked, what is summed, what padding must not change, how many parameters there are."""

import dataclasses
import math

import pytest
import torch
from edges import holds

from course_utils.bert import (
    IGNORED,
    Bert,
    BertConfig,
    BertForPreTraining,
    BertForQuestionAnswering,
    BertForSequenceClassification,
    BertForTokenClassification,
    count_parameters,
    mask_tokens,
)

SMALL = BertConfig(60, 32, 2, 4, max_length=64)


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


def test_masking_says_what_is_wrong():
    ids, _ = batch()
    with pytest.raises(ValueError, match="special_mask is a tensor of bool with shape \\[4, 9\\]"):
        mask_tokens(ids, torch.zeros(4, 9, dtype=torch.bool), 60, 4)
    with pytest.raises(ValueError, match="tensor of int64 with shape \\[4, 10\\]; needed: bool"):
        mask_tokens(ids, torch.zeros_like(ids), 60, 4)
    with pytest.raises(ValueError, match="share is 15"):
        mask_tokens(ids, torch.zeros_like(ids, dtype=torch.bool), 60, 4, share=15)
    nothing = mask_tokens(ids, torch.ones_like(ids, dtype=torch.bool), 60, 4)
    assert torch.equal(nothing[0], ids) and (nothing[1] == IGNORED).all()
    with pytest.raises(ValueError, match="no token is masked"):
        made(BertForPreTraining).loss(*nothing, torch.zeros(4, dtype=torch.long))


def test_three_embeddings_are_summed_and_normed():
    model, (ids, segments) = made(), batch()
    token, segment, position = model.embeddings.parts(ids, segments)
    table = model.embeddings
    assert torch.equal(token, table.tokens.weight[ids]) and torch.equal(segment, table.segments.weight[segments])
    assert torch.allclose(position, table.positions.table[:10].expand(4, -1, -1))
    assert torch.allclose(table(ids, segments), table.norm(token + segment + position))
    assert torch.equal(table(ids), table(ids, torch.zeros_like(ids)))
    assert not torch.allclose(model(ids, segments).hidden, model(ids).hidden, atol=1e-3)


def test_it_sees_both_sides_and_padding_is_seen_by_nobody():
    model, (ids, segments) = made(), batch()
    changed = ids.clone()
    changed[:, -1] = 5
    assert not torch.allclose(model(ids).hidden[:, 0], model(changed).hidden[:, 0], atol=1e-4)
    mask = torch.arange(16).expand(4, -1) < 10
    alone = model(ids, segments)
    for fill in (0, 59):
        longer = model(padded(ids, 6, fill), padded(segments, 6), mask, need_weights=True)
        assert torch.allclose(longer.hidden[:, :10], alone.hidden, atol=1e-6)
        assert torch.allclose(longer.pooled, alone.pooled, atol=1e-6)
    for weights in longer.weights:
        assert not weights[..., 10:].any() and torch.allclose(weights.sum(-1), torch.ones(4, 4, 16), atol=1e-6)


def test_padding_changes_neither_loss_by_a_millionth():
    model, (ids, segments) = made(BertForPreTraining), batch()
    special = torch.zeros_like(ids, dtype=torch.bool)
    inputs, labels = mask_tokens(ids, special, 60, 4, torch.Generator().manual_seed(0), share=0.3)
    follows = torch.tensor([0, 1, 1, 0])
    alone = model.loss(inputs, labels, follows, segments)
    mask = torch.arange(25).expand(4, -1) < 10
    longer = model.loss(padded(inputs, 15), padded(labels, 15, IGNORED), follows, padded(segments, 15), mask)
    assert abs(alone.mlm - longer.mlm) < 1e-6 and abs(alone.nsp - longer.nsp) < 1e-6
    logits = model(inputs, segments)
    asked = labels != IGNORED
    assert torch.allclose(torch.nn.functional.cross_entropy(logits.mlm_logits[asked], labels[asked]), alone.mlm)
    assert abs(model.loss(inputs, labels, follows, segments).total - alone.mlm - alone.nsp) < 1e-6


def test_heads_and_what_they_give():
    ids, segments = batch()
    mask = torch.arange(10).expand(4, -1) < 7
    pairs = made(BertForSequenceClassification, 3)(ids, segments, mask)
    tags = made(BertForTokenClassification, 7)(ids, segments, mask, need_weights=True)
    answer = made(BertForQuestionAnswering)(ids, segments, mask)
    assert pairs.logits.shape == (4, 3) and tags.logits.shape == (4, 10, 7) and len(tags.weights) == 2
    assert answer.start_logits.shape == answer.end_logits.shape == (4, 10)
    assert (answer.start_logits[:, 7:] == -math.inf).all() and answer.end_logits[:, :7].isfinite().all()
    assert torch.allclose(answer.start_logits.softmax(-1).sum(-1), torch.ones(4))


@pytest.mark.parametrize(("config", "total"), [(BertConfig.base(), 109_482_240), (BertConfig.large(), 335_141_888)])
def test_parameters_of_base_and_large(config, total):
    with torch.device("meta"):
        counts = count_parameters(Bert(config))
    assert sum(counts.values()) == total
    size, layers = config.model_size, config.num_layers
    assert counts["token embeddings"] == 30522 * size and counts["position embeddings"] == 512 * size
    assert counts["segment embeddings"] == 2 * size and counts["pooler"] == size * size + size
    assert counts["attention"] == layers * 4 * (size * size + size)
    assert counts["feed-forward networks"] == layers * (8 * size * size + 5 * size)
    assert counts["layer norms"] == (2 * layers + 1) * 2 * size and "heads" not in counts


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"vocab_size": 0}, "vocab_size is 0"),
        ({"segments": 1.5}, "segments is 1.5"),
        ({"dropout": 1}, "dropout is 1"),
        ({"num_heads": 5}, "cannot be cut into 5 heads"),
    ],
)
def test_settings_that_cannot_work(options, message):
    with pytest.raises(ValueError, match=message):
        Bert(BertConfig(**{"vocab_size": 60, "model_size": 32, "num_layers": 1, "num_heads": 4} | options))


def test_a_config_is_frozen():
    with pytest.raises(AttributeError):
        BertConfig.base().model_size = 5


def test_bad_input_is_named():
    model, (ids, segments) = made(), batch()
    with pytest.raises(ValueError, match="ids from 5 to 99"):
        model(torch.tensor([[5, 99]]))
    with pytest.raises(ValueError, match="segments holds ids from 0 to 2"):
        model(ids, segments * 2)
    with pytest.raises(ValueError, match="segments are \\[4, 9\\]"):
        model(ids, segments[:, :9])
    with pytest.raises(ValueError, match="position 64 was asked for"):
        model(torch.full((1, 65), 5))
    with pytest.raises(ValueError, match="mask is a tensor of int64 with shape \\[4, 10\\]"):
        model(ids, segments, torch.ones_like(ids))


def test_shares_ids_and_labels_have_their_bounds():
    ids, never = torch.ones(2, 3, dtype=torch.long), torch.zeros(2, 3, dtype=torch.bool)
    holds(lambda share: mask_tokens(ids, never, 9, 4, share=share), [0, 1], [-0.1, 1.1])
    holds(lambda mask: mask_tokens(ids, never, 9, mask), [0, 8], [-1, 9])
    holds(lambda size: mask_tokens(ids * 0, never, size, 0), [1], [0])
    holds(lambda labels: BertForSequenceClassification(SMALL, labels), [1], [0])
    holds(lambda p: dataclasses.replace(SMALL, dropout=p), [0, 0.99], [-0.1, 1])
    assert (mask_tokens(ids, never, 9, 4, share=0)[1] == -100).all()
    assert (mask_tokens(ids, never, 9, 4, share=1)[1] == 1).all()


@pytest.mark.parametrize("wrong", [[0, 1, 0, 1], torch.zeros(3, dtype=torch.long), torch.zeros(4)], ids=str)
def test_which_second_sentence_follows_is_one_whole_number_for_each_pair(wrong):
    ids, segments = batch()
    with pytest.raises(ValueError, match="nsp_labels is .*needed: .4. of int64"):
        made(BertForPreTraining).loss(ids, ids, wrong, segments)
    for labels in (ids.tolist(), ids[:, :9], ids.float()):
        with pytest.raises(ValueError, match="labels is .*needed: .4, 10. of int64"):
            made(BertForPreTraining).loss(ids, labels, torch.zeros(4, dtype=torch.long), segments)
