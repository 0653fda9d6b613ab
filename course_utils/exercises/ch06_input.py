"""Chapter 6: what BERT reads, pairs of sentences, three embeddings and their sum; and segments that are all zero."""

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.func import functional_call

from ..bert import BertConfig, BertEmbeddings
from .definition import Case, Exercise, FindError, Wrong, call
from .inputs import some_numbers
from .values import kind

CLS, SEP, PAD = 101, 102, 0  # as in BERT's own vocabulary

# ---- bert input -----------------------------------------------------------------------------------------------------


def bert_input(first: list[int], second: list[int], cls: int, sep: int, pad: int, length: int):
    """[CLS] first [SEP] second [SEP], filled up with [PAD] to `length` T -> ids, segments, mask, each [T]."""
    ids = [cls, *first, sep, *second, sep]
    segments = [0] * (len(first) + 2) + [1] * (len(second) + 1)
    left = [0] * (length - len(ids))
    return torch.tensor(ids + [pad for _ in left]), torch.tensor(segments + left), torch.arange(length) < len(ids)


def _seen(answer, case: Case):
    """Segments count where there are tokens; padding may have either."""
    result = call(answer, case)
    if not isinstance(result, tuple | list) or len(result) != 3:
        return result
    ids, segments, mask = result
    try:
        segments, real = torch.as_tensor(segments), bert_input(**case.args)[2]
        return ids, segments * real if segments.shape == real.shape else segments, mask
    except (TypeError, ValueError, RuntimeError):
        return result


def _put(first, second, length, pad=PAD, shown=False) -> Case:
    args = {"first": first, "second": second, "cls": CLS, "sep": SEP, "pad": pad, "length": length}
    return Case(args, shown=shown)


def _other_input(
    parts=lambda a, b, cls, sep: [cls, *a, sep, *b, sep],
    segments=lambda a, b: [0] * (len(a) + 2) + [1] * (len(b) + 1),
    real=lambda mask, ids, segments: mask,
    fill=lambda row, rest: row + rest,
):
    """The input of BERT with one thing done differently."""

    def make(first, second, cls, sep, pad, length):
        ids, kinds = parts(first, second, cls, sep), segments(first, second)
        kinds += [1] * (len(ids) - len(kinds))
        left = max(0, length - len(ids))
        mask = fill([True] * len(ids), [False] * left)
        ids, kinds = fill(ids, [pad] * left), fill(kinds[: len(ids)], [0] * left)
        ids, kinds = torch.tensor(ids), torch.tensor(kinds)
        return ids, kinds, real(torch.tensor(mask), ids, kinds)

    return make


