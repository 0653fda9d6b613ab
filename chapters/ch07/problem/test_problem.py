"""Judges problem.py beside it: `course problem 07`, or pytest. Small vocabularies are drawn anew in each run."""

import random
import time
from collections import Counter

from course_kit import files
from course_kit.i18n import t
from course_kit.problems import beside, fail, seed
from course_utils.merges import joined, words_of

SEED = seed()
LIMIT = 3.0  # seconds of computing, for the book
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


def compare(words, count):
    before = dict(words)
    given, needed = problem.learn_merges(words, count), one_by_one(before, count)
    if words != before:
        fail(t("given: {words}; needed: that it stays as it was", words=before))
    if given != needed:
        where = next((i for i, (a, b) in enumerate(zip(given, needed, strict=False)) if a != b), None)
        where = min(len(given), len(needed)) if where is None else where
        fail(
            t(
                "words: {words}\ngiven: {given}\nneeded: {needed}\nthe first difference: merge {place}",
                words=before,
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


def test_book():
    """A thousand merges of Sherlock Holmes in 3 seconds of computing"""
    text = (files.course_folder() / "data" / "sherlock_holmes.txt").read_text(encoding="utf-8")
    words = dict(Counter(tuple(word) for word in words_of(text)))
    begun = time.process_time()
    merges = problem.learn_merges(words, 1000)
    spent = time.process_time() - begun
    if merges[:20] != one_by_one(words, 20) or len(merges) != 1000 or len(set(merges)) != 1000:
        fail(t("given: {merges} …; needed: the merges of merge_once, {count}", merges=merges[:20], count=1000))
    if spent > LIMIT:
        fail(
            t("given: {count} different words; it took {spent} s; needed: 3 s", count=len(words), spent=f"{spent:.1f}")
        )
