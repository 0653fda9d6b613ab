"""Drawing the next token instead of taking the best: temperature, top-k and top-p; how a language model goes on.

Sizes: B texts, T tokens, V vocabulary.
Sources: Fan et al. 2018 (top-k); Holtzman et al. 2020 (top-p, "nucleus").
"""

import torch
from jaxtyping import Float
from torch import Tensor

from course_kit.checkpoints import Loaded
from course_kit.contexts import seeded
from course_kit.programs.arguments import finite
from course_kit.text import EOS, UNK
from course_utils import gpt
from course_utils.gpt import nucleus, with_temperature

SMALLEST = 1e-30  # a temperature or a share: still a number where there are 32 bits


def next_probabilities(
    logits: Float[Tensor, "*B V"], temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None
) -> Float[Tensor, "*B V"]:
    """What the next token is drawn from.

    First the logits are divided by the temperature (0: all weight on the largest). Then
    only the top_k largest are kept, then only the smallest set of them whose probability
    reaches top_p. The most likely token always stays.
    """
    check_choices(temperature, top_k, top_p)
    logits = check_logits(logits.to(torch.promote_types(logits.dtype, torch.float32)))
    smallest = torch.finfo(logits.dtype).tiny
    distance = logits - logits.amax(-1, keepdim=True)  # from the largest, so that none overflows
    if top_k is not None:
        cut = distance.argsort(dim=-1, descending=True, stable=True)[..., top_k:]
        distance = distance.scatter(-1, cut, float("-inf"))
    p = with_temperature(distance, temperature and max(temperature, smallest))
    return nucleus(p.log(), max(top_p, SMALLEST)) if top_p is not None and top_p < 1 else p


def generate(
    loaded: Loaded,
    prompt: str,
    max_new_tokens: int = 100,
    temperature: float = 1.0,
    top_p: float = 1.0,
    seed: int = 0,
    cache: bool = True,
) -> str:
    """How a language model goes on: loaded = load_checkpoint("gpt-…") -> the text behind
    the prompt, until <eos> or so many tokens. Of a long prompt it reads the end.

    cache=False reads everything anew for each token: slower, and the same text.
    Raises ValueError for characters that the model does not know, and for a model that a
    training left with NaN or infinity.
    """
    check_choices(temperature, None, top_p)
    for name, parameter in loaded.model.named_parameters():
        finite(name, parameter)
    pieces, numbers = loaded.tokenizer.cut(prompt), loaded.tokenizer.encode(prompt)
    unknown = sorted({piece for piece, number in zip(pieces, numbers, strict=True) if number == UNK})
    if unknown:
        raise ValueError(f"prompt holds {unknown[:8]}, which the model does not know")
    if not numbers:
        raise ValueError("the prompt is empty; needed: at least one token to go on from")
    ids = torch.tensor([numbers], device=next(loaded.model.parameters()).device)
    choices = temperature and max(temperature, SMALLEST), max(top_p, SMALLEST)
    with seeded(seed):
        written = [int(token) for token in gpt.generate(loaded.model, ids, max_new_tokens, *choices, EOS, cache=cache)]
    return loaded.tokenizer.decode(written[:-1] if written[-1:] == [EOS] else written)


def check_choices(temperature: float, top_k: int | None, top_p: float | None) -> None:
    """Raises ValueError for what would draw something else in silence."""
    if not 0 <= temperature < float("inf"):
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
