"""The weights of torch's own classes in ours: the same function, so that tests can compare them."""

import torch
from torch import nn

from course_utils.attention import MultiHeadAttention
from course_utils.blocks import AddNorm, EncoderBlock, PositionwiseFFN, PostNorm, activation
from course_utils.transformer import DecoderBlock


@torch.no_grad()
def copy_attention(ours: MultiHeadAttention, theirs: nn.MultiheadAttention) -> None:
    """torch keeps queries, keys and values in one matrix."""
    for kind in ("weight", "bias"):
        joined = getattr(theirs, f"in_proj_{kind}")
        if joined is not None:
            parts = (*joined.chunk(3), getattr(theirs.out_proj, kind))
            for projection, x in zip((ours.query, ours.key, ours.value, ours.out), parts, strict=True):
                getattr(projection, kind).copy_(x)


def block_from(layer: nn.TransformerEncoderLayer | nn.TransformerDecoderLayer) -> EncoderBlock | DecoderBlock:
    """A layer of torch's -> our block with its weights."""
    cls = DecoderBlock if hasattr(layer, "multihead_attn") else EncoderBlock
    sizes = layer.linear1.in_features, layer.self_attn.num_heads, layer.linear1.out_features
    ours = cls(*sizes, layer.dropout.p)
    ours.ffn = PositionwiseFFN(sizes[0], sizes[2], activation(layer.activation.__name__))
    for name, part in list(ours.named_children()):
        if isinstance(part, AddNorm) and not layer.norm_first:
            setattr(ours, name, PostNorm(sizes[0], layer.dropout.p))
    copy_attention(ours.attention, layer.self_attn)
    around = [ours.around_attention, ours.around_ffn]
    if cls is DecoderBlock:
        copy_attention(ours.cross_attention, layer.multihead_attn)
        around.insert(1, ours.around_cross)
    for number, one in enumerate(around, 1):
        one.norm.load_state_dict(getattr(layer, f"norm{number}").state_dict())
    ours.ffn.widen.load_state_dict(layer.linear1.state_dict())
    ours.ffn.narrow.load_state_dict(layer.linear2.state_dict())
    return ours.train(layer.training)


class Stacks(nn.Module):
    """The blocks and last norms of an nn.Transformer: vectors [B, S, D] and [B, T, D] -> vectors [B, T, D]."""

    def __init__(self, theirs: nn.Transformer):
        super().__init__()
        self.encoder = nn.ModuleList(block_from(layer) for layer in theirs.encoder.layers)
        self.decoder = nn.ModuleList(block_from(layer) for layer in theirs.decoder.layers)
        self.encoder_norm = nn.LayerNorm(theirs.d_model)
        self.decoder_norm = nn.LayerNorm(theirs.d_model)
        self.encoder_norm.load_state_dict(theirs.encoder.norm.state_dict())
        self.decoder_norm.load_state_dict(theirs.decoder.norm.state_dict())

    def forward(self, source, target, source_mask=None, target_mask=None):
        """source_mask [B, 1, S], target_mask [T, T] or [B, T, T]: True = may be attended"""
        for block in self.encoder:
            source = block(source, source_mask)
        memory = self.encoder_norm(source)
        for block in self.decoder:
            target = block(target, memory, target_mask, source_mask)
        return self.decoder_norm(target)
