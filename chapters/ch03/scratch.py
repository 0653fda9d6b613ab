"""A translator from an empty file: it looks back at the source."""

from typing import Any

import torch

from course_kit.exercises.define import Case, integers, some_numbers
from course_kit.mine.scratch_parts import Either, Model, Track
from course_utils.loss import IGNORED

PARTS = """
masked_softmax
look_back
Encoder*: a GRU in both directions, half of the features each, which ends where a sentence does
Decoder*: output([s, c]) for each state s of the GRU, which begins with tanh(first(c))
AttentiveDecoder*: output([s, context]), where each s is the query of a look_back of its own
Translator*: the encoder's states and c; then the decoder, from begin(c) on
masked_loss
translation_loss*: the mean of −ln p of each word of the target, which reads `begin` and the words before it
greedy
translate*: the likeliest word, append it, ask again, until `end`; each row without its padding
"""
TOLD = {
    "Encoder": "c: the last state of each direction, forwards first. Each ends where its sentence does.",
    "Decoder": "The GRU begins with tanh(first(c)); `output` reads s and its context, in this order.",
    "greedy": "They come as a tensor [T].",
}
SMOOTHED = (
    Case(
        {"logits": some_numbers(2, 3, 4, seed=8), "target": integers(4, 2, 3, seed=9)},
        {"mask": torch.arange(3) < torch.tensor([[3], [2]]), "label_smoothing": 0.3},
    ),
)


def pool(c: Any) -> dict[str, Any]:
    """Inputs and sizes, by the names of parameters."""
    source, target = integers(9, 2, 5, seed=2) + 2, integers(11, 2, 4, seed=3) + 2
    source[1, 3:] = target[1, 3:] = 0
    many = integers(9, 12, 5, seed=5) + 2
    many[1::2, 3:] = 0
    return {
        "source": source, "mask": source != 0, "target": Either([target, target.flip(0)]), "begin": 1, "padding": 0,
        "vocab": 13, "size": 8, "last": some_numbers(1, 2, 8, seed=6), "states": some_numbers(2, 5, 8, seed=4),
        "c": some_numbers(2, 8, seed=5), "encoder": Model("Encoder"), "decoder": Model("AttentiveDecoder"),
        "model": Model("Translator"), "end": Either([-1, 2, 5, 8, 11]), "longest": 6,
        "translate.source": many, "masked_loss": SMOOTHED,
        "translation_loss.target": Either([target, torch.full_like(target, IGNORED)]),
    }  # fmt: skip


def begun(writer, names, target, last, states, c, mask):
    """What it gives, and how it begins. -> logits [B, T, V], weights [B, T, S], last [1, B, D], begin [1, B, D]"""
    return (*writer(target, last, states, c, mask), writer.begin(c))


HAVE = "a translator that looks back, and one that does not"
TRACKS = {
    "seq2seq": Track(
        3, "seq2seq", PARTS, pool, 150, HAVE, bar=80, seconds=600, causal=("target",), told=TOLD,
        calls=dict.fromkeys(("Decoder", "AttentiveDecoder"), begun),
        given=("PADDING", "real_words", "backwards", "run_packed"),
    )
}  # fmt: skip
