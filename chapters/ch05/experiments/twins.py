"""What "it" means, measured: how often a model writes the pronoun and the adjective that the twins ask for.

    loaded = load_checkpoint("transformer-grammar")       # or lesson.loaded(model)
    pronouns(loaded)                                      # {"twins": 736, "pronoun": …, "adjective": …, "both": …}
    pronouns(loaded, by="held_out")                       # the same for each kind of noun that no training twin has
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
from course_utils.support import checks
from course_utils.training.checkpoints import Loaded, load_checkpoint
from course_utils.views.table import Table

MODELS = {  # name in tables: checkpoint
    "without attention": "seq2seq-plain-en-fr-grammar",
    "with attention": "seq2seq-attention-en-fr-grammar",
    "Transformer": "transformer-grammar",
}
KINDS = ("held_out", "frame", "it", "pronoun")


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


def pronouns(loaded: Loaded, split: str = "twins", by: str | None = None, count: int | None = None) -> dict:
    """Shares in % of a split's twins, greedily translated, with the right pronoun, the right adjective, both.

    by      None: {"twins": how many, "pronoun", "adjective", "both"}; or "held_out" (the noun that occurs in no twin of
            the training set: subject, object, both, or "" for none), "frame", "it", "pronoun": such a dict for each
    split   "twins", held out; or "train", whose twins the model has seen
    count   the first so many only
    """
    return _shares(_judged(loaded, split, count), by and checks.one_of("by", by, KINDS))


def _judged(loaded: Loaded, split: str, count: int | None) -> list[tuple]:
    """(twin, is the pronoun right, is the adjective) for each."""
    examples = [e for e in corpus().examples(split) if e.twin][:count]
    if not examples:
        raise ValueError(f"the split {split!r} holds no twins; needed: twins or train")
    written = reader(loaded).write(loaded.model, examples)
    return [(e.twin, *judge(w.split(), e.twin)) for w, e in zip(written, examples, strict=True)]


def _shares(judged: list[tuple], by: str | None = None) -> dict:
    if by:
        kinds = sorted({getattr(twin, by) for twin, *_ in judged})
        return {kind: _shares([row for row in judged if getattr(row[0], by) == kind]) for kind in kinds}
    pronoun, adjective = ([row[n] for row in judged] for n in (1, 2))
    both = [p and a for p, a in zip(pronoun, adjective, strict=True)]
    shares = {"pronoun": pronoun, "adjective": adjective, "both": both}
    return {"twins": len(judged)} | {name: round(100 * sum(x) / len(x), 1) for name, x in shares.items()}


def pronoun_table(models: dict[str, Loaded | str] = MODELS, split: str = "twins", count: int | None = None) -> Table:
    """A line per model: shares with the right pronoun, adjective, both; and both by the noun that was held out.

    models: name -> Loaded, or the name of a checkpoint
    """
    rows = []
    for name, loaded in models.items():
        judged = _judged(load_checkpoint(loaded) if isinstance(loaded, str) else loaded, split, count)
        kinds = {f"{kind or 'no'} noun held out": part["both"] for kind, part in _shares(judged, "held_out").items()}
        rows.append({"model": name} | _shares(judged) | kinds)
    return Table(rows, "Right, in % of the twins; a guess: 50")


def where(example: Example, role: str) -> int:
    """The place of a word of a twin, from 0.

    In the source: "it", "referent" (the noun that it is), "distractor" (the one that it is not), "adjective". In the
    target: "pronoun" and "noun" (the French word for the referent).
    """
    if role == "it":
        return len(example.source) - 1 - example.source[::-1].index("it")
    if role in ("referent", "distractor"):
        return example.source.index(getattr(example.twin, role).lower())
    if role == "adjective":
        return len(example.source) - 2
    if role == "pronoun":
        return len(example.target) - example.target[::-1].index("qu'")
    if role == "noun":
        return min(t for t, s in example.links if s == where(example, "referent"))
    raise ValueError(f"role is {role!r}; needed: it, referent, distractor, adjective, pronoun or noun")


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
            logits = model(batch.source, batch.target_in, batch.source_mask).logits
        ids = torch.tensor([loaded.target.encode([e.twin.pronoun, e.twin.other_pronoun]) for e in rows])
        here = logits[torch.arange(len(rows)), torch.tensor([where(e, "pronoun") for e in rows])]
        right, other = here.gather(1, ids).unbind(1)
        found.append(right - other)
    return torch.cat(found)


def record_twins() -> dict:
    """Every model on the held-out twins; the figures behind data/results/transformer_twins.json."""
    figures: dict = {"guessing": 50, "models": {}}
    for name, checkpoint in MODELS.items():
        loaded = load_checkpoint(checkpoint)
        training, judged = loaded.card["training"], _judged(loaded, "twins", None)
        found = {"checkpoint": checkpoint, "steps": training["step"], "all": _shares(judged)}
        found |= {by: _shares(judged, by) for by in KINDS}
        found["twins of a frame in a pass, at least"] = training["recipe"].get("twins", 0)
        found["training twins"] = pronouns(loaded, "train", "frame")
        found["il or elle"] = round(100 * (odds(loaded, corpus().examples("twins")) > 0).float().mean().item(), 1)
        figures["models"][name] = found
    return figures