BERT_INPUT = Exercise(
    name="bert input",
    task="Put two sentences together: [CLS] A [SEP] B [SEP], then [PAD] up to `length` T; two lists of ids -> ids, "
    "segments (0 for [CLS], A and its [SEP], 1 for B and its [SEP]) and mask (True = a real token), each [T].",
    why="All four uses of BERT begin with this row. A slip in it raises no error, and costs quality.",
    reference=bert_input,
    cases=lambda: [
        _put([11, 12], [13], 8, shown=True),
        _put([21, 22, 23], [24, 25], 8),
        _put([31], [32, 33, 34], 9, pad=1),
        _put([41, 42], [0, 43], 9, pad=1),
    ],
    returns=("ids", "segments", "mask"),
    run=_seen,
    hints=(
        "Three rows of one length. Write the ids first: `[cls, *first, sep, *second, sep]`.",
        "How many zeros are in the segments: [CLS], A and one [SEP]. How many ones: B and the other [SEP].",
        "`left = length - len(ids)` tells how much to fill up: `ids + [pad] * left`, `segments + [0] * left`; the mask "
        "is `torch.arange(length) < len(ids)`.",
    ),
    minutes=5,
    difficulty=2,
    wrong=(
        Wrong(
            _other_input(segments=lambda a, b: [0] * (len(a) + len(b) + 3)),
            "The segments are all 0: the model cannot tell A from B.",
        ),
        Wrong(
            _other_input(segments=lambda a, b: [0] * (len(a) + 1) + [1] * (len(b) + 2)),
            "The first [SEP] closes A, so it belongs to segment 0.",
        ),
        Wrong(
            _other_input(segments=lambda a, b: [0] * (len(a) + 2) + [1] * len(b) + [0]),
            "The last [SEP] closes B, so it belongs to segment 1.",
        ),
        Wrong(
            _other_input(segments=lambda a, b: [1] * (len(a) + 2) + [2] * (len(b) + 1)),
            "Segments are numbered from 0: there are two vectors, 0 for A and 1 for B.",
        ),
        Wrong(
            _other_input(segments=lambda a, b: [1] * (len(a) + 2) + [0] * (len(b) + 1)),
            "Segments the wrong way round: 0 is for A.",
        ),
        Wrong(
            _other_input(parts=lambda a, b, cls, sep: [cls, *a, *b, sep]),
            "Nothing stands between A and B: a [SEP] belongs behind each of them.",
        ),
        Wrong(
            _other_input(parts=lambda a, b, cls, sep: [cls, *a, sep, *b]),
            "The [SEP] behind B is missing.",
        ),
        Wrong(
            _other_input(parts=lambda a, b, cls, sep: [*a, sep, *b, sep], segments=lambda a, b: [0] * (len(a) + 1)),
            "[CLS] is missing: it is the token that stands for the whole, and comes first.",
        ),
        Wrong(
            _other_input(
                parts=lambda a, b, cls, sep: [cls, *a, sep, cls, *b, sep],
            ),
            "A second [CLS] before B: there is one, at the beginning.",
        ),
        Wrong(
            _other_input(real=lambda mask, ids, segments: torch.ones_like(mask)),
            "The mask is True everywhere: the padding would be read.",
        ),
        Wrong(
            _other_input(real=lambda mask, ids, segments: ~mask),
            "The mask is the wrong way round: True = a real token, in the whole course.",
        ),
        Wrong(
            _other_input(real=lambda mask, ids, segments: ids != 0),
            "The mask asks whether an id is 0. Here [PAD] has another number, and 0 is a word: compare with `pad`, or "
            "count the tokens.",
        ),
        Wrong(
            _other_input(real=lambda mask, ids, segments: mask & (ids != CLS) & (ids != SEP)),
            "[CLS] and [SEP] are hidden, too. They are real tokens, and are read.",
        ),
        Wrong(
            _other_input(fill=lambda row, rest: rest + row),
            "The padding stands in front. [CLS] is read from place 0: fill up at the end.",
        ),
        Wrong(
            _other_input(fill=lambda row, rest: row),
            "The rows end with the last [SEP]. Fill them up to `length`: ids with `pad`, the mask with False.",
        ),
        Wrong(
            lambda a, b, *given: bert_input(b, a, *given),
            "A and B have changed places: `first` comes first.",
        ),
        Wrong(
            _other_input(real=lambda mask, ids, segments: torch.arange(len(ids)) < mask.sum() - 3),
            "Three tokens too few are real: [CLS] and both [SEP] count, too.",
        ),
    ),
)

# ---- segments all zero ----------------------------------------------------------------------------------------------


def pair_input(first: list[int], second: list[int], cls: int, sep: int) -> tuple[Tensor, Tensor]:
    """Two lists of ids -> ids [T], segments [T]: 0 for [CLS] A [SEP], 1 for B [SEP]."""
    ids, segments, _ = bert_input(first, second, cls, sep, 0, len(first) + len(second) + 3)
    return ids, segments


def _pair(segments):
    return lambda a, b, cls, sep: (torch.tensor([cls, *a, sep, *b, sep]), torch.as_tensor(segments(a, b)))


def _two(first, second, shown=False) -> Case:
    return Case({"first": first, "second": second, "cls": CLS, "sep": SEP}, shown=shown)


