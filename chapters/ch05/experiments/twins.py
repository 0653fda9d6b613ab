"""What "it" means, measured: which pronoun a model prefers in sentences and their twins.

    odds(loaded, pairs())                                 # the choice between il and elle, without writing a word

Twins: "… because it was too tired" and "… too wide", a pair. One of them needs "il", the other "elle", so a model that
does not read the adjective has half of the sentences right, but no pair.
"""

import contextlib
import functools
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from chapters.ch03.lesson import Example, Lesson, in_batches
from course_kit.checkpoints import Loaded
from course_kit.i18n import mark


@functools.cache
def corpus() -> Lesson:
    """The English–French lesson, made once."""
    return Lesson("en-fr")


def pairs(count: int | None = None) -> list[Example]:
    """The first so many pairs of held-out twins, or all: the two halves of a pair are neighbours."""
    by_pair: dict[int, list[Example]] = {}
    for example in corpus().examples("twins"):
        by_pair.setdefault(example.twin.pair, []).append(example)
    whole = [halves for halves in by_pair.values() if len(halves) == 2]
    return [example for halves in whole[:count] for example in halves]


def shares(right: Sequence[bool]) -> dict[str, float]:
    """The shares of right sentences, and of pairs with both halves right, in %. right: of each example of `pairs`."""
    halves = torch.as_tensor(right, dtype=torch.float64).view(-1, 2)  # [pairs, 2]
    found = {mark("sentences, %"): halves.mean(), mark("pairs, %"): halves.prod(1).mean()}
    return {name: round(100 * share.item(), 1) for name, share in found.items()}


def where(example: Example, role: str) -> int:
    """The place of a word of a twin, from 0.

    In the source: "it", "referent" (the noun that it is), "distractor" (the one that it is not), "too", "adjective". In
    the target: "pronoun" and "noun" (the French word for the referent).
    """
    if role == "it":
        return len(example.source) - 1 - example.source[::-1].index("it")
    if role in ("referent", "distractor"):
        return example.source.index(getattr(example.twin, role).lower())
    if role in ("too", "adjective"):  # the last two words before the full stop
        return len(example.source) - (3 if role == "too" else 2)
    if role == "pronoun":
        return len(example.target) - example.target[::-1].index("qu'")
    if role == "noun":
        return min(t for t, s in example.links if s == where(example, "referent"))
    raise ValueError(f"role is {role!r}; needed: it, referent, distractor, too, adjective, pronoun or noun")


@torch.no_grad()
def odds(
    loaded: Loaded, examples: Sequence[Example], within: Callable[[list[Example]], object] | None = None
) -> Tensor:
    """How much more probable the right pronoun is than the other one: log-odds [N], above 0 is right.

    The model has been given the right words up to "parce qu'", so one pass decides, and nothing else is judged.
    within: examples of a batch -> a context in which they are read, such as one of `heads`
    """
    model, found = loaded.model, []
    for rows, batch in in_batches(loaded, examples):
        with within(rows) if within else contextlib.nullcontext():
            logits = model(batch.source, batch.target_in, batch.source_mask)
        logits = logits[0] if isinstance(logits, tuple) else logits  # of chapter 3's, with its weights
        ids = torch.tensor([loaded.target.encode([e.twin.pronoun, e.twin.other_pronoun]) for e in rows])
        here = logits[torch.arange(len(rows)), torch.tensor([where(e, "pronoun") for e in rows])]
        right, other = here.gather(1, ids).unbind(1)
        found.append(right - other)
    return torch.cat(found)
