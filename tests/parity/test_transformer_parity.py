"""Our Transformer, multi-head attention and positions beside torch's and independent definitions of the same."""

import itertools

import pytest
import torch
from parity.torch_weights import Stacks, copy_attention
from torch import nn

from course_kit.models.fused import fuse
from course_utils.attention import MultiHeadAttention, causal_mask, padding_mask
from course_utils.rotary import rotary
from course_utils.transformer import Transformer, TransformerConfig

SOURCE, TARGET = 7, 5
PADDED = padding_mask([7, 4, 2], SOURCE)[:, 0], padding_mask([5, 3, 1], TARGET)[:, 0]


def theirs(norm_first: bool, training: bool, activation: str = "relu", layers: int = 2) -> nn.Transformer:
    """torch's Transformer with weights and norms that are not the initial ones."""
    torch.manual_seed(0)
    module = nn.Transformer(32, 4, layers, layers, 64, 0.0, activation, batch_first=True, norm_first=norm_first)
    for p in module.parameters():
        if p.dim() == 1:
            nn.init.normal_(p, std=0.3)
    return module.train(training)


@pytest.mark.filterwarnings("ignore:enable_nested_tensor")
@pytest.mark.parametrize(
    ("norm_first", "training", "activation"), [*itertools.product((True, False), (True, False), ("relu", "gelu"))]
)
def test_transformer_equals_torch_with_its_weights_under_all_masks(norm_first, training, activation):
    module = theirs(norm_first, training, activation)
    ours = Stacks(module)
    draw = torch.Generator().manual_seed(1)
    source, target = (torch.randn(3, n, 32, generator=draw) for n in (SOURCE, TARGET))
    for source_mask, target_mask in itertools.product((None, PADDED[0]), (None, PADDED[1])):
        hidden = None if source_mask is None else ~source_mask
        expected = module(
            source, target, tgt_mask=~causal_mask(TARGET), src_key_padding_mask=hidden, memory_key_padding_mask=hidden,
            tgt_key_padding_mask=None if target_mask is None else ~target_mask,
        )  # fmt: skip
        real = torch.ones(3, TARGET, dtype=torch.bool) if target_mask is None else target_mask
        seen = None if source_mask is None else source_mask[:, None]
        causal = causal_mask(TARGET) if target_mask is None else causal_mask(TARGET) & target_mask[:, None]
        for one in (ours, fuse(Stacks(module))):
            torch.testing.assert_close(one(source, target, seen, causal)[real], expected[real], atol=1e-5, rtol=0)
        plain = ours(source, target, seen, causal_mask(TARGET))  # real words never see the padding behind them
        torch.testing.assert_close(plain[real], expected[real], atol=1e-5, rtol=0)


@pytest.mark.filterwarnings("ignore:enable_nested_tensor")
@torch.no_grad()
def test_a_whole_model_is_its_embeddings_torchs_transformer_and_its_output():
    """Words times √D plus sinusoids, through nn.Transformer with the same weights, times the target's embedding."""
    module = theirs(True, False)
    model = Transformer(TransformerConfig(11, 13, 32, 2, 4, 64, dropout=0.0)).eval()
    model.load_state_dict(Stacks(module).state_dict(), strict=False)
    draw = torch.Generator().manual_seed(2)
    source, target = torch.randint(11, (3, SOURCE), generator=draw), torch.randint(13, (3, TARGET), generator=draw)
    words = [
        table.weight[ids] * 32**0.5 + model.positions.table[: ids.shape[1]]
        for table, ids in ((model.source_embedding, source), (model.target_embedding, target))
    ]
    hidden = {"src_key_padding_mask": ~PADDED[0], "memory_key_padding_mask": ~PADDED[0]}
    features = module(*words, tgt_mask=~causal_mask(TARGET), **hidden)
    expected = features @ model.target_embedding.weight.T + model.output.bias
    torch.testing.assert_close(model(source, target, PADDED[0]), expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("kind", ["none", "queries × keys", "batch", "keys"])
def test_multi_head_attention_equals_torch(bias, kind):
    torch.manual_seed(0)
    other = nn.MultiheadAttention(24, 3, bias=bias, batch_first=True)
    ours = MultiHeadAttention(24, 3, bias=bias)
    copy_attention(ours, other)
    x, memory = torch.randn(3, 4, 24), torch.randn(3, 6, 24)  # as many sentences as heads
    full = torch.rand(3, 4, 6) < 0.6
    full[..., 0] = True
    mask = {"none": None, "queries × keys": full[0], "batch": full, "keys": full[:, :1]}[kind]
    theirs = None
    if mask is not None:
        theirs = ~mask.unsqueeze(-3).expand(3, 3, 4, 6).reshape(9, 4, 6)
    expected, weights = other(x, memory, memory, attn_mask=theirs, average_attn_weights=False)
    found, ours_weights = ours(x, memory, mask)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
    torch.testing.assert_close(ours_weights, weights, atol=1e-5, rtol=0)
    torch.testing.assert_close(fuse(ours)(x, memory, mask)[0], expected, atol=1e-5, rtol=0)


def test_rotary_is_a_multiplication_by_complex_numbers():
    draw, D = torch.Generator().manual_seed(0), 8
    x, positions = torch.randn(2, 3, 9, D, generator=draw), torch.arange(4, 13)
    turns = torch.polar(torch.ones(9, D // 2), positions[:, None] / 10_000 ** (torch.arange(0, D, 2) / D))
    expected = torch.view_as_real(torch.view_as_complex(x.unflatten(-1, (-1, 2))) * turns).flatten(-2)
    torch.testing.assert_close(rotary(x, positions), expected, atol=1e-5, rtol=0)
