"""The same weights in torch's own classes and in ours: what the parity tests and a curious reader compare."""

import torch
from torch import Tensor, nn


def from_torch(cls, module: nn.Transformer):
    """nn.Transformer -> our Transformer with its weights, which reads and gives features.

    Raises ValueError for a module that is not batch_first, or uses another activation than relu or gelu.
    """
    from .transformer import TransformerConfig

    layers, first = module.encoder.layers, module.encoder.layers[0]
    if not module.batch_first:
        raise ValueError("this nn.Transformer has the batch second; needed: batch_first=True, as everywhere here")
    activation = getattr(first.activation, "__name__", "")
    if activation not in ("relu", "gelu") or len(layers) != len(module.decoder.layers):
        raise ValueError(
            f"an activation {activation!r} and {len(layers)} + {len(module.decoder.layers)} layers; needed: relu or "
            "gelu, and as many layers in the decoder as in the encoder"
        )
    ours = cls(
        TransformerConfig(
            None, None, first.linear1.in_features, len(layers), first.self_attn.num_heads, first.linear1.out_features,
            dropout=first.dropout.p, norm_first=first.norm_first, positions="none", activation=activation,
        )
    )  # fmt: skip
    with torch.no_grad():
        for mine, theirs in zip(ours.encoder, module.encoder.layers, strict=True):
            _block(mine, theirs, (("attention", "self_attn"),), ("around_attention", "around_ffn"))
        for mine, theirs in zip(ours.decoder, module.decoder.layers, strict=True):
            parts = (("attention", "self_attn"), ("cross_attention", "multihead_attn"))
            _block(mine, theirs, parts, ("around_attention", "around_cross", "around_ffn"))
        for mine, theirs in ((ours.encoder_norm, module.encoder.norm), (ours.decoder_norm, module.decoder.norm)):
            mine.load_state_dict(theirs.state_dict())
    return ours.to(first.linear1.weight).train(module.training)


def _block(mine: nn.Module, theirs: nn.Module, attentions, norms) -> None:
    for ours, name in attentions:
        copy_attention(getattr(mine, ours), getattr(theirs, name))
    mine.ffn.widen.load_state_dict(theirs.linear1.state_dict())
    mine.ffn.narrow.load_state_dict(theirs.linear2.state_dict())
    for number, name in enumerate(norms, 1):
        getattr(mine, name).norm.load_state_dict(getattr(theirs, f"norm{number}").state_dict())


@torch.no_grad()
def copy_attention(ours: nn.Module, theirs: nn.MultiheadAttention) -> None:
    """The weights of an nn.MultiheadAttention into our MultiHeadAttention."""
    parts: tuple[Tensor, ...] = theirs.in_proj_weight.chunk(3)
    for projection, weight in zip((ours.query, ours.key, ours.value), parts, strict=True):
        projection.weight.copy_(weight)
    ours.out.weight.copy_(theirs.out_proj.weight)
    if theirs.in_proj_bias is not None:
        for projection, bias in zip((ours.query, ours.key, ours.value), theirs.in_proj_bias.chunk(3), strict=True):
            projection.bias.copy_(bias)
        ours.out.bias.copy_(theirs.out_proj.bias)
