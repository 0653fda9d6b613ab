"""What is each of the four changes worth? A GPT of chapter 7's size with none, one and all of them, on real English.

    record_ablation()      # six models, three seeds, the same number of parameters and of tokens: about half an hour

All learn *The Adventures of Sherlock Holmes* with chapter 7's pieces, and Muon, and are measured on its
last tenth, in bits per character. What a change saves in parameters goes into the hidden features of the networks.
"""

import time
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from chapters.ch07 import reader_models
from chapters.ch07.optimizers import with_muon
from course_kit import data
from course_kit.i18n import mark
from course_utils.attention import causal_mask, join_heads, masked_softmax, split_heads
from course_utils.gpt import training_step, windows
from course_utils.llama import RMSNorm, SwiGLU, share_heads
from course_utils.merges import Tokenizer, learn_merges
from course_utils.rotary import rotary

CHANGES = ("RMSNorm", "rotary", "SwiGLU", mark("+ grouped queries")[2:])
SIZE, LAYERS, HEADS, KEY_HEADS, CONTEXT, PIECES = 128, 2, 4, 2, 64, 756
STEPS, ROWS, RATE, WIDE = 300, 32, 1e-2, 4 * SIZE


class Attention(nn.Module):
    """Causal self-attention, its positions turned in or not, its keys and values shared or not."""

    def __init__(self, changes: Iterable[str]):
        super().__init__()
        self.turns, bias = "rotary" in changes, "RMSNorm" not in changes
        self.key_heads = KEY_HEADS if "grouped queries" in changes else HEADS
        shared = SIZE // HEADS * self.key_heads
        self.query, self.out = nn.Linear(SIZE, SIZE, bias), nn.Linear(SIZE, SIZE, bias)
        self.key, self.value = nn.Linear(SIZE, shared, bias), nn.Linear(SIZE, shared, bias)

    def forward(self, x: Tensor) -> Tensor:
        """x [B, T, D] -> [B, T, D]"""
        q, k = split_heads(self.query(x), HEADS), split_heads(self.key(x), self.key_heads)
        v = share_heads(split_heads(self.value(x), self.key_heads), HEADS)
        if self.turns:
            places = torch.arange(x.shape[1])
            q, k = rotary(q, places), rotary(k, places)
        scores = q @ share_heads(k, HEADS).mT / q.shape[-1] ** 0.5
        weights = masked_softmax(scores, causal_mask(x.shape[1]))
        return self.out(join_heads(weights @ v))


class Block(nn.Module):
    """A block with some of the changes; hidden: the features inside its network."""

    def __init__(self, changes: Iterable[str], hidden: int):
        super().__init__()
        norm = RMSNorm if "RMSNorm" in changes else nn.LayerNorm
        self.norm1, self.norm2, self.attention = norm(SIZE), norm(SIZE), Attention(changes)
        gelu = nn.Sequential(nn.Linear(SIZE, hidden), nn.GELU("tanh"), nn.Linear(hidden, SIZE))
        self.ffn = SwiGLU(SIZE, hidden) if "SwiGLU" in changes else gelu

    def forward(self, x: Tensor) -> Tensor:
        """x [B, T, D] -> [B, T, D]"""
        x = x + self.attention(self.norm1(x))
        return x + self.ffn(self.norm2(x))


class Model(nn.Module):
    """Chapter 7's GPT with some of the four changes."""

    def __init__(self, changes: Iterable[str], hidden: int):
        super().__init__()
        self.context, learned = CONTEXT, "rotary" not in changes
        self.tokens = nn.Embedding(PIECES, SIZE)
        self.positions = nn.Embedding(CONTEXT, SIZE) if learned else None
        self.blocks = nn.ModuleList(Block(changes, hidden) for _ in range(LAYERS))
        self.norm = RMSNorm(SIZE) if "RMSNorm" in changes else nn.LayerNorm(SIZE)
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.normal_(parameter, std=0.02)

    def forward(self, ids: Tensor) -> Tensor:
        """ids [B, T] -> logits [B, T, V]"""
        x = self.tokens(ids)
        if self.positions is not None:
            x = x + self.positions.weight[: ids.shape[1]]
        for block in self.blocks:
            x = block(x)
        return self.norm(x) @ self.tokens.weight.T


def count(model: nn.Module) -> int:
    """How many parameters it has."""
    return sum(p.numel() for p in model.parameters())


def equal(changes: Iterable[str]) -> Model:
    """A model with these changes and, within one hidden feature a block, as many parameters as without any."""
    with torch.device("meta"):
        wanted, (one, two) = count(Model((), WIDE)), (count(Model(changes, hidden)) for hidden in (1, 2))
    return Model(changes, 1 + (wanted - one) // (two - one))


def trained(changes: Iterable[str], ids: Tensor, seed: int, steps: int = STEPS) -> Model:
    """A model with these changes, after chapter 7's loop."""
    torch.manual_seed(seed)
    model = equal(changes)
    both = with_muon(model, RATE)
    for step in range(steps):
        for group in both.param_groups:
            group["lr"] = RATE * (1 - step / steps)
        training_step(model, both, windows(ids, ROWS, CONTEXT + 1))
    return model.eval()


def record_ablation(seeds: Iterable[int] = range(3)) -> dict:
    """The figures behind data/results/gpt_ablation.json."""
    book, seeds = data.book(), list(seeds)
    cut = len(book) * 9 // 10
    tokenizer = Tokenizer(learn_merges(book[: min(cut, 200_000)], PIECES - 256))
    known, held_out = torch.tensor(tokenizer.encode(book[:cut])), tokenizer.encode(book[cut:])
    models = {mark("chapter 7"): ()} | {f"+ {change}": (change,) for change in CHANGES} | {mark("+ all four"): CHANGES}
    found = {}
    for name, changes in models.items():
        started, bits = time.process_time(), []
        for seed in seeds:
            model = trained(changes, known, seed)
            bits.append(round(reader_models.bits(model, held_out, len(book) - cut), 4))
        kept = [block.attention.key_heads for block in model.blocks]
        found[name] = {"bits": bits, "parameters": count(model), "cache": sum(2 * SIZE // HEADS * n for n in kept)}
        print(name, found[name], f"{time.process_time() - started:.0f} s", flush=True)
    return {"models": found, "steps": STEPS, "tokens": STEPS * ROWS * CONTEXT, "seeds": len(seeds)}
