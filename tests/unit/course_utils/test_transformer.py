"""Blocks and the Transformer: no leak, parallel = serial, cache = full, options, and what is refused."""

import pytest
import torch
from torch import nn
from unit.edges import REFUSED

from course_kit import checkpoints, decoding
from course_kit.decoding.steps import steps_of
from course_kit.heads import attention_weights
from course_kit.runs import checkpoint_writer
from course_kit.text import Vocabulary, collate
from course_utils.attention import padding_mask
from course_utils.blocks import AddNorm, EncoderBlock, PostNorm, init_small
from course_utils.loss import masked_loss
from course_utils.transformer import DecoderBlock, Transformer, TransformerConfig, translation_loss

LENGTHS = [9, 5, 3]


def made(seed=0, train=False, **options):
    torch.manual_seed(seed)
    settings = {"size": 32, "heads": 4, "hidden": 64, "dropout": 0.1} | options
    return Transformer(TransformerConfig(20, 30, **settings)).train(train)


def test_embeddings_begin_with_a_standard_deviation_of_1_over_the_root_of_the_model_size():
    net = Transformer(TransformerConfig(500, 500, size=64, layers=1))
    for embedding in (net.source_embedding, net.target_embedding):
        assert embedding.weight.std().item() == pytest.approx(1 / 8, rel=0.03)


def some(batch=3, source=9, target=7, seed=0):
    """source, target, source_mask"""
    draw = torch.Generator().manual_seed(seed)
    ids = torch.randint(4, 20, (batch, source), generator=draw), torch.randint(4, 30, (batch, target), generator=draw)
    return *ids, padding_mask([min(n, source) for n in LENGTHS[:batch]], source)[:, 0]


OPTIONS = [{}, {"layers": 3, "heads": 1}, {"layers": 1, "hidden": None}]
EVERY = pytest.mark.parametrize(
    "options", OPTIONS, ids=lambda o: ", ".join(f"{k}={v}" for k, v in o.items()) or "as is"
)


@pytest.mark.wrong_types  # the keys of the memory are in a cache: a memory of no words, with a mask of all
@EVERY
@torch.no_grad()
def test_serial_prediction_with_the_cache_equals_parallel_training_at_every_step(options):
    model, (source, target, mask) = made(**options), some()
    for source_mask in (mask, None):
        with attention_weights(model) as all_at_once:
            whole = model(source, target, source_mask)
        steps = steps_of(model)
        state = steps.start(source, source_mask)
        for t in range(target.shape[1]):
            logits, state, weights = steps.step(target[:, t], state)
            torch.testing.assert_close(logits, whole[:, t], atol=1e-5, rtol=0)
            torch.testing.assert_close(weights, all_at_once["cross"][-1].mean(1)[:, t], atol=1e-5, rtol=0)
            assert state.own[0].k.shape[2] == t + 1 and state.cross[0].k.shape[2] == source.shape[1]
            assert state.memory.shape[1] == 0, "the source's keys and values are computed once"


@pytest.mark.wrong_types  # the keys of the memory are in a cache: a memory of no words, with a mask of all
@torch.no_grad()
def test_a_state_is_never_changed_so_that_a_beam_may_go_on_from_it_twice():
    model, (source, target, mask) = made(), some()
    steps = steps_of(model)
    begun = steps.step(target[:, 0], steps.start(source, mask)).state
    first = steps.step(target[:, 1], begun).logits
    steps.step(target[:, 2], begun)
    assert torch.equal(steps.step(target[:, 1], begun).logits, first)


def test_the_loss_is_the_mean_over_the_real_words_of_the_target():
    model, (source, target, mask) = made(), some()
    lengths = [7, 4, 1]
    batch = collate([(s[m].tolist(), t[:n].tolist()) for s, t, m, n in zip(source, target, mask, lengths, strict=True)])
    logits = model(batch.source, batch.target_in, batch.source_mask)
    for smoothing in (0.0, 0.1):
        wanted = masked_loss(logits, batch.target_out, batch.target_mask, smoothing)
        torch.testing.assert_close(translation_loss(model, batch, smoothing), wanted)


