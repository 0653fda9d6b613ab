"""Blocks and the Transformer: no leak, parallel = serial, cache = full, options, and what is refused."""

import dataclasses
import itertools

import pytest
import torch
from edges import holds
from torch import nn

from course_kit.keeping import saving
from course_utils import checkpoints, decoding
from course_utils.attention import MultiHeadAttention, causal_mask, padding_mask, recording
from course_utils.blocks import AddNorm, DecoderBlock, EncoderBlock, PositionwiseFFN, init_weights
from course_utils.loss import masked_loss
from course_utils.positions import sinusoidal_encoding
from course_utils.text import Batch, Vocabulary, collate
from course_utils.transformer import Transformer, TransformerConfig

LENGTHS = [9, 5, 3]


def made(seed=0, train=False, **options):
    torch.manual_seed(seed)
    settings = {"model_size": 32, "num_heads": 4, "ffn_size": 64, "dropout": 0.1} | options
    return Transformer(TransformerConfig(20, 30, **settings)).train(train)


def test_embeddings_begin_with_a_standard_deviation_of_1_over_the_root_of_the_model_size():
    net = Transformer(TransformerConfig(500, 500, model_size=64, num_layers=1))
    for embedding in (net.source_embedding, net.target_embedding):
        assert embedding.weight.std().item() == pytest.approx(1 / 8, rel=0.03)


def some(batch=3, source=9, target=7, seed=0):
    """source, target, source_mask"""
    draw = torch.Generator().manual_seed(seed)
    ids = torch.randint(4, 20, (batch, source), generator=draw), torch.randint(4, 30, (batch, target), generator=draw)
    return *ids, padding_mask([min(n, source) for n in LENGTHS[:batch]], source)[:, 0]


OPTIONS = [
    {},
    {"norm_first": False},
    {"positions": "learned"},
    {"positions": "rotary"},
    {"positions": "none"},
    {"key_heads": 1},
    {"window": 3},
    {"tie_embeddings": False, "activation": "gelu"},
    {"num_layers": 3, "memory_layers": (1, 2, 3)},
    {"num_layers": 1},
]
EVERY = pytest.mark.parametrize(
    "options", OPTIONS, ids=lambda o: ", ".join(f"{k}={v}" for k, v in o.items()) or "as is"
)


@EVERY
@pytest.mark.parametrize("train", [False, True])
def test_what_comes_later_changes_nothing_before(options, train):
    model, (source, target, mask) = made(train=train, **options), some()
    other = target.clone()
    other[:, 4] = (other[:, 4] + 1) % 30
    for need_weights in (False, True):
        torch.manual_seed(1)  # the same dropout
        first = model(source, target, mask, need_weights=need_weights).logits
        torch.manual_seed(1)
        second = model(source, other, mask, need_weights=need_weights).logits
        assert torch.equal(first[:, :4], second[:, :4])
        assert not torch.equal(first[:, 4:], second[:, 4:])


@EVERY
def test_serial_prediction_with_the_cache_equals_parallel_training_at_every_step(options):
    model, (source, target, mask) = made(**options), some()
    output = model(source, target, mask, need_weights=True)
    state = model.start(source, mask)
    for t in range(target.shape[1]):
        logits, state, weights = model.step(target[:, t], state)
        torch.testing.assert_close(logits, output.logits[:, t], atol=1e-5, rtol=0)
        torch.testing.assert_close(weights, output.weights[-1].mean(1)[:, t], atol=1e-5, rtol=0)
        assert state.past[0].keys.shape[2] == t + 1


class Full:
    """The same model without a cache: everything is computed anew at each step."""

    def __init__(self, model):
        self.model = model

    def start(self, source, mask=None):
        mask = torch.ones_like(source, dtype=torch.bool) if mask is None else mask
        return source, mask, source.new_zeros(len(source), 0)

    def step(self, words, state):
        source, mask, written = state
        written = torch.cat([written, words[:, None]], 1)
        output = self.model(source, written, mask, need_weights=True)
        return output.logits[:, -1], (source, mask, written), output.weights[-1].mean(1)[:, -1]


