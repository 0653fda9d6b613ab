"""Drawing the next token instead of taking the best: temperature, top-k and top-p. `decoding` gives these out as well.

A model needs `start` and `step`, as for greedy search and beam. A text that outgrows the context goes on from its
second half: the window slides.
Sources: Fan et al. 2018 (top-k); Holtzman et al. 2020 (top-p, "nucleus").
"""

from collections.abc import Collection, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from .text import EOS, UNK, padding_first


class Sampled(NamedTuple):
    """ids [B, N]: what was written behind the prompts; probabilities [B, N, V] it was drawn from, on request."""

    ids: Tensor
    probabilities: Tensor | None = None


def next_probabilities(
    logits: Tensor, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None
) -> Tensor:
    """What the next token is drawn from: logits [..., V] -> probabilities [..., V], each row sums to 1.

    First the logits are divided by the temperature (0: all weight on the largest); then only the top_k largest are
    kept; then only the smallest set of them whose probability reaches top_p. The most likely token always stays.
    A top_k above V keeps all. Raises ValueError for a negative temperature, top_k below 1, top_p outside (0, 1].
    """
    check(temperature, top_k, top_p)
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
    if temperature == 0:
        return torch.nn.functional.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    logits, order = logits.sort(dim=-1, descending=True, stable=True)
    p = (logits / temperature).softmax(-1)
    if top_k is not None:
        p = p * (torch.arange(p.shape[-1], device=p.device) < top_k)
        p = p / p.sum(-1, keepdim=True)
    if top_p is not None:
        p = p * (p.cumsum(-1) - p < top_p)
        p = p / p.sum(-1, keepdim=True)
    return torch.zeros_like(p).scatter(-1, order, p)


@torch.no_grad()
def stream(
    model,
    ids: Tensor,
    max_new_tokens: int,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    generator: torch.Generator | None = None,
    cache: bool = True,
    mask: Tensor | None = None,
) -> Iterator[tuple[Tensor, Tensor]]:
    """Token by token: prompts ids [B, T], mask [B, T] bool, True = real -> yields (words [B], probabilities [B, V]).

    cache=False computes everything anew at each step: slower, and the same. The draw is made on the CPU.
    Raises ValueError for an empty prompt, or settings as `next_probabilities`.
    """
    check(temperature, top_k, top_p)
    if ids.dim() != 2 or 0 in ids.shape:
        raise ValueError(f"the prompt is {list(ids.shape)}; needed: [B, T] with at least one token to go on from")
    if isinstance(max_new_tokens, bool) or not isinstance(max_new_tokens, int) or max_new_tokens < 0:
        raise ValueError(f"max_new_tokens is {max_new_tokens!r}; needed: a whole number from 0")
    mask = torch.ones_like(ids, dtype=torch.bool) if mask is None else mask
    limit, state, window = model.config.max_length, None, padding_first(ids, mask)
    for _ in range(max_new_tokens):
        if window[0].shape[1] > limit:
            window, state = tuple(x[:, -max(limit // 2, 1) :] for x in window), None
        if state is None or not cache:
            state = model.start(*(x[:, :-1] for x in window))
        logits, state, _ = model.step(window[0][:, -1], state)
        p = next_probabilities(logits, temperature, top_k, top_p)
        words = torch.multinomial(p.cpu(), 1, generator=generator)[:, 0].to(ids.device) if temperature else p.argmax(-1)
        yield words, p
        window = torch.cat([window[0], words[:, None]], 1), torch.cat([window[1], torch.ones_like(mask[:, :1])], 1)


def sample(
    model,
    ids: Tensor,
    max_new_tokens: int,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    generator: torch.Generator | None = None,
    cache: bool = True,
    stop: int | Collection[int] | None = None,
    need_probabilities: bool = False,
    mask: Tensor | None = None,
) -> Sampled:
    """`stream`, collected: prompts ids [B, T] -> Sampled. stop: ids after which a row is at its end, filled with 0.

    Ends early when all rows are at their end.
    """
    stops = [stop] if isinstance(stop, int) else list(stop or ())
    written, seen, ended = [], [], torch.zeros(len(ids), dtype=torch.bool, device=ids.device)
    for words, p in stream(model, ids, max_new_tokens, temperature, top_k, top_p, generator, cache, mask):
        written.append(words.masked_fill(ended, 0))
        seen += [p] if need_probabilities else []
        ended = ended | torch.isin(words, torch.tensor(stops, device=ids.device))
        if stops and ended.all():
            break
    ids = torch.stack(written, 1) if written else ids[:, :0]
    return Sampled(ids, torch.stack(seen, 1) if seen else None)


def generate(
    loaded,
    prompt: str,
    max_new_tokens: int = 100,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int = 0,
    cache: bool = True,
) -> str:
    """How a language model goes on with a text: loaded = load_checkpoint("gpt-…") -> the text behind the prompt.

    It ends at <eos>, or after so many tokens. A prompt longer than the context is read from its end.
    Raises ValueError for an empty prompt, or characters that the model does not know.
    """
    if not isinstance(prompt, str):
        raise TypeError(f"prompt is {type(prompt).__name__}; needed: text in quotes")
    pieces, ids = loaded.tokenizer.cut(prompt), loaded.tokenizer.encode(prompt)
    if not ids:
        raise ValueError("the prompt is empty; needed: at least one character to go on from, such as a line end")
    unknown = sorted({piece for piece, i in zip(pieces, ids, strict=True) if i == UNK})
    if unknown:
        raise ValueError(f"the model does not know {', '.join(map(repr, unknown[:8]))}: leave that out of the prompt")
    device = next(loaded.model.parameters()).device
    generator = torch.Generator().manual_seed(seed)
    written = sample(
        loaded.model, torch.tensor([ids], device=device), max_new_tokens, temperature, top_k, top_p, generator, cache,
        stop=EOS,
    )  # fmt: skip
    return loaded.tokenizer.decode(written.ids[0].tolist())


def check(temperature: float, top_k: int | None, top_p: float | None) -> None:
    """Raises ValueError for settings that cannot be drawn from."""
    if not temperature >= 0 or temperature == float("inf"):
        raise ValueError(f"temperature is {temperature}; needed: a number from 0 (always the most likely token)")
    if top_k is not None and (isinstance(top_k, bool) or not isinstance(top_k, int) or top_k < 1):
        raise ValueError(f"top_k is {top_k!r}; needed: a whole number from 1, or None for all")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"top_p is {top_p}; needed: above 0 and at most 1 (1 keeps all), or None")
