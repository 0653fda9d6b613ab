"""Chapter 7: one merge of byte-pair encoding."""

import re
from collections import Counter
from collections.abc import Callable

from course_kit.exercises.compare import Misfit, kind
from course_kit.exercises.define import Case, Exercise, Property, call, variants, wrong_answers
from course_kit.i18n import mark, t
from course_utils.merges import joined, merge_once


def _read(answer, case: Case):
    """The pair and the words as text; words with blanks between their pieces are as good as tuples."""
    result = call(answer, case)
    if not isinstance(result, tuple | list) or len(result) != 2:
        return result
    pair, words = result
    if isinstance(pair, list):
        raise Misfit(t("The pair is a list; needed: a tuple, `tuple(pair)`, since a key of a dict cannot be a list."))
    if isinstance(words, dict) and words:
        rows = [(" ".join(map(str, p)) if isinstance(p, tuple) else p, count) for p, count in words.items()]
        words = ", ".join(sorted(f"{pieces} × {count}" for pieces, count in rows))
    else:
        words = t("no words") if words == {} else t("no dict, but {kind}", kind=kind(words))
    return " ".join(map(str, pair)) if isinstance(pair, tuple) else pair, words


@variants
def _merging(
    words,
    *,
    count=lambda times: times,
    neighbours=lambda pieces: zip(pieces, pieces[1:], strict=False),
    join=joined,
    pair=lambda best: best,
):
    """A merge with one thing done differently."""
    pairs = Counter()
    for pieces, times in words.items():
        for one in neighbours(pieces):
            pairs[one] = pairs[one] + count(times)
    best = max(pairs, key=pairs.get)
    return pair(best), {join(pieces, best): times for pieces, times in words.items()}


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


def _counted_by(words: dict, weight: Callable) -> str:
    """The pair that is first where each of a word's pairs counts with this weight of (pieces, times), as text."""
    pairs = Counter()
    for pieces, times in words.items():
        for pair in zip(pieces, pieces[1:], strict=False):
            pairs[pair] += weight(pieces, times)
    return " ".join(max(pairs, key=pairs.get))


def _what_differs(run, case, mine, want):
    """Of a wrong merge: its pair, its counts, its letters, or where it joins."""
    longer = [lambda pieces, times: times * len(pieces), lambda pieces, times: times * (len(pieces) - 1)]
    if mine[0] != want[0] and mine[0] in [_counted_by(case.args["words"], weight) for weight in longer]:
        return t(
            "“{mine}” is the most frequent pair only if pairs of longer words count more. Each pair of a word counts "
            "as often as the word occurs, however long the word is: needed is “{want}”.",
            mine=mine[0],
            want=want[0],
        )
    if mine[0] != want[0]:
        return t(
            "“{mine}” is not the most frequent pair: it is “{want}”. Count neighbours within each word, in order, the "
            "last two as well, each as often as its word occurs.",
            mine=mine[0],
            want=want[0],
        )
    counts, letters = (
        [sorted(re.sub(pattern, "", part) for part in words.split(", ")) for words in (mine[1], want[1])]
        for pattern in ("^.*×", r" |×.*")
    )
    if letters[0] != letters[1]:
        return t(
            "The pair is right. But letters got lost, or came: the pieces of a word spell what they spelled before."
        )
    if counts[0] != counts[1]:
        return t("The pair is right. But a word occurs as often after the merge as before it.")
    return mine[1] != want[1] and t(
        "The pair is right, not all words are. Go from the left, join where a pair begins, and continue after it."
    )


MERGE = Exercise(
    name=mark("bpe merge"),
    task=t(
        'Do one merge of byte-pair encoding. words: a dict from pieces to how often the word occurs, {("l", "o", '
        '"w"): 5, …} -> the pair of neighbours that occurs most often, as a tuple, and the dict of words after this '
        "pair has become one piece wherever it occurs, from left to right. There is never more than one most frequent "
        "pair."
    ),
    reference=merge_once,
    cases=lambda: [
        _case({"t h e": 9, "t h a t": 4, "o r e": 1, "o r b": 1, "n o r": 2}, shown=True),
        _case({"a b": 3, "c d": 2, "e c d": 2, "c d f": 1, "a g": 1}),
        _case({"l o w": 5, "l o w e r": 2, "n e w e s t": 6, "w i d e s t": 3, "l e s s": 1}),
        _case({"n a n a": 5, "b a n a n a": 4, "o n": 2, "a n d": 1}),
        _case({"h a a a": 7, "a a a a": 5, "h o": 3}),
        _case({"xa b a b": 4, "a b": 3, "xa": 6, "a c": 1}),
        _case({"th e": 2, "t he": 2, "a bc": 3, "ab c": 1}),
        _case({"the re": 2, "a b": 3, "b a": 1}),
        _case({"a b": 5, "c d e f": 3}),
    ],
    returns=("pair", t("words after it")),
    run=_read,
    properties=(Property(t("The most frequent pair becomes one piece wherever it occurs."), _what_differs),),
    used=t("Five hundred of your merges make the tokenizer of your GPT in [Four: pieces](#Four:-pieces)."),
    hints=(
        t(
            "Count first, in `pairs = Counter()`: for each word its neighbours, `zip(pieces, pieces[1:])`, each as "
            "often as the word occurs."
        ),
        "`best = max(pairs, key=pairs.get)` is the most frequent. Then go through each word from the left, and join "
        "where `pieces[i : i + 2] == best`.",
        t(
            "Where you have joined two pieces, continue *after* both of them, so `i` grows by 2. Otherwise you keep "
            "the piece, and `i` grows by … what?"
        ),
    ),
    minutes=8,
    difficulty=2,
    wrong=wrong_answers(
        _merging(count=lambda times: 1),
        t("Each word counts once here. A pair in a word that occurs six times occurs six times, too."),
        _merging(join=_first_only),
        t("Only the first place in each word is joined. The pair becomes one piece wherever it occurs."),
        _merging(join=_in_text),
        t(
            "If you replace it in the text, a pair can begin inside a piece: “xa b” contains “a b”. Compare whole "
            "pieces."
        ),
        _merging(join=_repeated),
        t(
            "What has been joined is joined again: “a a a” gives “aaa”. After a pair, continue after both pieces: “aa "
            "a”."
        ),
        _merging(neighbours=lambda pieces: set(zip(pieces, pieces[1:], strict=False))),
        t("A pair counts once in each word here. In “n a n a” the pair “n a” is there twice."),
        _merging(pair="".join),
        t("The pair is returned as one joined text. Return its two pieces, `(left, right)`."),
    ),
)
