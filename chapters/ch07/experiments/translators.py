"""Three translators side by side: chapter 3's, chapter 5's and a GPT, on the same sentences that none was trained on.

score_table()                                      # from the checkpoints' cards: all 2,249 test sentences
side_by_side(["i am a student ."])
"""

import functools
from collections.abc import Sequence

from course_kit import decoding
from course_kit.checkpoints import Loaded, load_checkpoint
from course_kit.views.table import Table

NAMES = {
    "GRU with attention, chapter 3": "seq2seq-attention-en-fr",
    "Transformer, chapter 5": "transformer-en-fr",
    "GPT with <to-fr>": "gpt-en-fr",
}
PARTS = ("1-4", "5-7", "8-10", "11-14")  # words of the source


@functools.cache
def loaded(name: str) -> Loaded:
    """A translator by its name here, read once."""
    return load_checkpoint(NAMES[name])


def score_table() -> Table:
    """Parameters and test scores of each, as its card has them: BLEU (beam 1 and 4), chrF, exact matches in %, BLEU by
    the number of words. Raises ValueError if they were not trained and tested on the same sentences."""
    cards = {name: loaded(name).card for name in NAMES}
    same = {(card["data"]["sha256"], card["metrics"]["test_sentences"]) for card in cards.values()}
    if len(same) > 1:
        raise ValueError("the translators were trained or tested on different sentences: train all of them again")
    rows = []
    for name, card in cards.items():
        m, size = card["metrics"], sum(p.numel() for p in loaded(name).model.parameters())
        row = {"model": name, "parameters": size, "BLEU, greedy": m["test_bleu_beam_1"], "BLEU": m["test_bleu_beam_4"],
               "chrF": m["test_chrf"], "exact, %": round(100 * m["test_exact_match"], 1)}  # fmt: skip
        rows.append(row | {f"{part} words": m["test_bleu_by_length"][part] for part in PARTS})
    return Table(
        rows,
        f"Tested on {next(iter(same))[1]:,} held-out sentences. BLEU is with a beam of 4, unless it says greedy. "
        "chrF compares characters. An exact translation equals a reference translation. The columns at the right show "
        "BLEU by the length of the English sentence",
    )


def effort(name: str) -> tuple[int, int]:
    """How long a translator was trained, as its card has it: steps, and tokens of a batch."""
    recipe = loaded(name).card["training"]["recipe"]
    return recipe["steps"], recipe["tokens"]


def side_by_side(sentences: Sequence[str], beam: int = 4) -> Table:
    """Each sentence as each model translates it, and whether its source was trained on.

    What a model does not know, or could not finish, is noted after its text.
    """
    rows, written = [], {name: decoding.translate(loaded(name), list(sentences), beam=beam) for name in NAMES}
    for i, sentence in enumerate(sentences):
        seen = any(loaded(name).was_seen(sentence) for name in NAMES)
        row = {"source": sentence, "in training": "seen" if seen else "new"}
        rows.append(row | {name: str(found[i]) for name, found in written.items()})
    return Table(rows)
