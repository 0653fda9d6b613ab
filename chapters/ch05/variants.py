"""A variant of the Transformer that chapter 5 speaks of: decoder layers that read other encoder layers.

    LayerWise(model, (1, 2, 3), True)        # the weights of a trained model: each reads its own layer and the last

Sizes: B batch, S source, T target, D features, V vocabulary.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from course_utils.attention import causal_mask
from course_utils.transformer import Transformer


class LayerWise(nn.Module):
    """Each decoder layer reads an encoder layer of its own, alone or together with the last one (multi-view decoding).

    model: whose weights it computes with; memory_layers: for each decoder layer the encoder layer that it reads, from
    1; and_last: it attends to the words of this layer and of the last one at once. All are read through the encoder's
    norm. Raises ValueError for layers that the model does not have. Source: Liu et al. 2020, Layer-wise multi-view
    decoding for natural language generation.
    """

    def __init__(self, model: Transformer, memory_layers: Sequence[int], and_last: bool = False):
        super().__init__()
        layers = model.config.layers
        if len(memory_layers) != layers or not all(layer in range(1, layers + 1) for layer in memory_layers):
            raise ValueError(f"memory_layers is {memory_layers}; needed: {layers} numbers from 1 to {layers}")
        self.model, self.config, self.and_last = model, model.config, and_last
        self.encoder, self.decoder, self.output = model.encoder, model.decoder, model.output
        self.memory_layers, self.target_positions = tuple(memory_layers), model.target_positions
        self.train(model.training)  # a module begins in training mode, and so would the model

    def forward(self, source: Tensor, target: Tensor, source_mask: Tensor | None = None) -> Tensor:
        """As a Transformer's: source [B, S], target [B, T], source_mask [B, S] -> logits [B, T, V]."""
        return self.output(self.decode(target, self.encode(source, source_mask), source_mask))

    def encode(self, source: Tensor, source_mask: Tensor | None = None) -> Tensor:
        """What each decoder layer reads: [B, L, S, D], with the last layer's words behind the others [B, L, 2 S, D]."""
        states: list[Tensor] = []
        hooks = [block.register_forward_hook(lambda *call: states.append(call[-1])) for block in self.encoder]
        last = self.model.encode(source, source_mask)
        for hook in hooks:
            hook.remove()
        own = torch.stack([self.model.encoder_norm(states[layer - 1]) for layer in self.memory_layers], 1)
        return torch.cat([own, last[:, None].expand_as(own)], 2) if self.and_last else own

    def decode(self, target: Tensor, memories: Tensor, source_mask: Tensor | None = None) -> Tensor:
        """As a Transformer's, with a memory for each layer, as `encode` gives them -> [B, T, D]."""
        model, mask = self.model, causal_mask(target.shape[1], target.device)
        x = model.target_embedding(target) * self.config.size**0.5
        x = model.dropout(self.target_positions(x))  # [B, T, D]
        if source_mask is not None:
            source_mask = source_mask.repeat(1, 1 + self.and_last)[:, None]  # [B, 1, S or 2 S]
        for block, memory in zip(self.decoder, memories.unbind(1), strict=True):
            x = block(x, memory, mask, source_mask)
        return model.decoder_norm(x)
