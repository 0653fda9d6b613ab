"""What "it" means, measured: how often a model writes the pronoun and the adjective that the twins ask for.

    loaded = load_checkpoint("transformer-grammar")       # or lesson.loaded(model)
    pronoun_table({"Transformer": loaded})                # shares with the right pronoun, adjective, both
    odds(loaded, lesson.examples("twins"))                # the choice between il and elle, without writing a word

Twins: "… because it was too tired" and "… too wide". Half of the answers are "il" and half of the time "it" is the
subject, for each adjective of each frame as well; so a guess is right half of the time.
"""

import contextlib
import copy
import functools
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from chapters.ch03.lesson import Example, Lesson, in_batches
from course_kit.views.table import Table
from course_utils.checkpoints import Loaded, load_checkpoint

MODELS = {  # name in tables: checkpoint
    "without attention": "seq2seq-plain-en-fr-grammar",
    "with attention": "seq2seq-attention-en-fr-grammar",
    "Transformer": "transformer-grammar",
}

NEW = {"": "no noun new", "subject": "subject new", "object": "object new", "both": "both nouns new"}


@functools.cache
def corpus() -> Lesson:
    """The English–French lesson, made once."""
    return Lesson("en-fr")


def reader(loaded: Loaded) -> Lesson:
    """The lesson with the vocabularies of a checkpoint, to measure its model with: `reader(loaded).bleu(…)`."""
    lesson = copy.copy(corpus())
    lesson.source, lesson.target = loaded.source, loaded.target
    return lesson


def judge(words: Sequence[str], twin) -> tuple[bool, bool]:
    """Are pronoun and adjective right in a translation? words: its tokens; twin: parallel.Twin.

    The pronoun is the word after the last "parce qu'"; the adjective, in the right form, comes somewhere after it.
    """
    starts = [i + 2 for i in range(len(words) - 1) if tuple(words[i : i + 2]) == ("parce", "qu'")]
    reason = list(words[starts[-1] :]) if starts else []
    return reason[:1] == [twin.pronoun], twin.adjective in reason


def _judged(loaded: Loaded, count: int | None) -> list[tuple]:
    """(held-out twin, is the pronoun right, is the adjective) for the first so many, greedily translated."""
    examples = corpus().examples("twins")[:count]
    written = reader(loaded).write(loaded.model, examples)
    return [(e.twin, *judge(w.split(), e.twin)) for w, e in zip(written, examples, strict=True)]


def _shares(judged: list[tuple], by: str | None = None) -> dict:
    """Shares in % with the right pronoun, the right adjective, both; or that for each value of a Twin's field."""
    if by:
        kinds = sorted({getattr(twin, by) for twin, *_ in judged})
        return {kind: _shares([row for row in judged if getattr(row[0], by) == kind]) for kind in kinds}
    pronoun, adjective = ([row[n] for row in judged] for n in (1, 2))
    both = [p and a for p, a in zip(pronoun, adjective, strict=True)]
    shares = {"pronoun": pronoun, "adjective": adjective, "both": both}
    return {"twins": len(judged)} | {name: round(100 * sum(x) / len(x), 1) for name, x in shares.items()}


def pronoun_table(models: dict[str, Loaded | str] = MODELS, count: int | None = None) -> Table:
    """A line per model: shares with the right pronoun, adjective, both; and both by the noun that is new.

    models: name -> Loaded, or the name of a checkpoint
    """
    rows = []
    for name, loaded in models.items():
        judged = _judged(load_checkpoint(loaded) if isinstance(loaded, str) else loaded, count)
        kinds = {f"… {NEW[kind]}": part["both"] for kind, part in _shares(judged, "held_out").items()}
        rows.append({"model": name} | _shares(judged) | kinds)
    return Table(
        rows, "Right, in % of the twins; both: pronoun and adjective, in all, then by what is new. A guess: 50"
    )


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
        ids = torch.tensor([loaded.target.encode([e.twin.pronoun, e.twin.other_pronoun]) for e in rows])
        here = logits[torch.arange(len(rows)), torch.tensor([where(e, "pronoun") for e in rows])]
        right, other = here.gather(1, ids).unbind(1)
        found.append(right - other)
    return torch.cat(found)
