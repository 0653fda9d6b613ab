"""Judges problem.py beside it: `course problem 07`, or pytest. Small vocabularies are drawn anew in each run."""

import random
import time
from collections import Counter

from course_kit import files
from course_kit.i18n import t
from course_kit.problems import beside, fail, kind, seed
from course_utils.merges import joined, words_of

SEED = seed()
COUNT = 1000
LIMIT, SLOW = 3.0, 10  # seconds of computing, for the book; on a slow machine: times as long as ten merges one by one
problem = beside(__file__)


def one_by_one(words, count):
    merges = []
    while len(merges) < count and any(len(word) > 1 for word in words):
        pairs = Counter()
        for word, times in words.items():
            for pair in zip(word, word[1:], strict=False):
                pairs[pair] += times
        merges.append(min(pairs, key=lambda pair: (-pairs[pair], pair)))
        words = {joined(word, merges[-1]): times for word, times in words.items()}
    return merges


def differ(merges, needed):
    """The first place at which two lists differ."""
    where = (i for i, (a, b) in enumerate(zip(merges, needed, strict=False)) if a != b)
    return next(where, min(len(merges), len(needed)))


def compare(words, count):
    (given, (after, _)), needed = problem.after("learn_merges", words, count), one_by_one(words, count)
    if after != words:
        fail(t("given: {words}; needed: that it stays as it was", words=words))
    if given != needed:
        where = differ(given, needed) if isinstance(given, list) else 0
        fail(
            t(
                "words: {words}\ngiven: {given}\nneeded: {needed}\nthe first difference: merge {place}",
                words=words,
                given=given,
                needed=needed,
                place=where + 1,
            )
        )


def test_small():
    """300 small vocabularies, the smallest first: the same merges, in order"""
    draw = random.Random(SEED)
    for number in range(300):
        size = 1 + number // 50
        words = {
            tuple(draw.choices("abc", k=draw.randint(1, 2 + size))): draw.randint(1, 3)
            for _ in range(draw.randint(1, size))
        }
        compare(words, draw.randint(1, 12))


def looked_at(words, merges, count, places):
    """Merges, one after the other as given; at these places, and where they end, all pairs are counted -> the first
    place at which another one was due, and that one, or None.

    In here a word is one text, with a mark before and behind each of its pieces, and a third one behind the word.
    """
    text, times = "".join("".join(f"\1{piece}\2" for piece in word) + "\3" for word in words), list(words.values())

    def due():
        pairs = Counter()
        for word, often in zip(text.split("\3"), times, strict=False):
            pieces = word[1:-1].split("\2\1")
            for pair in zip(pieces, pieces[1:], strict=False):
                pairs[pair] += often
        return min(pairs, key=lambda pair: (-pairs[pair], pair))

    for place, pair in enumerate(merges[:count]):
        plain = isinstance(pair, tuple) and len(pair) == 2 and all(isinstance(one, str) for one in pair)
        if (not plain or place in places) and pair != (needed := due()):
            return place, needed
        text = text.replace("\1{}\2\1{}\2".format(*pair), "\1{}{}\2".format(*pair))
    return None if len(merges) == count else (min(len(merges), count), due())


def test_book():
    """A thousand merges of Sherlock Holmes in 3 seconds of computing"""
    text = (files.course_folder() / "data" / "sherlock_holmes.txt").read_text(encoding="utf-8")
    draw = random.Random(SEED)
    start = draw.randrange(len(text) // 8)  # other words in each run: no list of merges fits
    words = dict(Counter(tuple(word) for word in words_of(text[start : start + len(text) * 7 // 8])))
    begun, began = problem.seconds(others=True), time.monotonic()
    merges = problem.learn_merges(words, COUNT)
    spent, gone = problem.seconds(others=True) - begun, time.monotonic() - began
    begun, began = time.process_time(), time.monotonic()
    first = one_by_one(words, 10)
    ten = time.process_time() - begun
    busy = max(1, (time.monotonic() - began) / ten)  # others compute here as well
    limit = max(LIMIT, SLOW * ten)
    wrong = 0, first[0]
    if isinstance(merges, list):
        where = differ(merges[:10], first)
        wrong = (where, first[where]) if where < 10 else looked_at(words, merges, COUNT, draw.sample(range(COUNT), 40))
    if wrong:
        where, needed = wrong
        fail(
            t(
                "{count} different words of Sherlock Holmes: merge {place}\ngiven: {given}\nneeded: {needed}",
                **{"count": len(words), "place": where + 1, "given": shown(merges, where)},
                needed=needed if where < COUNT else t("{count} merges", count=COUNT),
            )
        )
    if spent > limit:
        fail(
            t(
                "given: {count} different words; it took {spent} s; needed: {limit} s",
                **{"count": len(words), "spent": f"{spent:.1f}", "limit": f"{limit:.1f}"},
            )
        )
    if gone > (most := 2 * limit * busy):
        fail(
            t(
                "given: {count} different words; it took {spent} s of computing, and {gone} s by the clock; needed: "
                "{most} s by the clock",
                **{"count": len(words), "spent": f"{spent:.1f}", "gone": f"{gone:.1f}", "most": f"{most:.1f}"},
            )
        )


def shown(merges, place):
    """One of the merges, or how many there are where they have ended."""
    if not isinstance(merges, list):
        return kind(merges)
    return merges[place] if place < len(merges) else t("{count} merges", count=len(merges))
