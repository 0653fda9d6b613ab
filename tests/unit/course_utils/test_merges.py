"""Byte-pair encoding on one page: every text comes back."""

import pytest

from course_utils import merges
from course_utils.merges import Tokenizer, learn_merges, words_of

TEXTS = ["low lower newest", "", " ", "猫 🙂 é", "a\n\n b\t--'“x”", "ab" * 50]


@pytest.mark.parametrize("text", TEXTS)
def test_every_text_comes_back_even_with_merges_of_another(text):
    tokenizer = Tokenizer(learn_merges("the newest and the lowest, the widest", 12))
    assert tokenizer.decode(tokenizer.encode(text)) == text
    assert "".join(words_of(text)).encode("latin-1").decode() == text


def test_half_a_character_becomes_a_question_mark():
    assert Tokenizer([]).decode(Tokenizer([]).encode("a\ud800b")) == "a?b"


def test_merges_end_when_nothing_is_left_to_join():
    assert learn_merges("aa aa", 10) == [(" ", "a"), ("a", "a"), (" a", "a")] or len(learn_merges("aa aa", 10)) <= 4
    assert learn_merges("", 3) == []


def test_a_piece_that_a_pair_begins_in_is_left_alone():
    assert merges.joined(("xa", "b", "a", "b"), ("a", "b")) == ("xa", "b", "ab")
    assert merges.joined(("a", "a", "a"), ("a", "a")) == ("aa", "a")