ALL_ZERO = FindError(
    name="segments all zero",
    task="write it again: two lists of ids -> ids [T], segments [T].",
    why="`model(ids)` without segments does the same by default. In training and in use alike, nobody notices.",
    program=(
        "def pair_input(first, second, cls, sep):       # two lists of ids",
        "    ids = [cls] + first + [sep] + second + [sep]",
        "    segments = [0] * len(ids)",
        "    return torch.tensor(ids), torch.tensor(segments)",
    ),
    line=3,
    found="0 everywhere says: one sentence. The second has a vector of its own, segment 1, from its first word to its "
    "[SEP].",
    innocent={
        1: "it only names what comes in.",
        2: "[CLS] A [SEP] B [SEP]: right.",
        4: "two rows of one length.",
    },
    reference=pair_input,
    cases=lambda: [_two([11, 12], [13], shown=True), _two([21], [22, 23, 24]), _two([31, 32, 33], [34, 35])],
    returns=("ids", "segments"),
    hints=(
        "How would the model know where A ends and B begins? It is told twice: by [SEP], and by what?",
        "How many tokens belong to A: its words, and which two more?",
        "`segments = [0] * (len(first) + 2) + [1] * (len(second) + 1)`",
    ),
    minutes=2,
    difficulty=1,
    wrong=(
        Wrong(_pair(lambda a, b: [0] * (len(a) + len(b) + 3)), "All 0 still."),
        Wrong(_pair(lambda a, b: [1] * (len(a) + len(b) + 3)), "All 1: as little told as by all 0."),
        Wrong(
            _pair(lambda a, b: [0] * (len(a) + 1) + [1] * (len(b) + 2)),
            "Nearly: the first [SEP] closes A, so it belongs to segment 0.",
        ),
        Wrong(
            _pair(lambda a, b: [0] * (len(a) + 2) + [1] * len(b) + [0]),
            "Nearly: the last [SEP] closes B, so it belongs to segment 1.",
        ),
        Wrong(
            _pair(lambda a, b: [0] * len(a) + [1] * len(b)),
            "The special tokens have no segment here, so the row is too short: [CLS] and [SEP] need one, too.",
        ),
        Wrong(
            _pair(lambda a, b: [0] * (len(a) + 2) + [2] * (len(b) + 1)),
            "There are two segments, 0 and 1; a third vector the model does not have.",
        ),
        Wrong(
            _pair(lambda a, b: list(range(len(a) + len(b) + 3))),
            "These are positions. A segment says which sentence a token belongs to.",
        ),
    ),
)

# ---- next sentence pairs --------------------------------------------------------------------------------------------


def next_sentence_pairs(stories: list[list[str]], count: int, generator) -> list[tuple[str, str, int]]:
    """Stories, each a list of at least two sentences -> `count` pairs (first, second, label): label 0, the second
    follows the first, or 1, it is a sentence of another story; one as often as the other."""

    def number(below: int) -> int:
        return int(torch.randint(below, (), generator=generator))

    pairs = []
    for _ in range(count):
        s = number(len(stories))
        place, label = number(len(stories[s]) - 1), number(2)
        second = stories[s][place + 1]
        if label == 1:
            other = stories[(s + 1 + number(len(stories) - 1)) % len(stories)]
            second = other[number(len(other))]
        pairs.append((stories[s][place], second, label))
    return pairs


def _told(answer, case: Case):
    """What the pairs are like: every right way of drawing them is told in the same words."""
    stories, count, seed = case.args.values()
    place = {sentence: (s, i) for s, story in enumerate(stories) for i, sentence in enumerate(story)}

    def draw(count):
        return answer(stories, count, torch.Generator().manual_seed(seed))

    pairs = draw(count)
    if pairs is None:
        return None
    if not isinstance(pairs, list | tuple):
        return f"{kind(pairs)}, where a list is needed"
    kinds = {0: [], 1: []}
    for pair in pairs:
        if not isinstance(pair, list | tuple) or len(pair) != 3:
            return "a list, but what is in it is not (first, second, label)"
        first, second, label = pair
        if not (isinstance(first, str) and isinstance(second, str) and {first, second} <= place.keys()):
            return "a pair whose sentences are not in the stories"
        if isinstance(label, str) or label not in (0, 1):
            return f"a label {label!r}; needed: 0 or 1"
        kinds[int(label)].append(_relation(place[first], place[second]))
    share = 100 * len(kinds[0]) / max(1, len(pairs))
    half = "half" if abs(share - 50) < 20 else f"{share:.0f} %"
    told = f"{len(pairs)} pairs, {half} with label 0: {_all(kinds[0])}; those with label 1: {_all(kinds[1])}"
    if len({pair[0] for pair in pairs}) < sum(len(story) - 1 for story in stories) / 2:
        told += "; the first sentences are always the same few"
    return told if draw(8) == draw(8) else f"{told}; the same seed draws other pairs the next time"


