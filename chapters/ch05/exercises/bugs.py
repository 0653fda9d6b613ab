"""Chapter 5, find-the-errors: three programs that run and are wrong: an axis, another axis, and whom one asks."""

import torch
from torch import Tensor
from torch.func import functional_call

from course_utils.attention import masked_softmax, scaled_dot_product_attention
from course_utils.exercises.definition import Case, FindError, variants, wrong_answers
from course_utils.exercises.inputs import drawn, named, some_numbers
from course_utils.positions import LearnedPositions

# ---- positions along the batch --------------------------------------------------------------------------------------


def add_positions(x: Tensor, table: Tensor) -> Tensor:
    """x [B, T, D], table [max, D] -> [B, T, D]: the first T rows of the table added to every sentence."""
    with torch.random.fork_rng(devices=[]):
        positions = LearnedPositions(*table.shape)
    return functional_call(positions, {"table": table}, (x,))


_placed = named("x", "table")

POSITIONS = FindError(
    name="positions along the batch",
    task="write it again: x [B, T, D], table [max, D] -> [B, T, D].",
    why="A tutorial's line for [T, B, D]. With the batch first, each *sentence* gets a number, and no word its place.",
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
        "`x + table[: x.size(1)]`: [T, D] meets [B, T, D] from the right, the same for every sentence.",
    ),
    minutes=3,
    difficulty=2,
    wrong=wrong_answers(
        lambda x, table: x + table[: x.size(0)].unsqueeze(1),
        "All words of one sentence still get the same vector, and the sentences different ones.",
        lambda x, table: x + table[1 : x.size(1) + 1] if len(table) > x.size(1) else x + table[: x.size(1)],
        "One row too far: the first word stands at position 0.",
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

# ---- a softmax over the heads ---------------------------------------------------------------------------------------


def head_weights(scores: Tensor) -> Tensor:
    """scores [B, H, Q, K] -> weights [B, H, Q, K]: a softmax over the keys."""
    return masked_softmax(scores)


SOFTMAX = FindError(
    name="a softmax over the heads",
    task="write it again: scores [B, H, Q, K] -> weights [B, H, Q, K].",
    why="Numbered from the front, an axis is another one as soon as a new one comes before it.",
    program=(
        "def head_weights(scores):                     # [B, H, Q, K]",
        "    return torch.softmax(scores, dim=1)",
    ),
    line=2,
    found="axis 1 is the heads: they share each key among themselves. The keys are the last axis, `dim=-1`, with heads "
    "or without.",
    innocent={1: "it only names what comes in. Which axis are the keys?"},
    reference=head_weights,
    cases=lambda: [
        Case({"scores": torch.tensor([[[[0.0, 2], [1, 1]], [[0, 0], [3, 0]]]])}, shown=True),
        Case({"scores": some_numbers(2, 2, 3, 4, seed=910)}),
        Case({"scores": some_numbers(3, 1, 2, 2, seed=911)}),
    ],
    returns=("weights",),
    hints=(
        "Sum the weights over each axis in turn. Which sums are 1? Which should be?",
        "A row belongs to one query of one head, and runs over the keys.",
        "`torch.softmax(scores, dim=-1)`",
    ),
    minutes=2,
    difficulty=1,
    wrong=wrong_answers(
        lambda s: torch.softmax(s, 1),
        "Over the heads still: axis 1 of [B, H, Q, K].",
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

# ---- keys from the target -------------------------------------------------------------------------------------------


def cross_attention(written: Tensor, source: Tensor, Wq: Tensor, Wk: Tensor, Wv: Tensor):
    """written [T, D], source [S, D], three W [D, D] -> output [T, D], weights [T, S]."""
    return scaled_dot_product_attention(written @ Wq, source @ Wk, source @ Wv)


_crossed = named("written", "source", "Wq", "Wk", "Wv")


@variants
def _asked(written, source, Wq, Wk, Wv, *, query=lambda w, s: w, key=lambda w, s: s, value=lambda w, s: s, scale=0.5):
    q, k, v = query(written, source) @ Wq, key(written, source) @ Wk, value(written, source) @ Wv
    weights = torch.softmax(q @ k.T / q.shape[-1] ** scale, -1)
    return weights @ v, weights


KEYS = FindError(
    name="keys from the target",
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
    found="who writes French asks the English sentence: queries from the target, keys and values from the source. As "
    "it stood, the source was never read.",
    innocent={
        1: "it only names what comes in. Are all of them used?",
        2: "the French words ask: right.",
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
    hints=(
        "What would the translation be, if the source were another sentence?",
        "Who asks, and who is asked?",
        "`k, v = source @ Wk, source @ Wv`",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        _asked(key=lambda w, s: w, value=lambda w, s: w),
        "The target still asks itself: change the source, and nothing changes.",
        _asked(query=lambda w, s: s),
        "Now the source asks itself, and what was written is not heard: queries come from the target.",
        _asked(lambda w, s: s, lambda w, s: w, lambda w, s: w),
        "The wrong way round: English asks French, one row for each English word.",
        _asked(scale=0),
        "The right ones are asked now, but the scale is gone.",
    ),
)
