"""Drawing the next token instead of taking the best: temperature, top-k and top-p.

A model needs `start` and `step`, as for greedy search and beam. A text that outgrows the context goes on from its
second half: the window slides.
Sources: Fan et al. 2018 (top-k); Holtzman et al. 2020 (top-p, "nucleus").
"""

from collections.abc import Collection, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from course_utils import checks
from course_utils.checks import check_rng, described, flag, real_number, whole_number, whole_numbers
from course_utils.text import EOS, UNK, padding_first

FARTHEST = 100_000  # new tokens in one call: more is a slip of the pen


class Sampled(NamedTuple):
    """ids [B, N]: what was written behind the prompts."""

    ids: Tensor


def next_probabilities(
    logits: Tensor, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None
) -> Tensor:
    """What the next token is drawn from: logits [..., V] -> probabilities [..., V], each row sums to 1.

    First the logits are divided by the temperature (0: all weight on the largest); then only the top_k largest are
    kept; then only the smallest set of them whose probability reaches top_p. The most likely token always stays.
    A top_k above V keeps all. Raises ValueError for a negative temperature, top_k below 1, top_p outside (0, 1], and
    logits from which nothing can be drawn: NaN, +inf, or −inf only.
    """
    check(temperature, top_k, top_p)
    logits = checks.real_numbers("logits", logits)
    logits = check_logits(logits.to(torch.promote_types(logits.dtype, torch.float32)))
    if temperature == 0:
        return torch.nn.functional.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    logits, order = logits.sort(dim=-1, descending=True, stable=True)
    temperature = max(temperature, torch.finfo(logits.dtype).tiny)
    p = ((logits - logits[..., :1]) / temperature).softmax(-1)  # the largest is 0: no temperature makes it overflow
    if top_k is not None:
        p = p * (torch.arange(p.shape[-1], device=p.device) < top_k)
        p = p / p.sum(-1, keepdim=True)
    if top_p is not None and top_p < 1:
        top_p = max(top_p, torch.finfo(p.dtype).tiny)  # the most likely stays, however small it is
        p = p * (p.cumsum(-1) - p < top_p)
        p = p / p.sum(-1, keepdim=True)
    return torch.zeros_like(p).scatter(-1, order, p)


@torch.no_grad()
def stream(
    model, ids: Tensor, max_new_tokens: int, temperature: float = 1.0, top_k: int | None = None,
    top_p: float | None = None, generator=None, cache: bool = True, mask: Tensor | None = None,
) -> Iterator[tuple[Tensor, Tensor]]:  # fmt: skip
    """Token by token: prompts ids [B, T], mask [B, T] bool, True = real -> yields (words [B], probabilities [B, V]).

    cache=False computes everything anew at each step: slower, and the same. The draw is made on the CPU.
    Raises ValueError for an empty prompt, or settings as `next_probabilities`.
    """
    check(temperature, top_k, top_p)
    check_model(model)
    if not isinstance(ids, Tensor) or ids.dim() != 2 or 0 in ids.shape or ids.dtype != torch.int64:
        raise ValueError(f"the prompt is {described(ids)}; needed: [B, T] of int64, at least one token to go on from")
    whole_number("max_new_tokens", max_new_tokens, 0, FARTHEST), flag("cache", cache)
    check_rng(generator)
    mask = torch.ones_like(ids, dtype=torch.bool) if mask is None else mask
    if not isinstance(mask, Tensor) or mask.shape != ids.shape or mask.dtype != torch.bool or not mask.any(1).all():
        raise ValueError(f"mask is {described(mask)}; needed: {list(ids.shape)} bool, True = real, one in each row")
    limit, state, window = model.config.max_length, None, padding_first(ids, mask)
    for _ in range(max_new_tokens):
        if window[0].shape[1] > limit:
            window, state = _slid(*window, limit), None
        if state is None or not cache:
            state = model.start(*(x[:, :-1] for x in window))
        logits, state, _ = model.step(window[0][:, -1], state)
        p = next_probabilities(logits, temperature, top_k, top_p)
        words = torch.multinomial(p.cpu(), 1, generator=generator)[:, 0].to(ids.device) if temperature else p.argmax(-1)
        yield words, p
        window = torch.cat([window[0], words[:, None]], 1), torch.cat([window[1], torch.ones_like(mask[:, :1])], 1)


