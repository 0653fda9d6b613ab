"""Chapter 5's variants of the Transformer: they read what they should, and write what they predict all at once."""

import pytest
import torch
from unit.chapters.small_translator import random_batch

from chapters.ch05.variants import LayerWise
from course_kit.decoding.steps import steps_of
from course_utils.transformer import Transformer, TransformerConfig

SIZES = TransformerConfig(9, 9, size=8, layers=2, heads=4, dropout=0.0)


@pytest.fixture
def model():
    torch.manual_seed(0)
    return Transformer(SIZES).eval()


def test_layers_that_all_read_the_last_are_the_transformer(model):
    batch = random_batch()
    torch.testing.assert_close(LayerWise(model, (2, 2))(*batch), model(*batch))
    assert not torch.allclose(LayerWise(model, (1, 2))(*batch), model(*batch))
    torch.testing.assert_close(LayerWise(model, (2, 2), and_last=True)(*batch), model(*batch))  # the same words twice


def test_each_layer_reads_the_layer_that_was_named(model):
    source, _, mask = random_batch()
    first, last = LayerWise(model, (1, 2)).encode(source, mask).unbind(1)
    x = model.positions(model.source_embedding(source) * 8**0.5)
    torch.testing.assert_close(first, model.encoder_norm(model.encoder[0](x, mask[:, None])))
    torch.testing.assert_close(last, model.encode(source, mask))
    assert not any(block._forward_hooks for block in model.encoder)


@pytest.mark.parametrize("and_last", [False, True])
def test_word_by_word_it_predicts_what_it_predicts_at_once(model, and_last):
    source, target, mask = random_batch()
    variant = LayerWise(model, (2, 1), and_last)
    expected = variant(source, target, mask)
    steps = steps_of(variant)
    state = steps.start(source, mask)
    for t in range(target.shape[1]):
        logits, state, weights = steps.step(target[:, t], state)
        torch.testing.assert_close(logits, expected[:, t], atol=1e-5, rtol=1e-5)
        assert not weights[~mask.repeat(1, weights.shape[1] // 6)].any()


def test_what_cannot_work_is_refused(model):
    for layers in ((1,), (1, 3), (0, 1)):
        with pytest.raises(ValueError, match="memory_layers"):
            LayerWise(model, layers)
