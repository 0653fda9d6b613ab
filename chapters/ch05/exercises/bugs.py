"""Chapter 5, find-the-errors: four programs that run and are wrong: three axes, and keys from the wrong sentence."""

import torch
from torch import Tensor

from course_kit.exercises.define import FindError, drawn, named, tensors, variants, wrong_answers
from course_kit.exercises.properties import rows_sum_to_one
from course_utils.attention import scaled_dot_product_attention

from .heads import split_heads


def add_positions(x: Tensor, table: Tensor) -> Tensor:
    """x [B, T, D], table [max, D] -> [B, T, D]: the first T rows of the table added to every sentence."""
    return x + table[: x.shape[1]]


_placed = named("x", "table")

POSITIONS = FindError(
    name="program 5.18",
    title="positions along the batch",
    task="write it again: x [B, T, D], table [max, D] -> [B, T, D].",
    program=(
        "def add_positions(x, table):                      # [B, T, D], [max, D]",
        "    return x + table[: x.size(0)].unsqueeze(1)",
    ),
    line=2,
    found="`x.size(0)` is the batch here: all words of a sentence get the same vector. Positions vary along time: "
    "`table[: x.size(1)]`.",
    innocent={1: "it only names what comes in. Which axis is time?"},
    reference=add_positions,
    cases=lambda: [
        _placed(torch.zeros(2, 3, 2), torch.tensor([[0.0, 1], [1, 2], [2, 3], [3, 4]]), shown=True),
        _placed(*drawn(900, (1, 3, 2), (3, 2))),
        _placed(*drawn(902, (3, 2, 4), (6, 4))),
        _placed(*drawn(904, (2, 2, 3), (5, 3))),
    ],
    returns=("output",),
    hints=(
        "Put zeros in, and look at what comes out. Do two words of one sentence differ?",
        "Which axis is the batch, and which is time?",
        "How many rows of the table does a sentence of T words need? [T, D] meets [B, T, D] from the right, the same "
        "for every sentence.",
    ),
    minutes=3,
    difficulty=2,
    wrong=wrong_answers(
        lambda x, table: x + table[: x.size(0)].unsqueeze(1),
        "All words of one sentence still get the same vector, and the sentences different ones.",
        lambda x, table: x + table[1 : x.size(1) + 1] if len(table) > x.size(1) else x + table[: x.size(1)],
        "One row too far: the first word is at position 0.",
        lambda x, table: x + table[0],
        "All words get position 0.",
        lambda x, table: x + table[-x.size(1) :],
        "These are the *last* T rows of the table. A sentence begins at position 0, however long the table is.",
        lambda x, table: torch.cat([x, table[: x.size(1)].expand(len(x), -1, -1)], -1),
        "The positions are put beside x: twice as many features. Here they are added.",
        lambda x, table: x * table[: x.size(1)],
        "Multiplied; positions are added.",
    ),
)


def cross_attention(written: Tensor, source: Tensor, Wq: Tensor, Wk: Tensor, Wv: Tensor):
    """written [T, D], source [S, D], three W [D, D] -> output [T, D], weights [T, S]."""
    return scaled_dot_product_attention(written @ Wq, source @ Wk, source @ Wv)


_crossed = named("written", "source", "Wq", "Wk", "Wv")


@variants
def _asked(
    *inputs,
    query=lambda w, s: w,
    key=lambda w, s: s,
    value=lambda w, s: s,
    power=0.5,
    weigh=lambda scores: torch.softmax(scores, -1),
):
    """Cross-attention."""
    written, source, Wq, Wk, Wv = inputs
    q, k, v = query(written, source) @ Wq, key(written, source) @ Wk, value(written, source) @ Wv
    weights = weigh(q @ k.T / q.shape[-1] ** power)
    return weights @ v, weights