@pytest.mark.parametrize("options", [{}, {"positions": "rotary"}, {"window": 3}])
def test_greedy_and_beam_write_the_same_with_and_without_the_cache(options):
    model, (source, _, mask) = made(seed=3, **options), some()
    for write in (decoding.greedy, decoding.beam_search):
        cached, full = write(model, source, mask, 12), write(Full(model), source, mask, 12)
        for one, other in zip(cached, full, strict=True):
            assert one.ids == other.ids
            assert one.score == pytest.approx(other.score, abs=1e-4)
            torch.testing.assert_close(one.weights, other.weights, atol=1e-5, rtol=0)


@EVERY
def test_padding_changes_no_loss_and_no_logit(options):
    model, draw = made(**options), torch.Generator().manual_seed(0)
    pairs = [[torch.randint(4, 20, (n,), generator=draw).tolist() for _ in range(2)] for n in (2, 6)]
    alone, together = [collate([p]) for p in pairs], collate(pairs)
    for row, one in enumerate(alone):
        logits = model(one.source, one.target_in, one.source_mask).logits[0]
        padded = model(together.source, together.target_in, together.source_mask).logits[row]
        torch.testing.assert_close(padded[: len(logits)], logits, atol=1e-5, rtol=0)
    wide = Batch(*(torch.cat([x, torch.zeros_like(x[:, :3])], 1) for x in together))
    torch.testing.assert_close(model.loss(together), model.loss(wide), atol=1e-6, rtol=0)


def test_the_short_loss_is_the_masked_loss_with_its_gradients():
    model, (source, target, mask) = made(), some()
    batch = collate([(s[m].tolist(), t.tolist()) for s, t, m in zip(source, target, mask, strict=True)])
    short = model.loss(batch, 0.1)
    logits = model(batch.source, batch.target_in, batch.source_mask).logits
    long = masked_loss(logits, batch.target_out, batch.target_mask, 0.1)
    torch.testing.assert_close(short, long)
    for a, b in zip(*(torch.autograd.grad(x, list(model.parameters())) for x in (short, long)), strict=True):
        torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-4)


def test_weights_of_all_three_places_and_none_unasked():
    model, (source, target, mask) = made(), some()
    output = model(source, target, mask, need_weights=True)
    for given, shape in (
        (output.weights, (3, 4, 7, 9)),
        (output.encoder_weights, (3, 4, 9, 9)),
        (output.decoder_weights, (3, 4, 7, 7)),
    ):
        assert [w.shape for w in given] == [shape] * 2
        torch.testing.assert_close(torch.stack(given).sum(-1), torch.ones(2, *shape[:-1]))
    assert not output.weights[0].masked_select(~mask[:, None, None].expand(3, 4, 7, 9)).any()
    assert not output.decoder_weights[0].triu(1).any()
    fused = model(source, target, mask)
    assert fused[1:] == (None, None, None)
    torch.testing.assert_close(fused.logits, output.logits, atol=1e-5, rtol=0)


def test_layer_wise_reading():
    model, (source, target, _) = made(memory_layers=(1, 1)), some()
    torch.nn.init.zeros_(model.encoder[1].ffn.narrow.weight)
    before = model(source, target).logits
    torch.nn.init.normal_(model.encoder[1].ffn.narrow.weight)
    assert torch.equal(before, model(source, target).logits)  # nobody reads layer 2
    last, (a, b) = made(), (made(memory_layers=(2, 2)), made(memory_layers=(1, 2)))
    assert torch.equal(last(source, target).logits, a(source, target).logits)
    assert not torch.equal(last(source, target).logits, b(source, target).logits)


