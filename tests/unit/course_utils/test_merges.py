"""Byte-pair encoding on one page: every text comes back, and it learns what the fast one learns."""

from collections import Counter

import pytest

from course_kit import data
from course_kit.text.bytepairs import learn
from course_utils import merges
from course_utils.merges import Tokenizer, learn_merges, merge_once, words_of

TEXTS = ["low lower newest", "", " ", "猫 🙂 é", "a\n\n b\t--'“x”", "ab" * 50]


@pytest.mark.parametrize("text", TEXTS)
def test_every_text_comes_back_even_with_merges_of_another(text):
    tokenizer = Tokenizer(learn_merges("the newest and the lowest, the widest", 12))
    assert tokenizer.decode(tokenizer.encode(text)) == text
    assert "".join(words_of(text)).encode("latin-1").decode() == text


def test_the_merges_are_those_of_the_fast_algorithm_as_long_as_no_two_pairs_are_equally_frequent():
    words = Counter(words_of(data.book()[:60_000]))
    fast = learn(Counter({word.encode("latin-1"): count for word, count in words.items()}), 60)
    fast = [tuple(piece.decode("latin-1") for piece in pair) for pair in fast]
    ours, pieces = [], {tuple(word): count for word, count in words.items()}
    for _ in range(60):
        pairs = Counter()
        for word, count in pieces.items():
            for pair in zip(word, word[1:], strict=False):
                pairs[pair] += count
        first, second = pairs.most_common(2)
        if first[1] == second[1]:
            break
        best, pieces = merge_once(pieces)
        ours.append(best)
    assert len(ours) >= 20
    assert ours == fast[: len(ours)]


def test_merges_end_when_nothing_is_left_to_join():
    assert learn_merges("aa aa", 10) == [(" ", "a"), ("a", "a"), (" a", "a")] or len(learn_merges("aa aa", 10)) <= 4
    assert learn_merges("", 3) == []


def test_a_piece_that_a_pair_begins_in_is_left_alone():
    assert merges.joined(("xa", "b", "a", "b"), ("a", "b")) == ("xa", "b", "ab")
    assert merges.joined(("a", "a", "a"), ("a", "a")) == ("aa", "a")
