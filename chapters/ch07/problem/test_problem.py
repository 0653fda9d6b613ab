"""Judges problem.py beside it: `course problem 07`, or pytest. Small vocabularies are drawn anew in each run."""

import random
import time
from collections import Counter

import numpy as np

from course_kit import files
from course_kit.i18n import t
from course_kit.problems import beside, fail, kind, seed
from course_utils.merges import joined, words_of

SEED = seed()
LIMIT, SLOW = 3.0, 4  # seconds of computing, for the book; on a slow machine: times as long as by_arrays
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


def by_arrays(words, count):
    """The same merges, of many words: their pieces as numbers in one row, and a table of how often each pair occurs."""
    names = sorted({piece for word in words for piece in word})
    number, most = {piece: i for i, piece in enumerate(names)}, len(names) + count
    row = np.array([n for word in words for n in (-1, *map(number.get, word))] + [-1])
    times = np.repeat(list(words.values()), [len(word) + 1 for word in words])
    counts, merges = np.zeros(most * most, np.int32), []

    def count_pairs(starts, sign):
        left, right = row[starts], row[starts + 1]
        real = (left >= 0) & (right >= 0)
        np.add.at(counts, left[real] * most + right[real], sign * times[starts[real]])

    count_pairs(np.arange(len(row) - 1), 1)
    while len(merges) < count and (highest := counts.max()) > 0:
        best = min(np.flatnonzero(counts == highest), key=lambda pair: (names[pair // most], names[pair % most]))
        left, right = best // most, best % most
        places = np.flatnonzero((row[:-1] == left) & (row[1:] == right))
        if left == right:  # aaa: from left to right
            begins = np.flatnonzero(np.diff(places, prepend=-2) > 1)
            lengths = np.diff(begins, append=len(places))
            places = places[(np.arange(len(places)) - np.repeat(begins, lengths)) % 2 == 0]
        count_pairs(np.unique([places - 1, places, places + 1]), -1)
        merges.append((names[left], names[right]))
        piece = "".join(merges[-1])
        if piece not in number:
            number[piece] = len(names)
            names.append(piece)
        row[places] = number[piece]
        row, times = np.delete(row, places + 1), np.delete(times, places + 1)
        places -= np.arange(len(places))
        count_pairs(np.unique([places - 1, places]), 1)
    return merges


def test_book():
    """A thousand merges of Sherlock Holmes in 3 seconds of computing"""
    text = (files.course_folder() / "data" / "sherlock_holmes.txt").read_text(encoding="utf-8")
    start = random.Random(SEED).randrange(len(text) // 8)  # other words in each run: no list of merges fits
    words = dict(Counter(tuple(word) for word in words_of(text[start : start + len(text) * 7 // 8])))
    begun = problem.seconds(others=True)
    merges = problem.learn_merges(words, 1000)
    spent = problem.seconds(others=True) - begun
    begun = time.process_time()
    needed = by_arrays(words, 1000)
    limit = max(LIMIT, SLOW * (time.process_time() - begun))
    if merges != needed:
        where = differ(merges, needed) if isinstance(merges, list) else 0
        fail(
            t(
                "{count} different words of Sherlock Holmes: merge {place}\ngiven: {given}\nneeded: {needed}",
                **{"count": len(words), "place": where + 1, "given": shown(merges, where)},
                needed=shown(needed, where),
            )
        )
    if spent > limit:
        fail(
            t(
                "given: {count} different words; it took {spent} s; needed: {limit} s",
                **{"count": len(words), "spent": f"{spent:.1f}", "limit": f"{limit:.1f}"},
            )
        )


def shown(merges, place):
    """One of the merges, or how many there are where they have ended."""
    if not isinstance(merges, list):
        return kind(merges)
    return merges[place] if place < len(merges) else t("{count} merges", count=len(merges))