def test_tied_embeddings_are_one_matrix_and_a_checkpoint_holds_it_once(tmp_path):
    model, apart = made(), made(tie_embeddings=False)
    assert model.output.weight is model.target_embedding.weight
    count = [sum(p.numel() for p in m.parameters()) for m in (model, apart)]
    assert count[1] - count[0] == 30 * 32
    vocabulary = Vocabulary([f"w{i}" for i in range(16)]), Vocabulary([f"v{i}" for i in range(26)])
    sizes = []
    for one in (apart, made(positions="learned", memory_layers=(1, 2)), model):
        path = saving.save_checkpoint(one, tmp_path / "x", {}, source=vocabulary[0], target=vocabulary[1])
        loaded = checkpoints.load_checkpoint(path)
        assert loaded.model.config == one.config
        source, target, mask = some()
        torch.testing.assert_close(
            loaded.model(source, target, mask).logits, one(source, target, mask).logits, atol=0.02, rtol=0
        )
        assert isinstance(decoding.translate(loaded, "w1 w2 w3")[0].text, str)
        sizes.append(loaded.card["weights"]["bytes"])
    assert sizes[0] - sizes[2] >= 2 * 30 * 32
    assert loaded.model.output.weight is loaded.model.target_embedding.weight


def test_no_trace_of_a_forward_pass_is_left():
    model, (source, target, mask) = made(), some()
    names = [set(vars(m)) for m in model.modules()]
    model(source, target, mask, need_weights=True)
    model.step(target[:, 0], model.start(source, mask))
    assert names == [set(vars(m)) for m in model.modules()]


@pytest.mark.parametrize("norm_first", [True, False])
def test_blocks_are_residuals_around_attention_and_network(norm_first):
    torch.manual_seed(0)
    block, x, mask = EncoderBlock(8, 2, 16, norm_first=norm_first), torch.randn(2, 5, 8), causal_mask(5)
    a, f = block.around_attention, block.around_ffn
    if norm_first:
        z = x + block.attention(*3 * [a.norm(x)], mask)[0]
        expected = z + block.ffn(f.norm(z))
    else:
        z = a.norm(x + block.attention(x, x, x, mask)[0])
        expected = f.norm(z + block.ffn(z))
    torch.testing.assert_close(block(x, mask).features, expected)
    with recording([block.attention]) as seen:
        torch.testing.assert_close(block(x, mask).features, expected)
    assert [w.shape for w in seen[block.attention]] == [(2, 2, 5, 5)]


def test_a_causal_block_with_its_past_equals_the_whole():
    torch.manual_seed(0)
    block, x = EncoderBlock(8, 2, 16, rotary=True).eval(), torch.randn(2, 5, 8)
    whole = block(x, causal_mask(5)).features
    first = block(x[:, :3], causal_mask(3))
    second = block(x[:, 3:], causal_mask(5)[3:], past=first.past)
    torch.testing.assert_close(torch.cat([first.features, second.features], 1), whole)


@pytest.mark.parametrize(("given", "inside"), [({}, 0.3), ({"ffn_dropout": 0.0}, 0.0), ({"ffn_dropout": 0.5}, 0.5)])
def test_dropout_is_of_all_that_a_block_adds_and_of_the_networks_inside_unless_that_has_its_own(given, inside):
    for block, adds in ((EncoderBlock(8, 2, 16, 0.3, **given), 2), (DecoderBlock(8, 2, 16, 0.3, **given), 3)):
        assert [m.dropout for m in block.modules() if isinstance(m, MultiHeadAttention)] == [0.3] * (adds - 1)
        assert [m.dropout.p for m in block.modules() if isinstance(m, AddNorm)] == [0.3] * adds
        assert block.ffn.dropout.p == inside


@pytest.mark.parametrize("block", [EncoderBlock(8, 2, 16), DecoderBlock(8, 2, 16)], ids=["encoder", "decoder"])
def test_the_past_of_a_block_is_what_it_gave(block):
    x = torch.randn(1, 2, 8)
    memory = (torch.randn(1, 3, 8),) if block.cross else ()
    for past in (x, tuple(block(x, *memory).past), [], "past"):
        with pytest.raises(TypeError, match="needed: the KeyValues that this block gave before"):
            block(x, *memory, past=past)


def test_the_network_treats_each_position_alike():
    ffn, x = PositionwiseFFN(8, 32), torch.randn(2, 5, 8)
    torch.testing.assert_close(ffn(x).flatten(0, 1), ffn(x.flatten(0, 1)))
    with pytest.raises(ValueError, match="activation is 'swish'"):
        PositionwiseFFN(8, 32, activation="swish")


