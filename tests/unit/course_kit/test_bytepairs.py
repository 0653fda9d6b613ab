"""Byte pairs: nothing is unknown, nothing is lost, and words are cut as on the page."""

import pytest

from course_kit import text
from course_kit.data import stories
from course_kit.text import BOS, EOS, PAD, BytePairs
from course_kit.text.subwords import WORD
from course_utils.merges import Tokenizer

ODD = (
    "", " ", "\n", "  two  blanks \n\n\t and\r\n lines ", "don’t, 'tis the captain's — “well”", "猫在街上。我们去中国",
    "naïve café, a\u0301, ﬁne, İstanbul", "👩‍👩‍👧 🙂🙃", "<eos> <pad> _under_ 3.14 ² Ⅷ", "".join(map(chr, range(256))),
    "\u2028\x85\x1c\u3000\u200b\ufeff", "x" * 5000, "ab" * 700,
)  # fmt: skip


@pytest.fixture(scope="module")
def lines():
    return [" ".join(story.sentences) + "\n" for story in stories.load("stories", "train")[:400]]


@pytest.fixture(scope="module")
def built(lines):
    return BytePairs.build(lines, 700)


@pytest.mark.parametrize("given", ODD)
def test_what_is_encoded_comes_back_exactly(built, given):
    ids = built.encode(given)
    assert built.decode(ids) == given
    assert all(0 <= i < len(built) and i >= 4 for i in ids)
    assert "".join(WORD.findall(given)) == given


def test_each_byte_has_a_number_and_the_special_tokens_come_first(built):
    assert built.tokens(range(4)) == ["<pad>", "<unk>", "<bos>", "<eos>"]
    assert built.pieces[4:260] == [chr(byte) for byte in range(256)]
    assert len(set(built.pieces)) == len(built.pieces) == len(built) == 700


def test_frequent_words_are_whole_and_a_part_of_a_character_is_shown_as_bytes(built):
    assert built.cut("The was in the with.") == ["The", " was", " in", " the", " with", "."]
    assert built.cut("猫") == ["\\xe7", "\\x8c", "\\xab"]
    assert " with" in built and "<eos>" in built and " withstand" not in built and 7 not in built
    assert built.decode(built.encode("猫")[:2]) == "�"
    assert built.decode([BOS, *built.encode("the cat"), EOS, PAD]) == "the cat"


def test_it_cuts_as_the_page_does_that_joins_pair_by_pair(lines, built):
    page = Tokenizer(built.merges)
    for given in [*lines[:50], *ODD[:9], "ababab" * 9, "été “été” ’tis 猫猫猫"]:
        words = [word.encode().decode("latin-1") for word in WORD.findall(given)]
        assert [4 + number for word in words for number in page.cut(word)] == built.encode(given)


def test_learning_stops_where_no_pair_occurs_often_enough():
    assert BytePairs.build(["abc abc"], 500).to_json()["merges"] == [["a", "b"], ["ab", "c"]]
    assert len(BytePairs.build(["abc"], 500)) == 260
    assert BytePairs.build(["abc"], 500, min_count=1).cut("abc") == ["abc"]
    assert len(BytePairs.build([], 500)) == 260


def test_a_card_brings_it_back(built):
    back = text.from_json(built.to_json())
    assert type(back) is BytePairs and back.merges == built.merges and len(back) == len(built)
    assert back.encode(ODD[4]) == built.encode(ODD[4])


@pytest.mark.parametrize(
    "merges", [None, 3, [["a"]], ["abc"], [["a", 1]], [["a", "é猫"]], [["ab", "c"]], [["a", "b"], ["b", "ab c"]]]
)
def test_a_card_that_is_no_vocabulary_is_refused(merges):
    with pytest.raises(ValueError):
        text.from_json({"kind": "bytepairs", "merges": merges})