def _relation(first: tuple[int, int], second: tuple[int, int]) -> str:
    """Of two places (story, sentence)."""
    if first[0] != second[0]:
        return "from another story"
    step = second[1] - first[1]
    return {1: "the one that follows", 0: "the same sentence", -1: "the one before"}.get(step, "from the same story")


def _all(relations: list[str]) -> str:
    return " or ".join(sorted(set(relations))) or "none"


def _stories(count, sentences, pairs, seed, shown=False) -> Case:
    stories = [[f"story {s}, sentence {i}" for i in range(sentences + s % 2)] for s in range(count)]
    given = {
        "stories": f"{count} stories of {sentences} or {sentences + 1} sentences",
        "generator": f"torch.Generator().manual_seed({seed})",
    }
    return Case({"stories": stories, "count": pairs, "generator": seed}, given=given, shown=shown)


def _drawn_otherwise(
    label=lambda number: number(2),
    first=lambda story, number: number(len(story) - 1),
    follow=lambda stories, s, i: stories[s][i + 1],
    away=lambda stories, s, number: stories[(s + 1 + number(len(stories) - 1)) % len(stories)],
    written=lambda x: x,
    listen=True,
):
    """Pairs drawn with one thing done differently."""

    def pairs(stories, count, generator):
        def number(below):
            return int(torch.randint(below, (), generator=generator if listen else None))

        made = []
        for _ in range(count):
            s = number(len(stories))
            i, other_one = first(stories[s], number), label(number)
            other = away(stories, s, number)
            second = other[number(len(other))] if other_one else follow(stories, s, i)
            made.append((stories[s][i], second, written(other_one)))
        return made

    return pairs


def _over_the_end(stories, s, i):
    flat = [sentence for story in stories for sentence in story]
    return flat[(sum(map(len, stories[:s])) + i + 1) % len(flat)]


PAIRS = Exercise(
    name="next sentence pairs",
    task="Draw `count` pairs: half of them a sentence and the one that follows it, label 0; half a sentence and one of "
    "*another* story, label 1. Stories: lists of at least two sentences, and a generator -> a list of (first, second, "
    "label).",
    why="The second exercise that needs nobody to label it. What is drawn wrongly here, the model learns very well.",
    reference=next_sentence_pairs,
    cases=lambda: [_stories(6, 4, 120, 8, shown=True), _stories(3, 3, 100, 9), _stories(20, 2, 100, 10)],
    returns=("pairs",),
    run=_told,
    hints=(
        "`int(torch.randint(n, (), generator=generator))` draws a number below n. Four are needed: which story, which "
        "sentence, which label, and which other story.",
        "A sentence with a next one: which is the last you may draw? And the other story must not be the same: draw a "
        "step from 1 to n − 1 and go round, or draw again while it is the same.",
        "`s = draw(len(stories))`, `i = draw(len(stories[s]) - 1)`, `label = draw(2)`; `second = stories[s][i + 1]`, "
        "and for label 1 a sentence of `stories[(s + 1 + draw(len(stories) - 1)) % len(stories)]`.",
    ),
    minutes=7,
    difficulty=2,
    wrong=(
        Wrong(
            _drawn_otherwise(label=lambda number: 0),
            "All pairs follow each other. With nothing to tell apart, “yes” is always right, and nothing is learnt.",
        ),
        Wrong(
            _drawn_otherwise(label=lambda number: 1),
            "No pair follows. With nothing to tell apart, “no” is always right, and nothing is learnt.",
        ),
        Wrong(
            _drawn_otherwise(written=lambda label: 1 - label),
            "The pairs are right, the labels the wrong way round: 0 says that the second follows, as in BERT's own "
            "head.",
        ),
        Wrong(
            _drawn_otherwise(away=lambda stories, s, number: stories[s]),
            "The wrong second sentence is drawn from the same story: now and then it is the very next one, and has "
            "label 1 all the same.",
        ),
        Wrong(
            _drawn_otherwise(away=lambda stories, s, number: stories[number(len(stories))]),
            "The other story is drawn among all, so that now and then it is the same one.",
        ),
        Wrong(
            _drawn_otherwise(first=lambda story, number: number(len(story)), follow=_over_the_end),
            "After a story's last sentence, the first of the next story is taken for what follows. Draw the first one "
            "among those that have a next.",
        ),
        Wrong(
            _drawn_otherwise(first=lambda story, number: number(len(story))),
            "An index runs over the end of a story. Is its last sentence drawn as the first of a pair? It has no next: "
            "draw among `len(story) - 1`. Or is a place in one story used for another, which is shorter?",
        ),
        Wrong(
            _drawn_otherwise(first=lambda story, number: 0),
            "Each pair begins with a story's first sentence: the others are never learnt from.",
        ),
        Wrong(
            _drawn_otherwise(follow=lambda stories, s, i: stories[s][i]),
            "With label 0 a sentence is followed by itself: one place further, `i + 1`.",
        ),
        Wrong(
            _drawn_otherwise(
                first=lambda story, number: 1 + number(len(story) - 1), follow=lambda stories, s, i: stories[s][i - 1]
            ),
            "With label 0 the second sentence is the one *before* the first.",
        ),
        Wrong(
            _drawn_otherwise(listen=False),
            "Right, but the generator is not used: with the same seed come other pairs each time.",
        ),
    ),
)