def test_memory_may_be_projected_once():
    torch.manual_seed(0)
    block, x, memory = DecoderBlock(8, 2, 16), torch.randn(1, 3, 8), torch.randn(1, 4, 8)
    read = block.cross_attention.project(memory)
    torch.testing.assert_close(block(x, memory).features, block(x, read).features)


@pytest.mark.parametrize("bias", [True, False])
def test_beginning_small_is_normal_numbers_of_two_hundredths_and_no_bias(bias):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Embedding(200, 100), nn.Linear(100, 200, bias), nn.LayerNorm(200)).apply(init_weights)
    for layer in net[:2]:
        assert layer.weight.std().item() == pytest.approx(0.02, rel=0.03) and abs(layer.weight.mean().item()) < 5e-4
    assert (net[2].weight == 1).all() and (not bias or (net[1].bias == 0).all())


def test_norms():
    x = torch.randn(2, 5, 8)
    assert torch.equal(AddNorm(8).after(x, x), 2 * x)
    torch.testing.assert_close(AddNorm(8, norm_first=False).after(x, x).mean(-1), torch.zeros(2, 5), atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_heads": 3}, "32 cannot be cut into 3 heads"),
        ({"model_size": 0}, "model_size is 0"),
        ({"num_layers": True}, "num_layers is True"),
        ({"positions": "sinus"}, "positions is 'sinus'.*sinusoidal, learned"),
        *(({"memory_layers": layers}, "needed: 2 numbers from 1") for layers in ((1, 3), (0, 1), (1,), (1, 1, 1))),
        ({"memory_layers": (1, 3)}, r"memory_layers is \(1, 3\)"),
        ({"activation": "tanh"}, "activation is 'tanh'"),
        ({"model_size": 9, "num_heads": 3}, "model_size is 9; needed: an even number"),
    ],
)
def test_settings_that_cannot_work_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        made(**options)
    with pytest.raises(ValueError, match="vocabulary sizes"):
        TransformerConfig(None, 5)


def test_input_that_does_not_fit_is_refused():
    model, (source, target, mask) = made(positions="learned", max_length=8), some(source=8)
    for bad, message in (
        ((source[0], target), r"source is a tensor of int64 with shape \[8\]"),
        ((source.float(), target), "whole numbers"),
        ((source[:, :0], target), "no tokens"),
        ((source + 20, target), "the vocabulary has 0 … 19"),
        ((source, target, mask[:, :3]), r"needed: \[3, 8\] bool"),
        ((source, target, mask.float()), r"float32 with shape \[3, 8\]; needed"),
        ((torch.cat([source, source], 1), target), "position 15 was asked for, learned were 0 … 7"),
        ((source, torch.cat([target, target], 1)), "learned were 0 … 7"),
    ):
        with pytest.raises(ValueError, match=message):
            model(*bad)
    state = model.start(source, mask)
    with pytest.raises(ValueError, match="2 rows of queries, 3 of keys"):
        model.step(target[:2, 0], state)


def test_sinusoids_go_on_beyond_max_length_and_bfloat16_works():
    model, (source, target, mask) = made(max_length=4), some()
    exact = model(source, target, mask).logits
    assert exact.isfinite().all()
    half = model.bfloat16()(source, target, mask).logits
    assert half.dtype == torch.bfloat16 and (half.float() - exact).abs().max() < 0.2


def test_every_parameter_is_trained():
    for options in OPTIONS:
        model, (source, target, mask) = made(train=True, **options), some()
        model(source, target, mask).logits.square().sum().backward()
        unread = {f"encoder.{n}." for n in range(2) if tuple(model.config.reads) == (1, 1)}
        missing = [n for n, p in model.named_parameters() if p.grad is None and not any(map(n.startswith, unread))]
        assert not missing, (options, missing)


