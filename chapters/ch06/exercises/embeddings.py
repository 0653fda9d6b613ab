"""Chapter 6: three embeddings and their sum."""

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.func import functional_call

from course_kit.exercises.define import Case, Exercise, drawn, named, tensors, variants, wrong_answers
from course_kit.exercises.properties import blind_to_later
from course_utils.bert import BertConfig, BertEmbeddings


def embedding_sum(ids, segments, token_table, segment_table, position_table, gain, bias) -> Tensor:
    """ids, segments [B, T], tables [V, D], [2, D], [max, D], gain, bias [D] -> [B, T, D]: BertEmbeddings with these."""
    size, longest = token_table.shape[1], len(position_table)
    with torch.random.fork_rng(devices=[]):
        embeddings = BertEmbeddings(BertConfig(len(token_table), size, 1, 1, max_length=longest, dropout=0.0))
    weights = {"tokens.weight": token_table, "segments.weight": segment_table, "positions.weight": position_table}
    return functional_call(embeddings, weights | {"norm.weight": gain, "norm.bias": bias}, (ids, segments))


def _three_rows(ids, segments, token_table, segment_table, position_table, gain, bias):
    x = token_table[ids] + segment_table[segments] + position_table[: ids.shape[1]]  # [B, T, D]
    centred = x - x.mean(-1, keepdim=True)
    return gain * centred / (centred.square().mean(-1, keepdim=True) + 1e-12).sqrt() + bias


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
    nearly = [[0.001, 0, -0.002], [0.0, 0.003, 0]], [[0.0, 0, 0], [0.001, 0.001, 0]], [[0.002, 0, 0], [0.0, 0, 0]]
    return [
        _embedded(*tensors([[0, 2, 2]], [[0, 0, 1]], *tables, [1.0, 2, 1], [0.0, 0, 1]), shown=True),
        _embedding_case(2, 4, 6, 8, 4, 1510),
        _embedding_case(3, 2, 5, 7, 9, 1520),
        _embedded(*tensors([[1, 0]], [[0, 1]], *nearly, [1.0, 2, 3], [0.0, 1, 0])),
    ]


def _places(ids: Tensor, table: Tensor) -> Tensor:
    return table[: ids.shape[1]]


def _norm(x, gain, bias, eps=1e-12):
    return F.layer_norm(x, x.shape[-1:], gain, bias, eps)


@variants
def _summed(
    *inputs,
    token=lambda ids, table: table[ids],
    segment=lambda segments, table: table[segments],
    place=lambda ids, segments, table: _places(ids, table),
    join=lambda t, s, p: t + s + p,
    norm=lambda x: F.layer_norm(x, x.shape[-1:], eps=1e-12),
    scale=lambda x, gain: x * gain,
    shift=lambda x, bias: x + bias,
):
    """The sum with one part made differently."""
    ids, segments, token_table, segment_table, position_table, gain, bias = inputs
    parts = token(ids, token_table), segment(segments, segment_table), place(ids, segments, position_table)
    return shift(scale(norm(join(*parts)), gain), bias)


def _by_spread(x):
    return (x - x.mean(-1, keepdim=True)) / x.std(-1, keepdim=True)


def _over_time(x):
    return F.layer_norm(x.mT, x.shape[1:2], eps=1e-12).mT