# ---- embedding sum --------------------------------------------------------------------------------------------------


def embedding_sum(ids, segments, token_table, segment_table, position_table, gain, bias) -> Tensor:
    """ids, segments [B, T], tables [V, D], [2, D], [max, D], gain, bias [D] -> [B, T, D]: BertEmbeddings with these."""
    size, longest = token_table.shape[1], len(position_table)
    with torch.random.fork_rng(devices=[]):
        embeddings = BertEmbeddings(BertConfig(len(token_table), size, 1, 1, max_length=longest, dropout=0.0))
    weights = {"tokens.weight": token_table, "segments.weight": segment_table, "positions.table": position_table}
    return functional_call(embeddings, weights | {"norm.weight": gain, "norm.bias": bias}, (ids, segments))


def _embedding_case(batch, time, size, words, longest, seed) -> Case:
    draw = torch.Generator().manual_seed(seed)
    args = {
        "ids": torch.randint(words, (batch, time), generator=draw),
        "segments": (torch.arange(time) >= torch.randint(1, time + 1, (batch, 1), generator=draw)).long(),
        "token_table": some_numbers(words, size, seed=seed + 1),
        "segment_table": some_numbers(2, size, seed=seed + 2),
        "position_table": some_numbers(longest, size, seed=seed + 3),
        "gain": some_numbers(size, seed=seed + 4).abs() + 0.5,
        "bias": some_numbers(size, seed=seed + 5),
    }
    return Case(args)


def _embedding_cases() -> list[Case]:
    shown = {
        "ids": torch.tensor([[0, 2, 2]]),
        "segments": torch.tensor([[0, 0, 1]]),
        "token_table": torch.tensor([[1.0, 0, 2], [0, 1, 0], [3, 1, 0]]),
        "segment_table": torch.tensor([[0.0, 0, 1], [2, 0, 0]]),
        "position_table": torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]),
        "gain": torch.tensor([1.0, 2, 1]),
        "bias": torch.tensor([0.0, 0, 1]),
    }
    return [
        Case(shown, shown=True),
        _embedding_case(2, 4, 6, 8, 4, 1510),
        _embedding_case(3, 2, 5, 7, 9, 1520),
    ]


def _norm(x, gain, bias, **options):
    return F.layer_norm(x, x.shape[-1:], gain, bias, 1e-12)