def test_a_grid_of_masks_never_gives_nan():
    model, (source, target, _) = made(), some()
    for lengths in itertools.product((1, 4, 9), repeat=3):
        assert model(source, target, padding_mask(list(lengths), 9)[:, 0]).logits.isfinite().all()


def test_sizes_begin_at_1_dropout_ends_before_1_and_the_norm_is_torchs():
    holds(lambda size: PositionwiseFFN(size, 1), [1, 65_536], [0, 65_537])
    holds(lambda size: PositionwiseFFN(1, size), [1, 262_144], [0, 262_145])
    holds(lambda size: AddNorm(size), [1], [0])
    holds(lambda eps: AddNorm(4, eps=eps), [1e-12], [0])
    config = lambda p: TransformerConfig(9, 9, dropout=p)  # noqa: E731
    for part in (lambda p: PositionwiseFFN(4, 4, p), lambda p: AddNorm(4, p), config):
        holds(part, [0, 0.99], [-0.1, 1])
    for block in (EncoderBlock(4, 2, 8), DecoderBlock(4, 2, 8)):
        norms = [m for m in block.modules() if isinstance(m, torch.nn.LayerNorm)]
        assert all(norm.eps == torch.nn.LayerNorm(4).eps for norm in norms)
        assert all(m.p == 0 for m in block.modules() if isinstance(m, torch.nn.Dropout))
        assert block.ffn.activation == "relu" and all(m.norm_first for m in block.children() if isinstance(m, AddNorm))


@pytest.mark.parametrize("positions", ["sinusoidal", "learned"])
def test_words_are_scaled_by_the_root_of_the_size_and_placed_by_the_positions_of_their_own_side(positions):
    net, (source, target, _), read = made(positions=positions), some(), {}
    for name, block in (("source", net.encoder[0]), ("target", net.decoder[0])):
        block.register_forward_pre_hook(lambda _, given, name=name: read.update({name: given[0]}))
    net(source, target)
    for name, ids, places in (("source", source, net.positions), ("target", target, net.target_positions)):
        table = places.table if positions == "learned" else sinusoidal_encoding(ids.shape[1], 32)
        words = getattr(net, f"{name}_embedding").weight[ids] * 32**0.5
        torch.testing.assert_close(read[name], words + table[: ids.shape[1]])


@pytest.mark.parametrize("positions", ["sinusoidal", "learned", "rotary", "none"])
@torch.no_grad()
def test_the_order_of_words_counts_on_both_sides_unless_there_are_no_positions(positions):
    """One layer: without positions the encoder only passes a new order on, and the last target word does not see it."""
    net, (source, target, _) = made(positions=positions, num_layers=1), some()
    order = torch.tensor([3, 0, 2, 1])
    memory, moved = net.encode(source[:, :4]), net.encode(source[:, order])
    there = torch.allclose(moved.states[-1], memory.states[-1][:, order], atol=1e-4)
    last, other = (net.decode(ids, memory)[:, -1] for ids in (target[:, :5], target[:, [*order, 4]]))
    assert [there, torch.allclose(last, other, atol=1e-4)] == [positions == "none"] * 2


def test_rotary_positions_are_those_of_a_blocks_own_side_only():
    torch.manual_seed(0)
    block, x, memory = DecoderBlock(8, 2, 16, rotary=True), torch.randn(2, 5, 8), torch.randn(2, 4, 8)
    torch.testing.assert_close(block(x, memory[:, [2, 0, 3, 1]]).features, block(x, memory).features)


def test_what_a_config_holds_when_nothing_else_is_said():
    config = TransformerConfig(9, 9)
    with pytest.raises(AttributeError):
        config.model_size = 5
    assert dataclasses.astuple(config)[2:8] == (128, 2, 4, None, 64, 0.1) and config.inner_size == 512
    assert TransformerConfig(1, 1, 16).inner_size == 64 and TransformerConfig(1, 1, 16, ffn_size=3).inner_size == 3
    for words in ((0, 5), (5, 0), (True, 5), (5, 2.0), (5, None)):
        with pytest.raises(ValueError, match="vocabulary sizes"):
            TransformerConfig(*words)