SUM = Exercise(
    name="embedding sum",
    task="Give each token its three vectors, the rows of its id, of its segment and of its position, add them, and "
    "apply a layer norm over the features (eps 1e-12) with gain and bias: ids, segments [B, T], tables [V, D], [2, D], "
    "[max, D], gain, bias [D] -> [B, T, D].",
    reference=embedding_sum,
    shown=_three_rows,
    cases=_embedding_cases,
    returns=("output",),
    properties=(blind_to_later("ids", dim=-1, asks="Each token has a sum and a norm of its own."),),
    used="It is the first layer of *a BERT of your own parts*, further down.",
    hints=(
        "A table indexed by whole numbers gives rows: `token_table[ids]` is [B, T, D].",
        "Positions are 0, 1, 2, … in every sentence, so they are the first T rows of their table.",
        "Add the three, and call the sum `x`. `torch.nn.functional.layer_norm(x, x.shape[-1:], …)` takes gain, bias "
        "and eps, in this order.",
    ),
    minutes=4,
    difficulty=2,
    wrong=wrong_answers(
        _summed(place=lambda ids, segments, table: 0),
        "The positions are missing: a word would be the same wherever it is, and attention cannot see the order.",
        _summed(segment=lambda segments, table: 0),
        "The segments are missing, so the model is told less about which sentence is which.",
        _summed(segment=lambda segments, table: table[0]),
        "Segment 0 is added everywhere: use `segments`.",
        _summed(segment=lambda segments, table: table[1 - segments]),
        "The segments are the wrong way round: `segment_table[segments]`, row 0 for the first sentence.",
        _summed(place=lambda ids, segments, table: table[ids.clamp(max=len(table) - 1)]),
        "The positions are looked up by the *ids*. A position says where a token is: 0, 1, 2 and so on.",
        _summed(place=lambda ids, segments, table: table[ids]),
        "The positions are looked up by the *ids*, and there are more ids than positions. A position says where a "
        "token is: 0, 1, 2 and so on.",
        _summed(place=lambda ids, segments, table: table[: len(ids)].unsqueeze(1)),
        "The positions run along the batch: all tokens of a sentence get the same one.",
        _summed(place=lambda ids, segments, table: table[0]),
        "All tokens get position 0.",
        _summed(
            place=lambda ids, segments, table: table[
                (torch.arange(ids.shape[1]) - segments.logical_not().sum(1, keepdim=True) * segments)
            ]
        ),
        "The second sentence is counted from 0 again. BERT continues counting: the segment says which sentence it is.",
        _summed(place=lambda ids, segments, table: table),
        "The whole table of positions is added. A sentence of T tokens takes its first T rows: "
        "`position_table[: ids.shape[1]]`.",
        _summed(place=lambda ids, segments, table: table.roll(-1, 0)[: ids.shape[1]]),
        "The positions are one too far: the first token is at position 0.",
        _summed(scale=lambda x, gain: x, shift=lambda x, bias: x),
        "Gain and bias are not used: γ · … + β.",
        _summed(scale=lambda x, gain: x),
        "The gain is not used: multiply by it after the norm.",
        _summed(shift=lambda x, bias: x),
        "The bias is not used: add it after the norm.",
        lambda ids, segments, t, s, p, gain, bias: _norm(t[ids] + s[segments] + _places(ids, p), bias, gain),
        "Gain and bias have changed places: γ multiplies, β is added.",
        _summed(norm=lambda x: x, scale=lambda x, gain: x, shift=lambda x, bias: x),
        "The three are summed, but not normalised: the layer norm is missing.",
        _summed(norm=lambda x: x),
        "Gain and bias are there, but the norm itself is missing: subtract the mean, and divide by the standard "
        "deviation.",
        _summed(norm=lambda x: F.layer_norm(x, x.shape[1:], eps=1e-12)),
        "There is one norm for a whole sentence. Each token should be normalised over its own features.",
        _summed(norm=_over_time),
        "The norm runs over the positions. Each token should be normalised over its own features, `dim=-1`.",
        _summed(norm=lambda x: F.layer_norm(x, x.shape[-1:])),
        "Where features are nearly equal, eps counts, and torch's is 1e-5. BERT's is 1e-12: "
        "give it to `layer_norm` after gain and bias.",
        _summed(norm=_by_spread),
        "`std` divides by D − 1, a layer norm divides by D (`unbiased=False`).",
        lambda ids, segments, tokens, kinds, places, gain, bias: sum(
            _norm(part, gain, bias) for part in (tokens[ids], kinds[segments], _places(ids, places))
        ),
        "Each of the three is normalised separately. Add them first, then apply one norm.",
        lambda ids, segments, tokens, kinds, places, gain, bias: (
            _norm(tokens[ids] + kinds[segments], gain, bias) + _places(ids, places)
        ),
        "The positions are added after the norm. All three are added before it.",
        lambda ids, segments, tokens, kinds, places, gain, bias: (
            _norm(tokens[ids], gain, bias) + kinds[segments] + _places(ids, places)
        ),
        "Only the tokens go through the norm; segments and positions are added after it. All three are added before.",
        _summed(token=lambda ids, table: table[ids] * table.shape[1] ** 0.5),
        "The tokens are multiplied by √D, as in the Transformer of 2017. BERT has a norm here instead.",
        _summed(
            join=lambda t, s, p: torch.cat([t, s, p.expand_as(t)], -1),
            norm=lambda x: x,
            scale=lambda x, gain: x,
            shift=lambda x, bias: x,
        ),
        "The three are put side by side, which makes 3 D features. They are added: with many features they hardly "
        "overlap, and the width stays D.",
    ),
)
