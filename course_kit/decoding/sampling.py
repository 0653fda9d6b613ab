"""Drawing the next token instead of taking the best: temperature, top-k and top-p.

A text that outgrows the context goes on from its second half: the window slides.
Sizes: B texts, T tokens, V vocabulary.
Sources: Fan et al. 2018 (top-k); Holtzman et al. 2020 (top-p, "nucleus").
"""

from collections.abc import Collection, Iterator
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from course_kit.caching import writer_of
from course_kit.checkpoints import Loaded
from course_kit.text import EOS, UNK, padding_first


def next_probabilities(
    logits: Float[Tensor, "*B V"],
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
) -> Float[Tensor, "*B V"]:
    """What the next token is drawn from.

    First the logits are divided by the temperature (0: all weight on the largest). Then
    only the top_k largest are kept, then only the smallest set of them whose probability
    reaches top_p. The most likely token always stays.
    """
    check_choices(temperature, top_k, top_p)
    precise = torch.promote_types(logits.dtype, torch.float32)
    logits = check_logits(logits.to(precise))
    if temperature == 0:
        return F.one_hot(logits.argmax(-1), logits.shape[-1]).to(precise)
    logits, order = logits.sort(dim=-1, descending=True, stable=True)
    smallest = torch.finfo(logits.dtype).tiny
    distance = logits - logits[..., :1]  # from the largest, so that none overflows
    p = (distance / max(temperature, smallest)).softmax(-1)
    if top_k is not None:
        p = p * (torch.arange(p.shape[-1], device=p.device) < top_k)
        p = p / p.sum(-1, keepdim=True)
    if top_p is not None and top_p < 1:
        before = p.cumsum(-1) - p  # how much the more likely ones have together
        p = p * (before < max(top_p, smallest))
        p = p / p.sum(-1, keepdim=True)
    return torch.zeros_like(p).scatter(-1, order, p)


def stream(
    model: Any,
    ids: Int[Tensor, "B T"],
    max_new_tokens: int,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    generator: torch.Generator | None = None,
    cache: bool = True,
    mask: Bool[Tensor, "B T"] | None = None,
) -> Iterator[tuple[Int[Tensor, "B"], Float[Tensor, "B V"]]]:
    """Token by token: prompts -> the tokens drawn, and what they were drawn from.

    mask: True = a real token, in batches of prompts of several lengths. cache=False
    computes everything anew at each step: slower, and the same. The draw is made on the
    CPU.
    """
    check_choices(temperature, top_k, top_p)
    if mask is None:
        mask = torch.ones_like(ids, dtype=torch.bool)
    if not mask.any(-1).all() or 0 in ids.shape:
        raise ValueError("a prompt is empty; needed: at least one token to go on from")
    writer = writer_of(model)
    ids, real = padding_first(ids, mask)
    state = None
    for _ in range(max_new_tokens):
        if ids.shape[1] > writer.config.max_length:
            ids, real = second_half(ids, real, writer.config.max_length)
            state = None
        with torch.no_grad():
            if state is None or not cache:
                state = writer.start(ids[:, :-1], real[:, :-1])
            logits, state, _ = writer.step(ids[:, -1], state)
        p = next_probabilities(logits, temperature, top_k, top_p)
        words = p.argmax(-1)
        if temperature > 0:
            words = torch.multinomial(p.cpu(), 1, generator=generator)[:, 0].to(ids.device)
        yield words, p
        ids = torch.cat([ids, words[:, None]], 1)
        real = torch.cat([real, torch.ones_like(real[:, :1])], 1)


def second_half(
    ids: Int[Tensor, "B T"], real: Bool[Tensor, "B T"], limit: int
) -> tuple[Int[Tensor, "B N"], Bool[Tensor, "B N"]]:
    """Texts beyond the limit keep their last limit / 2 tokens; padding comes first."""
    lengths = real.sum(1)
    kept = lengths.where(lengths <= limit, max(limit // 2, 1))
    width = int(kept.max())
    from_the_end = torch.arange(width, 0, -1, device=ids.device)
    return ids[:, -width:], from_the_end <= kept[:, None]


def sample(
    model: Any,
    ids: Int[Tensor, "B T"],
    max_new_tokens: int,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    generator: torch.Generator | None = None,
    cache: bool = True,
    stop: int | Collection[int] = (),
    mask: Bool[Tensor, "B T"] | None = None,
) -> Int[Tensor, "B N"]:
    """`stream`, collected: what was written behind the prompts.

    stop: tokens after which a text is at its end and filled up with 0; when all are,
    writing ends early.
    """
    stops = [stop] if isinstance(stop, int) else list(stop)
    ended = torch.zeros(len(ids), dtype=torch.bool, device=ids.device)
    written = [ids[:, :0]]
    settings = temperature, top_k, top_p, generator, cache, mask
    for words, _ in stream(model, ids, max_new_tokens, *settings):
        written.append(words.masked_fill(ended, 0)[:, None])
        ended = ended | torch.isin(words, torch.tensor(stops, device=ids.device))
        if ended.all():
            break
    return torch.cat(written, 1)


def generate(
    loaded: Loaded,
    prompt: str,
    max_new_tokens: int = 100,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int = 0,
    cache: bool = True,
) -> str:
    """How a language model goes on: loaded = load_checkpoint("gpt-…") -> the text behind
    the prompt, until <eos> or so many tokens. Of a long prompt it reads the end.

    Raises ValueError for characters that the model does not know.
    """
    pieces, ids = loaded.tokenizer.cut(prompt), loaded.tokenizer.encode(prompt)
    unknown = sorted({piece for piece, number in zip(pieces, ids, strict=True) if number == UNK})
    if unknown:
        raise ValueError(f"prompt holds {unknown[:8]}, which the model does not know")
    device = next(loaded.model.parameters()).device
    prompts = torch.tensor([ids], dtype=torch.int64, device=device)
    generator = torch.Generator().manual_seed(seed)
    settings = temperature, top_k, top_p, generator, cache, EOS
    written = sample(loaded.model, prompts, max_new_tokens, *settings)
    return loaded.tokenizer.decode(written[0].tolist())


def check_choices(temperature: float, top_k: int | None, top_p: float | None) -> None:
    """Raises ValueError for what would draw something else in silence."""
    if not temperature >= 0:
        raise ValueError(f"temperature is {temperature}; needed: from 0")
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k is {top_k}; needed: from 1")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"top_p is {top_p}; needed: above 0, to 1")


def check_logits(logits: Float[Tensor, "*B V"]) -> Float[Tensor, "*B V"]:
    """Raises ValueError where no token can be chosen: NaN, +inf, or −inf only."""
    if not logits.amax(-1).isfinite().all():
        raise ValueError("logits are NaN, infinite or all −inf: a training diverged?")
    return logits
