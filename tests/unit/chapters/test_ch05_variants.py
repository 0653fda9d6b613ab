"""Chapter 5's variants of the Transformer: they read what they should, and write what they predict all at once."""

import pytest
import torch

from chapters.ch05.experiments.in_class import small_model
from chapters.ch05.experiments.twins import corpus
from chapters.ch05.variants import LayerWise, with_key_heads
from course_kit.decoding.steps import steps_of
from course_kit.heads import attention_weights
from course_utils.transformer import Transformer, TransformerConfig, translation_loss

SIZES = TransformerConfig(9, 9, size=8, layers=2, heads=4, dropout=0.0)


def random_batch():
    generator = torch.Generator().manual_seed(0)
    source, target = (torch.randint(4, 9, (3, n), generator=generator) for n in (6, 5))
    return source, target, torch.arange(6) < torch.tensor([[6], [4], [3]])


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


@pytest.mark.parametrize("kind", ["layers", "two layers", "shared keys"])
def test_word_by_word_it_predicts_what_it_predicts_at_once(model, kind):
    source, target, mask = random_batch()
    layer_wise = LayerWise(model, (2, 1), and_last=kind == "two layers")
    variant = with_key_heads(SIZES, 2).eval() if kind == "shared keys" else layer_wise
    expected = variant(source, target, mask)
    steps = steps_of(variant)
    state = steps.start(source, mask)
    for t in range(target.shape[1]):
        logits, state, weights = steps.step(target[:, t], state)
        torch.testing.assert_close(logits, expected[:, t], atol=1e-5, rtol=1e-5)
        assert not weights[~mask.repeat(1, weights.shape[1] // 6)].any()


def test_shared_keys_are_fewer_and_every_head_has_its_weights():
    variant = with_key_heads(SIZES, 2)
    assert all(block.attention.key.out_features == 4 for block in [*variant.encoder, *variant.decoder])
    assert all(block.cross_attention.value.out_features == 4 for block in variant.decoder)
    with attention_weights(variant) as weights:
        variant(*random_batch())
    assert weights["cross"][1].shape == (3, 4, 5, 6)


def test_what_cannot_work_is_refused(model):
    for layers in ((1,), (1, 3), (0, 1)):
        with pytest.raises(ValueError, match="memory_layers"):
            LayerWise(model, layers)


@pytest.mark.parametrize("options", [{"memory_layers": (1, 2)}, {"key_heads": 1}])
def test_the_lesson_trains_and_measures_them(options):
    lesson = corpus()
    variant = small_model(lesson, size=16, hidden=16, **options)
    batch = next(iter(lesson.batches))
    translation_loss(variant, batch).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in variant.parameters())
    assert 0 <= lesson.alignment_error(variant, count=4) <= 1
    assert 0 <= lesson.bleu(variant, count=4) <= 100
