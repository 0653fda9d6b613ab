"""Three variants of the Transformer that chapter 5 speaks of: decoder layers that read other encoder layers, heads that
share keys and values, and norms after the sums.

    LayerWise(model, (1, 2, 3))              # the weights of a trained model, read in another way
    with_key_heads(TransformerConfig(…), 2)  # fresh

Sizes: B batch, S source, T target, D features, V vocabulary.
"""

from collections.abc import Sequence

from torch import Tensor, nn

from course_kit.caching import GroupedQueryAttention, TransformerState, TransformerWriter, project
from course_kit.seq2seq import Step
from course_utils.attention import causal_mask
from course_utils.blocks import AddNorm, PostNorm
from course_utils.transformer import Transformer, TransformerConfig


class LayerWise(nn.Module):
    """Layer-wise multi-view decoding: each decoder layer reads an encoder layer of its own, instead of the last.

    model: whose weights it computes with; memory_layers: for each decoder layer the encoder layer that it reads, from
    1. The last encoder layer is read through the encoder's last norm, the others as they are. Raises ValueError for
    layers that the model does not have. Source: Liu et al. 2020, Layer-wise multi-view decoding for improved natural
    language generation.
    """

    def __init__(self, model: Transformer, memory_layers: Sequence[int]):
        super().__init__()
        layers = model.config.num_layers
        if len(memory_layers) != layers or not all(layer in range(1, layers + 1) for layer in memory_layers):
            raise ValueError(f"memory_layers is {memory_layers}; needed: {layers} numbers from 1 to {layers}")
        self.model = model
        self.config = model.config
        self.memory_layers = tuple(memory_layers)
        self.train(model.training)  # a module begins in training mode, and so would the model

    @property
    def encoder(self) -> nn.ModuleList:
        return self.model.encoder

    @property
    def decoder(self) -> nn.ModuleList:
        return self.model.decoder

    def forward(self, source: Tensor, target: Tensor, source_mask: Tensor | None = None) -> Tensor:
        """As a Transformer's: source [B, S], target [B, T], source_mask [B, S] -> logits [B, T, V]."""
        model = self.model
        x = model.target_embedding(target) * self.config.model_size**0.5
        x = model.dropout(model.target_positions(x))  # [B, T, D]
        mask = causal_mask(target.shape[1], target.device)
        memory_mask = None if source_mask is None else source_mask[:, None]  # [B, 1, S]
        for block, memory in zip(model.decoder, self.memories(source, source_mask), strict=True):
            x = block(x, memory, mask, memory_mask)
        return model.output(model.decoder_norm(x))

    def memories(self, source: Tensor, source_mask: Tensor | None = None) -> list[Tensor]:
        """What each decoder layer reads: [B, S, D] each."""
        states: list[Tensor] = []
        hooks = [block.register_forward_hook(lambda *call: states.append(call[-1])) for block in self.model.encoder]
        last = self.model.encode(source, source_mask)
        for hook in hooks:
            hook.remove()
        states[-1] = last
        return [states[layer - 1] for layer in self.memory_layers]

    def start(self, source: Tensor, source_mask: Tensor | None = None) -> TransformerState:
        """The state before the first word, for `course_kit.decoding`."""
        memories = self.memories(source, source_mask)
        pairs = zip(self.model.decoder, memories, strict=True)
        read = tuple(project(block.cross_attention, memory) for block, memory in pairs)
        return TransformerState(read, None if source_mask is None else source_mask[:, None], ())

    def step(self, words: Tensor, state: TransformerState) -> Step:
        """One word further. words: those written last, [B]"""
        return TransformerWriter(self.model).step(words, state)


def with_key_heads(config: TransformerConfig, key_heads: int) -> Transformer:
    """A fresh Transformer in whose attention several heads share keys and values."""
    model, sizes = Transformer(config), (config.model_size, config.num_heads)
    for block in [*model.encoder, *model.decoder]:
        block.attention = GroupedQueryAttention(*sizes, key_heads=key_heads)
    for block in model.decoder:
        block.cross_attention = GroupedQueryAttention(*sizes, key_heads=key_heads)
    return model


def with_norms_last(model: Transformer) -> Transformer:
    """The same fresh model with each norm after its sum, as in 2017."""
    for block in [*model.encoder, *model.decoder]:
        for name, around in list(block.named_children()):
            if isinstance(around, AddNorm):
                last = PostNorm(model.config.model_size, around.dropout.p)
                setattr(block, name, last)
    return model
