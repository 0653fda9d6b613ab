"""A GPT whose queries and keys are turned by their positions: gpt-prose, and what learns to copy in chapter 7.

model = RotaryGPT(gpt_sizes(vocab=4096, size=256, layers=6, heads=4, context=256))
model(ids)          # [B, T] -> logits [B, T, V]; with caches as a GPT's
"""

from typing import Any

from torch import nn

from course_utils.llama import Llama, LlamaConfig


def gpt_sizes(vocab: int, size: int = 128, layers: int = 4, heads: int = 4, context: int = 64) -> LlamaConfig:
    """A GPT's sizes as a Llama's: no keys are shared, and the network is four times as wide."""
    return LlamaConfig(vocab, size, layers, heads, key_heads=heads, hidden=4 * size, context=context)


class RotaryGPT(Llama):
    """A Llama with the norms, the network and the biases of a GPT."""

    def __init__(self, config: LlamaConfig):
        super().__init__(config)
        D, hidden = config.size, config.hidden
        shared = D // config.heads * config.key_heads
        self.norm = nn.LayerNorm(D)  # type: ignore[assignment]
        block: Any
        for block in self.blocks:
            block.norm1, block.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)
            block.ffn = nn.Sequential(nn.Linear(D, hidden), nn.GELU("tanh"), nn.Linear(hidden, D))
            attention = block.attention
            attention.query, attention.out = nn.Linear(D, D), nn.Linear(D, D)
            attention.key, attention.value = nn.Linear(D, shared), nn.Linear(D, shared)
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.normal_(parameter, std=0.02)


# what a checkpoint may hold: its name there -> class, and that of its config
ARCHITECTURES = {"RotaryGPT": (RotaryGPT, LlamaConfig)}
