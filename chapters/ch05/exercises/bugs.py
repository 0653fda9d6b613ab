"""Chapter 5, find-the-errors: four programs that run and are wrong: three axes, and keys from the wrong sentence."""

import torch
from torch import Tensor

from course_utils.attention import scaled_dot_product_attention
from course_utils.exercises.definition import Case, FindError, variants, wrong_answers
from course_utils.exercises.inputs import drawn, named, some_numbers, tensors
from course_utils.exercises.properties import rows_sum_to_one

from .heads import interleaved, join_heads, reshaped, split_heads


def add_positions(x: Tensor, table: Tensor) -> Tensor:
    """x [B, T, D], table [max, D] -> [B, T, D]: the first T rows of the table added to every sentence."""
    return x + table[: x.shape[1]]


_placed = named("x", "table")

POSITIONS = FindError(
    name="program 5.18",
    title="positions along the batch",
    task="write it again: x [B, T, D], table [max, D] -> [B, T, D].",
    why="A tutorial's line for [T, B, D]. With the batch first, each *sentence* gets a number, and no word a position.",
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
        lambda x, table: table[: x.size(1)].expand(len(x), -1, -1),
        "These are the positions alone: x is not added.",
    ),
)


def head_weights(scores: Tensor) -> Tensor:
    """scores [B, H, Q, K] -> weights [B, H, Q, K]: a softmax over the keys."""
    return torch.softmax(scores, dim=-1)


SOFTMAX = FindError(
    name="program 5.21",
    title="a softmax over the heads",
    task="write it again: scores [B, H, Q, K] -> weights [B, H, Q, K].",
    why="Count axes from the front, and a number means another axis as soon as a new one is put before it.",
    program=(
        "def head_weights(scores):                     # [B, H, Q, K]",
        "    return torch.softmax(scores, dim=1)",
    ),
    line=2,
    found="axis 1 is the heads: they share each key among themselves. The keys are the last axis, `dim=-1`, with heads "
    "or without.",
    innocent={1: "it only names what comes in. Which axis holds the keys?"},
    reference=head_weights,
    cases=lambda: [
        Case({"scores": torch.tensor([[[[0.0, 2], [1, 1]], [[0, 0], [3, 0]]]])}, shown=True),
        Case({"scores": some_numbers(2, 2, 3, 4, seed=910)}),
        Case({"scores": some_numbers(3, 1, 2, 2, seed=911)}),
    ],
    returns=("weights",),
    properties=(rows_sum_to_one(),),
    hints=(
        "Sum the weights over each axis in turn. Which sums are 1? Which should be?",
        "A row belongs to one query of one head, and runs over the keys.",
        "Count from the end: which number does the last axis have, however many come before it?",
    ),
    minutes=2,
    difficulty=1,
    wrong=wrong_answers(
        lambda s: torch.softmax(s, 1),
        "Still over the heads: axis 1 of [B, H, Q, K].",
        lambda s: torch.softmax(s, 2),
        "Over the queries: axis 2. The keys are the last axis.",
        lambda s: torch.softmax(s, 0),
        "Over the batch: the sentences share each key.",
        lambda s: torch.softmax(s.flatten(2), -1).view_as(s),
        "Over queries and keys together: one unit for the whole table. Each query has one of its own.",
        lambda s: torch.log_softmax(s, -1),
        "Over the keys, but these are logarithms: `softmax`.",
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
    why="An article's picture of “I love you” → “Je t'aime” takes keys and values from the target's vocabulary.",
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
        "The right words are read now, but the scale is missing.",
        _asked(weigh=lambda scores: torch.softmax(scores, 0)),
        "The right words are read now, but the softmax runs over the queries.",
    ),
)


def heads_attend(q: Tensor, k: Tensor, v: Tensor, H: int) -> Tensor:
    """q, k, v [B, T, D], projected already -> the outputs of H heads side by side [B, T, D]."""
    return join_heads(scaled_dot_product_attention(*(split_heads(x, H) for x in (q, k, v)))[0])


@variants
def _attend(q, k, v, H, *, split=split_heads, join=join_heads, scale=lambda d, D: d**0.5):
    """The heads' outputs side by side."""
    D = q.shape[-1]
    q, k, v = (split(x, H) for x in (q, k, v))
    return join(torch.softmax(q @ k.mT / scale(q.shape[-1], D), -1) @ v)


_projected = named("q", "k", "v", "H")

RESHAPE = FindError(
    name="program 5.7",
    title="heads out of a reshape",
    task="write it again: q, k, v [B, T, D] -> the outputs of the H heads, side by side [B, T, D].",
    why="All shapes are right, nothing crashes, and the loss falls. Yet no head is a head.",
    program=(
        "def heads_attend(q, k, v, H):                       # [B, T, D] each",
        "    B, T, D = q.shape",
        "    q, k, v = (x.reshape(B, H, T, D // H) for x in (q, k, v))",
        "    weights = torch.softmax(q @ k.mT / (D // H) ** 0.5, dim=-1)",
        "    heads = weights @ v                             # [B, H, T, d]",
        "    return heads.transpose(1, 2).reshape(B, T, D)",
    ),
    line=3,
    found="a reshape reads number after number: the first head gets all features of the first words. First "
    "[B, T, H, d], then swap: `x.reshape(B, T, H, D // H).transpose(1, 2)`.",
    innocent={
        2: "these are the three sizes.",
        4: "scaled by the head's size, softmax over the keys.",
        5: "each head's mean of its own values.",
        6: "swapped first, [B, T, H, d], and joined afterwards, as it should be.",
    },
    reference=heads_attend,
    cases=lambda: [
        _projected(*tensors([[[0.0, 1], [1, 0]]], [[[1.0, 0], [0, 1]]], [[[1.0, 10], [2, 20]]]), 2, shown=True),
        _projected(*drawn(540, (2, 3, 4), (2, 3, 4), (2, 3, 4)), 2),
        _projected(*drawn(545, (1, 2, 6), (1, 2, 6), (1, 2, 6)), 3),
    ],
    returns=("output",),
    hints=(
        "Change one word of the input. In which heads should something change? Where does it?",
        "What are the first T · d numbers of x [B, T, D], read one after the other?",
        "Line 6 goes from [B, H, T, d] to [B, T, D] in two steps. Line 3 must take the same two steps backwards.",
    ),
    minutes=4,
    difficulty=2,
    wrong=wrong_answers(
        _attend(split=reshaped),
        "Words and heads are still mixed: [B, T, D] must be cut to [B, T, H, d] before the swap.",
        _attend(split=reshaped, join=lambda y: y.reshape(len(y), y.shape[2], -1)),
        "Now splitting and joining undo each other, but a “head” is still a piece of the text: no word can look "
        "beyond its piece.",
        _attend(join=lambda y: y.reshape(len(y), y.shape[2], -1)),
        "The splitting is right now, but the joining no longer is: swap back before the reshape.",
        _attend(split=interleaved),
        "Each head gets every H-th feature: the axes are cut (d, H) instead of (H, d).",
        lambda q, k, v, H: scaled_dot_product_attention(q, k, v)[0],
        "This is one head of size D: H is not used.",
        _attend(scale=lambda d, D: D**0.5),
        "Split and joined rightly, but scaled by √D instead of √d.",
        _attend(scale=lambda d, D: 1),
        "Split and joined rightly, but the scale √d is missing.",
    ),
)
