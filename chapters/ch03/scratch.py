"""A translator from an empty file: it looks back at the source."""

from typing import Any

import torch

from chapters.ch02.scratch import ALONG
from course_kit.exercises.define import integers, some_numbers
from course_kit.i18n import mark
from course_kit.mine.scratch_parts import ModelArgument, Track, TrackPart
from course_utils.loss import IGNORED

SMOOTHED = TrackPart(
    "masked_loss", "the mean over real tokens of the cross-entropy with `label_smoothing`",
    (some_numbers(2, 3, 4, seed=8), integers(4, 2, 3, seed=9), torch.arange(3) < torch.tensor([[3], [2]]), 0.3),
    look="smoothed",
)  # fmt: skip


def begun(writer, names, target, last, states, c, mask):
    """What it gives, and how it begins."""
    logits, weights, last = writer(target, last, states, c, mask)
    return {"logits": logits, "last": last, "begin": writer.begin(c)} | (
        {} if weights is None else {"weights": weights}
    )


def parts(c: Any) -> list[TrackPart]:
    source, target, sizes = integers(9, 2, 5, seed=2) + 2, integers(11, 2, 4, seed=3) + 2, (13, 8)
    source[1, 3:] = target[1, 3:] = 0
    many = integers(9, 12, 5, seed=5) + 2
    many[1::2, 3:] = 0
    mask, nothing = source != 0, torch.full_like(target, IGNORED)
    written = target, some_numbers(1, 2, 8, seed=6), some_numbers(2, 5, 8, seed=4), some_numbers(2, 8, seed=5), mask
    ways = ModelArgument("Encoder", *sizes), ModelArgument("AttentiveDecoder", *sizes)
    model = ModelArgument("Translator", *ways)
    return [
        TrackPart("masked_softmax"), ALONG,
        TrackPart("look_back"),
        TrackPart("Encoder", "a GRU in both directions, half of the features each, which ends where a sentence does",
            (source, mask), needed=True, init=sizes,
            note="c: the last state of each direction, forwards first. Each ends where its sentence does."),
        TrackPart("Decoder", "output([s, c]) for each state s of the GRU, which begins with tanh(first(c))", written,
            needed=True, init=sizes, call=begun,
            note="The GRU begins with tanh(first(c)); `output` reads s and its context, in this order."),
        TrackPart("AttentiveDecoder", "output([s, context]), where each s is the query of a look_back of its own",
            written, needed=True, init=sizes, call=begun),
        TrackPart("Translator", "the encoder's states and c; then the decoder, from begin(c) on",
            (source, target, mask), needed=True, init=ways),
        TrackPart("masked_loss"),
        SMOOTHED,
        TrackPart("translation_loss",
            "the mean of −ln p of each word of the target; `begin` and the words before are read",
            *((model, source, one, 1, 0) for one in (target, nothing)), needed=True),
        TrackPart("greedy", note="They come as a tensor [T]."),
        TrackPart("translate", "the likeliest word, append it, ask again, until `end`; each row without its padding",
            *((model, many, 1, end, 0, 6) for end in (-1, 2, 5, 8, 11)), needed=True),
    ]  # fmt: skip


HAVE = mark("a translator that looks back, and one that does not")
GIVEN = "PADDING", "real_words", "backwards", "run_packed"
TRACKS = {"seq2seq": Track(3, "seq2seq", parts, 150, HAVE, bar=80, seconds=600, given=GIVEN)}
