"""Chapter 6: three embeddings and their sum."""

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.func import functional_call

from course_utils.exercises.definition import Case, Exercise, variants, wrong_answers
from course_utils.exercises.inputs import drawn, named, tensors
from course_utils.models.bert import BertConfig, BertEmbeddings


def embedding_sum(ids, segments, token_table, segment_table, position_table, gain, bias) -> Tensor:
    """ids, segments [B, T], tables [V, D], [2, D], [max, D], gain, bias [D] -> [B, T, D]: BertEmbeddings with these."""
    size, longest = token_table.shape[1], len(position_table)
    with torch.random.fork_rng(devices=[]):
        embeddings = BertEmbeddings(BertConfig(len(token_table), size, 1, 1, max_length=longest, dropout=0.0))
    weights = {"tokens.weight": token_table, "segments.weight": segment_table, "positions.table": position_table}
    return functional_call(embeddings, weights | {"norm.weight": gain, "norm.bias": bias}, (ids, segments))


_embedded = named("ids", "segments", "token_table", "segment_table", "position_table", "gain", "bias")


def _embedding_case(batch, time, size, words, longest, seed) -> Case:
    draw = torch.Generator().manual_seed(seed)
    ids = torch.randint(words, (batch, time), generator=draw)
    segments = (torch.arange(time) >= torch.randint(1, time + 1, (batch, 1), generator=draw)).long()
    *tables, gain, bias = drawn(seed + 1, (words, size), (2, size), (longest, size), (size,), (size,))
    return _embedded(ids, segments, *tables, gain.abs() + 0.5, bias)


def _embedding_cases() -> list[Case]:
    tables = (
        *([[1.0, 0, 2], [0, 1, 0], [3, 1, 0]], [[0.0, 0, 1], [2, 0, 0]]),
        [[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]],
    )
    return [
        _embedded(*tensors([[0, 2, 2]], [[0, 0, 1]], *tables, [1.0, 2, 1], [0.0, 0, 1]), shown=True),
        _embedding_case(2, 4, 6, 8, 4, 1510),
        _embedding_case(3, 2, 5, 7, 9, 1520),
    ]


def _norm(x, gain, bias, **options):
    return F.layer_norm(x, x.shape[-1:], gain, bias, 1e-12)


@variants
def _summed(
    *inputs,
    token=lambda ids, segments, table: table[ids],
    segment=lambda ids, segments, table: table[segments],
    place=lambda ids, segments, table: table[: ids.shape[1]],
    join=lambda t, s, p: t + s + p,
    norm=_norm,
):
    """The sum with one part made differently."""
    ids, segments, token_table, segment_table, position_table, gain, bias = inputs
    parts = (token(ids, segments, token_table), segment(ids, segments, segment_table))
    return norm(join(*parts, place(ids, segments, position_table)), gain, bias)


SUM = Exercise(
    name="embedding sum",
    task="Give each token its three vectors, add them, and normalise: the row of its id, of its segment, and of its "
    "position; then LayerNorm over the features (eps 1e-12) with gain and bias. ids, segments [B, T], tables [V, D], "
    "[2, D], [max, D], gain, bias [D] -> [B, T, D].",
    why="It is all that the encoder ever gets to know of a text.",
    reference=embedding_sum,
    cases=_embedding_cases,
    returns=("output",),
    hints=(
        "A table with whole numbers in brackets gives rows: `token_table[ids]` is [B, T, D].",
        "Positions are 0, 1, 2, … for every sentence: the first T rows of their table.",
        "`x = token_table[ids] + segment_table[segments] + position_table[:T]`, then "
        "`F.layer_norm(x, (D,), gain, bias, 1e-12)`",
    ),
    minutes=4,
    difficulty=2,
    wrong=wrong_answers(
        _summed(place=lambda ids, segments, table: 0),
        "The positions are missing: a word would be the same wherever it stands, and attention cannot see order.",
        _summed(segment=lambda ids, segments, table: 0),
        "The segments are missing: the model is told less about which sentence is which.",
        _summed(segment=lambda ids, segments, table: table[0]),
        "Segment 0 is added everywhere: use `segments`.",
        _summed(place=lambda ids, segments, table: table[ids]),
        "The positions are looked up by the *ids*. A position is where a token stands: 0, 1, 2 and so on.",
        _summed(place=lambda ids, segments, table: table[: len(ids)].unsqueeze(1)),
        "The positions run along the batch: all tokens of a sentence get the same one.",
        _summed(place=lambda ids, segments, table: table[0]),
        "All tokens get position 0.",
        _summed(
            place=lambda ids, segments, table: table[
                (torch.arange(ids.shape[1]) - segments.logical_not().sum(1, keepdim=True) * segments)
            ]
        ),
        "The second sentence is counted from 0 again. BERT counts through: its segment says which one it is.",
        _summed(place=lambda ids, segments, table: table),
        "The whole table of positions is added. A sentence of T tokens has its first T rows: "
        "`position_table[: ids.shape[1]]`.",
        _summed(place=lambda ids, segments, table: table.roll(-1, 0)[: ids.shape[1]]),
        "One position too far: the first token stands at position 0.",
        _summed(norm=lambda x, gain, bias: _norm(x, bias, gain)),
        "Gain and bias have changed places: γ multiplies, β is added.",
        _summed(norm=lambda x, gain, bias: x),
        "Summed, but not normalised: LayerNorm is missing.",
        _summed(norm=lambda x, gain, bias: _norm(x, None, None)),
        "Normalised, but gain and bias are not used: γ · … + β.",
        _summed(norm=lambda x, gain, bias: x * gain + bias),
        "Gain and bias are there; what is missing is the norm itself: minus the mean, divided by the spread.",
        lambda ids, segments, tokens, kinds, places, gain, bias: sum(
            _norm(part, gain, bias) for part in (tokens[ids], kinds[segments], places[: ids.shape[1]])
        ),
        "Each of the three is normalised for itself. First the sum, then one norm.",
        lambda ids, segments, tokens, kinds, places, gain, bias: (
            _norm(tokens[ids] + kinds[segments], gain, bias) + places[: ids.shape[1]]
        ),
        "The positions are added after the norm. All three are summed first.",
        _summed(token=lambda ids, segments, table: table[ids] * table.shape[1] ** 0.5),
        "The tokens are multiplied by √D, as in the Transformer of 2017. BERT has a norm here instead.",
        _summed(norm=lambda x, gain, bias: F.layer_norm(x, x.shape[1:]) * gain + bias),
        "One norm for a whole sentence: each token should be normalised over its own features.",
        _summed(norm=lambda x, gain, bias: gain * (x - x.mean(-1, keepdim=True)) / x.std(-1, keepdim=True) + bias),
        "Right but for a factor in the spread: `std` divides by D − 1. LayerNorm divides by D, `unbiased=False`.",
        _summed(join=lambda t, s, p: torch.cat([t, s, p.expand_as(t)], -1), norm=lambda x, gain, bias: x),
        "The three are put side by side: 3 D features. They are added: each keeps to its own directions well "
        "enough, and the width stays D.",
    ),
)
