"""What the cover's model needs of each word: its list exchanged, compared, or left out."""

import torch

from chapters.ch00.labs.cover import MODEL, SENTENCE, Reading, halves
from course_kit.checkpoints import Loaded, load_checkpoint
from course_kit.decoding import greedy
from course_kit.views import Table


@torch.no_grad()
def lists_of(loaded: Loaded, sentence: str) -> torch.Tensor:
    """What the decoder reads of a sentence: a list of D numbers for each word, [S, D]."""
    return loaded.model.encode(torch.tensor([loaded.source.encode(sentence)]))[0]


@torch.no_grad()
def french(loaded: Loaded, sentence: str, lists: torch.Tensor) -> str:
    """What the model writes from these lists [S, D], instead of those of the sentence."""
    ids = torch.tensor([loaded.source.encode(sentence)])[:, : len(lists)]
    written = greedy(Reading(loaded.model, lists[None]), ids)[0].ids
    return " ".join(loaded.target.tokens(written)).replace("' ", "'").replace(" .", ".").capitalize()


def needed_words(model: str | Loaded = MODEL, sentence: str = SENTENCE) -> Table:
    """One row for each word of the first sentence: how far its list differs from that of the other sentence, as the
    length of the difference over the length of the list; and the French without this list."""
    loaded = load_checkpoint(model) if isinstance(model, str) else model
    first, second = halves(sentence)
    here, there = lists_of(loaded, first), lists_of(loaded, second)
    apart = (here - there).norm(dim=-1) / here.norm(dim=-1)  # [S]
    as_usual = french(loaded, first, here)
    rows = []
    for i, word in enumerate(loaded.source.cut(first)):
        without = french(loaded, first, torch.cat([here[:i], here[i + 1 :]]))
        rows.append({"word": word, "its list differs by": f"{100 * apart[i]:.0f} %",
                     "French without its list": "the same" if without == as_usual else without})  # fmt: skip
    return Table(rows, f"“{first}” With all its lists: {as_usual}")


def all_but_one(model: str | Loaded = MODEL, sentence: str = SENTENCE) -> list[bool]:
    """For each of the two sentences: is the French the same if all lists but that of the word that differs are those of
    the other sentence?"""
    loaded = load_checkpoint(model) if isinstance(model, str) else model
    pair = halves(sentence)
    lists = [lists_of(loaded, one) for one in pair]
    words = [loaded.source.cut(one) for one in pair]
    changes = torch.tensor([a != b for a, b in zip(*words, strict=True)])[:, None]  # [S, 1]
    mixed = [torch.where(changes, lists[s], lists[1 - s]) for s in (0, 1)]
    return [french(loaded, pair[s], mixed[s]) == french(loaded, pair[s], lists[s]) for s in (0, 1)]
