"""Chapter 7: one merge of byte-pair encoding."""

from collections import Counter

from course_utils.exercises.definition import Case, Exercise, call, variants, wrong_answers
from course_utils.exercises.values import kind

Words = dict[tuple[str, ...], int]


def merge_once(words: Words) -> tuple[tuple[str, str], Words]:
    """words: the pieces of each word -> how often it occurs. -> the pair of neighbours that occurs most often, and the
    words after it became one piece wherever it stands, from left to right (Sennrich et al. 2016)."""
    pairs = Counter()
    for pieces, count in words.items():
        for pair in zip(pieces, pieces[1:], strict=False):
            pairs[pair] += count
    best = max(pairs, key=pairs.get)
    return best, {joined(pieces, best): count for pieces, count in words.items()}


def joined(pieces: tuple[str, ...], pair: tuple[str, str]) -> tuple[str, ...]:
    """The pieces after `pair` has become one, from left to right."""
    out, i = [], 0
    while i < len(pieces):
        step = 2 if pieces[i : i + 2] == pair else 1
        out.append("".join(pieces[i : i + step]))
        i += step
    return tuple(out)


def _read(answer, case: Case):
    """The pair and the words as text; lists, and words with blanks between their pieces, are as good as tuples."""
    result = call(answer, case)
    if not isinstance(result, tuple | list) or len(result) != 2:
        return result
    pair, words = result
    if isinstance(words, dict) and words:
        rows = [(" ".join(map(str, p)) if isinstance(p, tuple) else p, count) for p, count in words.items()]
        words = ", ".join(sorted(f"{pieces} × {count}" for pieces, count in rows))
    else:
        words = "no words" if words == {} else f"no dict, but {kind(words)}"
    return " ".join(map(str, pair)) if isinstance(pair, tuple | list) else pair, words


@variants
def _merging(
    words, *, count=lambda times: times, neighbours=lambda w: zip(w, w[1:], strict=False), choose=max, join=joined
):
    """A merge with one thing done differently."""
    pairs = Counter()
    for pieces, times in words.items():
        for pair in neighbours(pieces):
            pairs[pair] += count(times)
    best = choose(pairs, key=pairs.get)
    return best, {join(pieces, best): times for pieces, times in words.items()}


def _first_only(pieces, pair):
    for i in range(len(pieces) - 1):
        if pieces[i : i + 2] == pair:
            return (*pieces[:i], "".join(pair), *pieces[i + 2 :])
    return pieces


def _in_text(pieces, pair):
    """Replaced in the text with blanks, where a pair may begin inside a piece."""
    return tuple(" ".join(pieces).replace(" ".join(pair), "".join(pair)).split())


def _repeated(pieces, pair):
    """Each piece joined with the one before it, also with one that has been joined already."""
    out = list(pieces[:1])
    for before, piece in zip(pieces, pieces[1:], strict=False):
        if (before, piece) == pair:
            out[-1] += piece
        else:
            out.append(piece)
    return tuple(out)


def _case(words: dict[str, int], shown=False) -> Case:
    words = {tuple(pieces.split()): count for pieces, count in words.items()}
    says = ", ".join(f"{' '.join(pieces)} × {count}" for pieces, count in words.items())
    return Case({"words": words}, given={"words": says}, shown=shown)


MERGE = Exercise(
    name="bpe merge",
    task='One merge of byte-pair encoding. words: a dict from pieces to how often the word occurs, {("l", "o", "w"): '
    "5, …} -> the pair of neighbours that occurs most often, a tuple, and the dict of words after this pair has become "
    "one piece wherever it stands, from left to right. No two pairs are equally often the first.",
    why="Repeat it often enough, and you have the vocabulary of GPT-2: nobody wrote it, the text did.",
    reference=merge_once,
    cases=lambda: [
        _case({"l o w": 5, "l o w e r": 2, "n e w e s t": 6, "w i d e s t": 3, "l e s s": 1}, shown=True),
        _case({"a b": 3, "c d": 2, "e c d": 2, "c d f": 1, "a g": 1}),
        _case({"t h e": 9, "t h a t": 4, "o r e": 1, "o r b": 1, "n o r": 2}),
        _case({"n a n a": 5, "b a n a n a": 4, "o n": 2, "a n d": 1}),
        _case({"h a a a": 7, "a a a a": 5, "h o": 3}),
        _case({"xa b a b": 4, "a b": 3, "xa": 6, "a c": 1}),
    ],
    returns=("pair", "words after it"),
    run=_read,
    hints=(
        "Count first: for each word its neighbours, `zip(pieces, pieces[1:])`, each as often as the word occurs.",
        "The most frequent: `max(pairs, key=pairs.get)`. Then go through each word from the left, and join where "
        "`pieces[i : i + 2] == best`.",
        "Joined, go on *behind* both: `out.append(pieces[i] + pieces[i + 1])` and `i += 2`; else "
        "`out.append(pieces[i])` and `i += 1`",
    ),
    minutes=6,
    difficulty=2,
    wrong=wrong_answers(
        _merging(count=lambda times: 1),
        "Each word counts once here. A pair in a word that occurs six times stands there six times.",
        _merging(join=_first_only),
        "Only the first place in each word is joined. The pair becomes one piece wherever it stands.",
        _merging(join=_in_text),
        "Replaced in the text, a pair can begin inside a piece: “xa b” holds “a b”. Compare whole pieces.",
        _merging(join=_repeated),
        "What has been joined is joined again: “a a a” gives “aaa”. After a pair, go on behind both: “aa a”.",
        _merging(choose=min),
        "The *rarest* pair is joined.",
        _merging(neighbours=lambda w: [(a, b) for i, a in enumerate(w) for b in w[i + 1 :]]),
        "All pairs in a word are counted, not only neighbours: `zip(pieces, pieces[1:])`.",
        _merging(neighbours=lambda w: set(zip(w, w[1:], strict=False))),
        "A pair that stands in a word twice counts once here.",
        _merging(neighbours=lambda w: zip(w[::2], w[1::2], strict=False)),
        "Only every other pair is counted: after “l o” comes “o w”.",
        lambda words: (merge_once(words)[0], words),
        "The pair is right; the words are as they were. Join it in them.",
        lambda words: merge_once(words)[1],
        "The words are right. Return the pair as well: `best, words`.",
        lambda words: merge_once(words)[::-1],
        "Both are right, the wrong way round: the pair first, then the words.",
        lambda words: (merge_once(words)[0], dict.fromkeys(merge_once(words)[1], 1)),
        "The counts are lost: a merged word occurs as often as before.",
        lambda words: ("".join(merge_once(words)[0]), merge_once(words)[1]),
        "The pair is returned as one text already: give its two pieces, `(left, right)`.",
    ),
)
