"""Three translators of our own corpus beside each other: chapter 3's, chapter 5's, and a GPT that goes on with a line.

side_by_side(["Good morning!"])       # a row for each sentence, and whether it was trained on
right_pronouns("gpt-en-fr-grammar")   # the share of held-out twins in which the right pronoun is the likelier one
"""

from collections.abc import Sequence

import torch

from chapters.ch05.experiments import twins
from course_kit import decoding, text
from course_kit.checkpoints import load_checkpoint
from course_kit.contexts import evaluating
from course_kit.i18n import from_cell, mark, t
from course_kit.views import Table

TO_FRENCH = "<to-fr>"
NAMES = {
    mark("GRU, chapter 3"): "seq2seq-attention-en-fr-grammar",
    mark("Transformer, chapter 5"): "transformer-grammar",
    "GPT": "gpt-en-fr-grammar",
}


def translated(name: str, sentences: Sequence[str]) -> list[str]:
    """What a translator, by the name of its checkpoint, makes of English sentences: the likeliest word at each step."""
    loaded = load_checkpoint(name)
    if loaded.tokenizer is None:
        return [found.text for found in decoding.translate(loaded, list(sentences), beam=1)]
    return [decoding.generate(loaded, f"{s} {TO_FRENCH}", 40, temperature=0) for s in sentences]


def side_by_side(sentences: Sequence[str], title: str = "") -> Table:
    """Each sentence as each translator says it; all three were trained on the same pairs."""
    written = {name: translated(checkpoint, sentences) for name, checkpoint in NAMES.items()}
    gpt = load_checkpoint(NAMES["GPT"])
    seen = [gpt.was_seen(text.join(gpt.tokenizer.cut(one))) for one in sentences]
    return Table([
        {t("English"): one, t("in training"): t("seen") if seen[i] else t("new")}
        | {from_cell(name): found[i] for name, found in written.items()}
        for i, one in enumerate(sentences)
    ], title, data=(t("English"), *map(from_cell, written)))  # fmt: skip


@torch.no_grad()
def right_pronouns(name: str, count: int | None = None) -> dict[str, float]:
    """Of held-out twins, sentences and whole pairs in which a translator prefers the right one of il and elle, in %.

    As in chapter 5 it has been given the right words before the pronoun. count: so many pairs, or all.
    """
    loaded, examples = load_checkpoint(name), twins.pairs(count)
    if loaded.tokenizer is None:
        return twins.shares((twins.odds(loaded, examples) > 0).tolist())
    encode, lines = loaded.tokenizer.encode, []
    for one in examples:
        lines.append(encode([*one.source, TO_FRENCH, *one.target[: twins.where(one, "pronoun")]]))
    ids, mask = text.pad(lines)
    with evaluating(loaded.model):
        logits = loaded.model(ids)[torch.arange(len(lines)), mask.sum(1) - 1]  # [N, V]: what comes next
    words = torch.tensor([encode([one.twin.pronoun, one.twin.other_pronoun]) for one in examples])
    right, other = logits.gather(1, words).unbind(1)
    return twins.shares((right > other).tolist())