def _summed(
    token=lambda ids, segments, table: table[ids],
    segment=lambda ids, segments, table: table[segments],
    place=lambda ids, segments, table: table[: ids.shape[1]],
    join=lambda t, s, p: t + s + p,
    norm=_norm,
):
    """The sum with one part made differently."""

    def embed(ids, segments, token_table, segment_table, position_table, gain, bias):
        parts = (token(ids, segments, token_table), segment(ids, segments, segment_table))
        return norm(join(*parts, place(ids, segments, position_table)), gain, bias)

    return embed


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
    wrong=(
        Wrong(
            _summed(place=lambda ids, segments, table: 0),
            "The positions are missing: a word would be the same wherever it stands, and attention cannot see order.",
        ),
        Wrong(
            _summed(segment=lambda ids, segments, table: 0),
            "The segments are missing: the model is told less about which sentence is which.",
        ),
        Wrong(_summed(segment=lambda ids, segments, table: table[0]), "Segment 0 is added everywhere: use `segments`."),
        Wrong(
            _summed(place=lambda ids, segments, table: table[ids]),
            "The positions are looked up by the *ids*. A position is where a token stands: 0, 1, 2, …",
        ),
        Wrong(
            _summed(place=lambda ids, segments, table: table[: len(ids)].unsqueeze(1)),
            "The positions run along the batch: all tokens of a sentence get the same one.",
        ),
        Wrong(
            _summed(place=lambda ids, segments, table: table[0]),
            "All tokens get position 0.",
        ),
        Wrong(
            _summed(
                place=lambda ids, segments, table: table[
                    (torch.arange(ids.shape[1]) - segments.logical_not().sum(1, keepdim=True) * segments)
                ]
            ),
            "The second sentence is counted from 0 again. BERT counts through: its segment says which one it is.",
        ),
        Wrong(
            _summed(place=lambda ids, segments, table: table),
            "The whole table of positions is added. A sentence of T tokens has its first T rows: "
            "`position_table[: ids.shape[1]]`.",
        ),
        Wrong(
            _summed(place=lambda ids, segments, table: table.roll(-1, 0)[: ids.shape[1]]),
            "One position too far: the first token stands at position 0.",
        ),
        Wrong(
            _summed(norm=lambda x, gain, bias: _norm(x, bias, gain)),
            "Gain and bias have changed places: γ multiplies, β is added.",
        ),
        Wrong(_summed(norm=lambda x, gain, bias: x), "Summed, but not normalised: LayerNorm is missing."),
        Wrong(
            _summed(norm=lambda x, gain, bias: _norm(x, None, None)),
            "Normalised, but gain and bias are not used: γ · … + β.",
        ),
        Wrong(
            _summed(norm=lambda x, gain, bias: x * gain + bias),
            "Gain and bias are there; what is missing is the norm itself: minus the mean, divided by the spread.",
        ),
        Wrong(
            lambda ids, segments, tokens, kinds, places, gain, bias: sum(
                _norm(part, gain, bias) for part in (tokens[ids], kinds[segments], places[: ids.shape[1]])
            ),
            "Each of the three is normalised for itself. First the sum, then one norm.",
        ),
        Wrong(
            lambda ids, segments, tokens, kinds, places, gain, bias: (
                _norm(tokens[ids] + kinds[segments], gain, bias) + places[: ids.shape[1]]
            ),
            "The positions are added after the norm. All three are summed first.",
        ),
        Wrong(
            _summed(token=lambda ids, segments, table: table[ids] * table.shape[1] ** 0.5),
            "The tokens are multiplied by √D, as in the Transformer of 2017. BERT has a norm here instead.",
        ),
        Wrong(
            _summed(norm=lambda x, gain, bias: F.layer_norm(x, x.shape[1:]) * gain + bias),
            "One norm for a whole sentence: each token should be normalised over its own features.",
        ),
        Wrong(
            _summed(
                norm=lambda x, gain, bias: gain * (x - x.mean(-1, keepdim=True)) / x.std(-1, keepdim=True) + bias
            ),
            "Right but for a factor in the spread: `std` divides by D − 1. LayerNorm divides by D, "
            "`unbiased=False`.",
        ),
        Wrong(
            lambda ids, segments, tokens, kinds, places, gain, bias: torch.cat(
                [tokens[ids], kinds[segments], places[: ids.shape[1]].expand(len(ids), -1, -1)], -1
            ),
            "The three are put side by side: 3 D features. They are added: each keeps to its own directions well "
            "enough, and the width stays D.",
        ),
    ),
)  # fmt: skip