KEYS = FindError(
    name="program 5.17",
    title="keys from the target",
    task="write it again: written [T, D], source [S, D] -> (output [T, D], weights [T, S]).",
    program=(
        "def cross_attention(written, source, Wq, Wk, Wv):     # Je t'aime [T, D], I love you [S, D]",
        "    q = written @ Wq",
        "    k, v = written @ Wk, written @ Wv",
        "    weights = torch.softmax(q @ k.T / q.shape[-1] ** 0.5, dim=-1)",
        "    return weights @ v, weights",
    ),
    line=3,
    found="queries come from the French words, keys and values from the English sentence. In the program the source is "
    "never read.",
    innocent={
        1: "it only names what comes in. Are all of them used?",
        2: "the queries come from the French words, as they should.",
        4: "scaled, and a softmax along the keys.",
        5: "the mean of the values, and the weights.",
    },
    reference=cross_attention,
    cases=lambda: [
        _crossed(*drawn(1340, (2, 2), (3, 2), (2, 2), (2, 2), (2, 2)), shown=True),
        _crossed(*drawn(930, (1, 3), (4, 3), (3, 3), (3, 3), (3, 3))),
        _crossed(*drawn(940, (3, 2), (3, 2), (2, 2), (2, 2), (2, 2))),
    ],
    returns=("output", "weights"),
    properties=(rows_sum_to_one(part=1),),
    hints=(
        "What would the translation be, if the source were another sentence?",
        "Which sentence do queries come from, and which one is read?",
        "Only line 3 has to change: which of the two inputs do Wk and Wv belong to?",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        _asked(key=lambda w, s: w, value=lambda w, s: w),
        "The target still reads itself: change the source, and nothing changes.",
        _asked(query=lambda w, s: s),
        "Now the source reads itself, and what was written is not used: queries come from the target.",
        _asked(query=lambda w, s: s, key=lambda w, s: w, value=lambda w, s: w),
        "The wrong way round: English reads French, with one row for each English word.",
        _asked(power=0),
        "The scale is missing.",
        _asked(weigh=lambda scores: torch.softmax(scores, 0)),
        "The softmax runs over the queries.",
    ),
)


def split_both(query: Tensor, key: Tensor, heads: int) -> tuple[Tensor, Tensor]:
    """query [B, Q, D], key [B, K, D] -> [B, H, Q, d], [B, H, K, d]."""
    return split_heads(query, heads), split_heads(key, heads)


def _cut(x, length, heads):
    return x.view(len(x), length, heads, x.shape[-1] // heads).transpose(1, 2)


_two = named("query", "key", "heads")

KEY_LENGTH = FindError(
    name="program 5.11",
    title="as many keys as queries",
    task="write it again: query [B, Q, D], key [B, K, D] -> q [B, H, Q, d], k [B, H, K, d].",
    program=(
        "def split_both(query, key, heads):                # [B, Q, D], [B, K, D]",
        "    B, length, D = query.shape",
        "    q = query.view(B, length, heads, D // heads).transpose(1, 2)",
        "    k = key.view(B, length, heads, D // heads).transpose(1, 2)",
        "    return q, k",
    ),
    line=4,
    found="the keys are cut with the length of the query. In cross-attention the source has a length of its own.",
    innocent={
        2: "these are the sizes of the query. Are they the key's as well?",
        3: "the query is cut with its own length, and swapped.",
        5: "both are returned.",
    },
    reference=split_both,
    cases=lambda: [
        _two(*tensors([[[1.0, 2]]], [[[1.0, 2], [3, 4], [5, 6]]]), 2, shown=True),
        _two(*drawn(880, (2, 3, 4), (2, 3, 4)), 2),
        _two(*drawn(882, (2, 2, 6), (2, 4, 6)), 3),
        _two(*drawn(884, (1, 4, 4), (1, 2, 4)), 2),
    ],
    returns=("q", "k"),
    hints=(
        "Let three French words attend to four English ones. Where does it stop?",
        "Whose length is `length`?",
        "The key has a length of its own, `key.shape[1]`. Where in line 4 does it belong?",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        lambda query, key, heads: (_cut(query, query.shape[1], heads), _cut(key, query.shape[1], heads)),
        "The keys are still cut with the query's length.",
        lambda query, key, heads: tuple(split_heads(x[:, : query.shape[1]], heads) for x in (query, key)),
        "The keys are cut off at the length of the query: it no longer crashes, but the end of the source is lost.",
        lambda query, key, heads: tuple(x.reshape(len(x), heads, x.shape[1], -1) for x in (query, key)),
        "Each has its own length now, but the reshape goes straight to [B, H, T, d] and mixes words with heads: "
        "[B, T, H, d] first, then swap.",
        lambda query, key, heads: tuple(x.unflatten(-1, (heads, -1)) for x in (query, key)),
        "Each has its own length now, but the swap is missing: [B, T, H, d].",
    ),
)