def _slid(ids: Tensor, real: Tensor, limit: int) -> tuple[Tensor, Tensor]:
    """Each row that outgrew the context keeps its second half; the others stay whole. Padding first, as before."""
    lengths = real.sum(1)
    keep = lengths.where(lengths <= limit, max(limit // 2, 1))
    width = int(keep.max())
    ids = ids[:, -width:]
    return ids, torch.arange(width, 0, -1, device=ids.device) <= keep[:, None]


def sample(
    model, ids: Tensor, max_new_tokens: int, temperature: float = 1.0, top_k: int | None = None,
    top_p: float | None = None, generator=None, cache: bool = True, stop: int | Collection[int] | None = None,
    mask: Tensor | None = None,
) -> Sampled:  # fmt: skip
    """`stream`, collected: prompts ids [B, T] -> Sampled. stop: ids after which a row is at its end, filled with 0;
    when all are, it ends early."""
    stop = [] if stop is None else stop if isinstance(stop, Collection) else [stop]
    stops = whole_numbers("stop", list(stop) if isinstance(stop, set | frozenset) else stop, 0, 2**63 - 1)
    written, ended = [], None
    for words, _ in stream(model, ids, max_new_tokens, temperature, top_k, top_p, generator, cache, mask):
        ended = torch.zeros_like(words, dtype=torch.bool) if ended is None else ended
        written.append(words.masked_fill(ended, 0))
        ended = ended | torch.isin(words, torch.tensor(stops, device=ids.device))
        if stops and ended.all():
            break
    return Sampled(torch.stack(written, 1) if written else ids[:, :0])


def generate(
    loaded, prompt: str, max_new_tokens: int = 100, temperature: float = 1.0, top_k: int | None = None,
    top_p: float | None = None, seed: int = 0, cache: bool = True,
) -> str:  # fmt: skip
    """How a language model goes on with a text: loaded = load_checkpoint("gpt-…") -> the text behind the prompt.

    It ends at <eos>, or after so many tokens. A prompt longer than the context is read from its end.
    Raises ValueError for an empty prompt, or characters that the model does not know.
    """
    if not isinstance(prompt, str):
        raise TypeError(f"prompt is {type(prompt).__name__}; needed: text in quotes")
    if not hasattr(loaded, "model") or getattr(loaded, "tokenizer", None) is None:
        raise TypeError(f"loaded is {described(loaded)}; needed: a language model, as load_checkpoint(name) gives it")
    pieces, ids = loaded.tokenizer.cut(prompt), loaded.tokenizer.encode(prompt)
    if not ids:
        raise ValueError("the prompt is empty; needed: at least one character to go on from, such as a line end")
    unknown = sorted({piece for piece, i in zip(pieces, ids, strict=True) if i == UNK})
    if unknown:
        raise ValueError(f"the model does not know {', '.join(map(repr, unknown[:8]))}: leave that out of the prompt")
    device = next(loaded.model.parameters()).device
    generator = torch.Generator().manual_seed(whole_number("seed", seed, -(2**63), 2**63 - 1))
    ids = torch.tensor([ids], device=device)
    written = sample(loaded.model, ids, max_new_tokens, temperature, top_k, top_p, generator, cache, EOS)
    return loaded.tokenizer.decode(written.ids[0].tolist())


def check(temperature: float, top_k: int | None, top_p: float | None) -> None:
    """Raises ValueError for settings that cannot be drawn from."""
    real_number("temperature", temperature, least=0)
    if top_k is not None:
        whole_number("top_k", top_k, 1, 2**63 - 1)
    if top_p is not None:
        real_number("top_p", top_p, above=0, most=1)


def check_logits(logits: Tensor) -> Tensor:
    """The logits [..., V], if each row has a largest one. Raises ValueError for NaN, +inf, and rows of −inf only."""
    if logits.dim() == 0 or logits.shape[-1] == 0:
        raise ValueError(f"logits have shape {list(logits.shape)}; needed: [..., V], one for each word")
    if not logits.amax(-1).isfinite().all():
        why = "its parameters are not finite (a training that diverged?), or every word is forbidden"
        raise ValueError(f"the model's logits are NaN, infinite or all −inf, so no word can be chosen: {why}")
    return logits


def check_model(model) -> None:
    """Raises TypeError for what cannot be decoded."""
    if isinstance(model, type) or not all(callable(getattr(model, name, None)) for name in ("start", "step")):
        needed = "one with `start` and `step`: Seq2Seq, Transformer, GPT"
        raise TypeError(f"model is a {type(model).__name__}; needed: {needed}")