@pytest.mark.wrong_types  # the keys of the memory are in a cache: a memory of no words, with a mask of all
def test_tied_embeddings_are_one_matrix_and_a_checkpoint_holds_it_once(tmp_path):
    model = made()
    assert model.output.weight is model.target_embedding.weight
    vocabulary = Vocabulary([f"w{i}" for i in range(16)]), Vocabulary([f"v{i}" for i in range(26)])
    path = checkpoint_writer.save_checkpoint(model, tmp_path / "x", {}, source=vocabulary[0], target=vocabulary[1])
    loaded = checkpoints.load_checkpoint(path)
    assert loaded.model.config == model.config
    source, target, mask = some()
    torch.testing.assert_close(loaded.model(source, target, mask), model(source, target, mask), atol=0.02, rtol=0)
    assert isinstance(decoding.translate(loaded, "w1 w2 w3")[0].text, str)
    held = sum(p.numel() for p in model.parameters())
    content = path.with_suffix(".safetensors").read_bytes()
    header = 8 + int.from_bytes(content[:8], "little")
    assert len(content) - header == 2 * held, "each parameter once, in two bytes"
    assert loaded.model.output.weight is loaded.model.target_embedding.weight


def test_dropout_is_of_all_that_a_block_adds_and_of_nothing_else():
    for block, adds in ((EncoderBlock(8, 2, 16, 0.3), 2), (DecoderBlock(8, 2, 16, 0.3), 3)):
        around = [m for m in block.modules() if isinstance(m, AddNorm)]
        assert [m.dropout.p for m in around] == [0.3] * adds
        assert len([m for m in block.modules() if isinstance(m, nn.Dropout)]) == adds
    one, x = AddNorm(8, dropout=0.5), torch.randn(2, 300, 8, generator=torch.Generator().manual_seed(0))
    assert set((one(x, torch.ones_like) - x).round().unique().tolist()) == {0.0, 2.0}
    last = PostNorm(8, dropout=0.5)
    assert not torch.equal(last(x, torch.sin), last(x, torch.sin))
    assert torch.equal(last.eval()(x, torch.sin), last.norm(x + x.sin()))


@pytest.mark.parametrize("bias", [True, False])
def test_beginning_small_is_normal_numbers_of_two_hundredths_and_no_bias(bias):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Embedding(200, 100), nn.Linear(100, 200, bias), nn.LayerNorm(200)).apply(init_small)
    for layer in net[:2]:
        assert layer.weight.std().item() == pytest.approx(0.02, rel=0.03) and abs(layer.weight.mean().item()) < 5e-4
    assert (net[2].weight == 1).all() and (not bias or (net[1].bias == 0).all())


def test_input_that_does_not_fit_is_refused():
    model, (source, target, mask) = made(), some(source=8)
    for bad in (
        (source[0], target), (source, target[0]), (source.float(), target), (source + 20, target),
        (source, target + 30), (source, target[:2]), (source, target, mask[:, :3]), (source, target, mask.float()),
        (source, target, mask.long()),
    ):  # fmt: skip
        with pytest.raises(REFUSED):
            model(*bad)
    steps = steps_of(model)
    state = steps.start(source, mask)
    with pytest.raises(REFUSED):
        steps.step(target[:2, 0], state)


def test_sinusoids_go_on_beyond_the_context_and_bfloat16_works():
    model, (source, target, mask) = made(context=4), some()
    exact = model(source, target, mask)
    assert exact.isfinite().all()
    half = model.bfloat16()(source, target, mask)
    assert half.dtype == torch.bfloat16 and (half.float() - exact).abs().max() < 0.2


@EVERY
def test_every_parameter_is_trained(options):
    model, (source, target, mask) = made(train=True, **options), some()
    model(source, target, mask).square().sum().backward()
    assert not [name for name, p in model.named_parameters() if p.grad is None]


def test_the_network_is_four_times_as_wide_where_nothing_is_said():
    made = (Transformer(TransformerConfig(1, 1, 16, hidden=size)) for size in (None, 3))
    assert [model.decoder[0].ffn.widen.out_features for model in made] == [64, 3]
    assert {m.p for m in Transformer(TransformerConfig(1, 1, 16)).modules() if isinstance(m, nn.Dropout)} == {0.0}
