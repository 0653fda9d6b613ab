"""Byte pairs in JavaScript: the same numbers and pieces for the same text as in Python, whatever the text."""

import pytest
from helpers.in_node import evaluate

from course_kit.data import stories
from course_kit.text import BOS, BytePairs

TEXTS = [
    "The captain's dog didn't bark; “don’t,” she'll say.", "", " ", "  two  blanks \n\n\t and\r\n lines ",
    "猫在街上 🙂 👩‍👩‍👧", "naïve café a\u0301 ﬁne İstanbul ² Ⅷ ١٢ 3.14", "<eos> _under_ don't'sx",
    "".join(map(chr, range(1, 0x2FF))), "\u2028\x85\x1c\u3000\u200b\ufeff \ufeff", "ab" * 200,
]  # fmt: skip


@pytest.fixture(scope="module")
def built():
    """A vocabulary; in node it is `own`."""
    lines = [" ".join(story.sentences) + "\n" for story in stories.load("stories", "train")[:300]]
    made = BytePairs.build([*lines, "猫🙂 <eos> “don’t” " * 50], 600)
    card = made.to_json()
    evaluate("async card => { globalThis.own = (await load('models/text.js')).vocabulary(card) }", card)
    return made


def test_it_cuts_and_numbers_any_text_as_python_does(built):
    for text in TEXTS:
        pieces = evaluate("text => own.pieces(text).map(piece => [piece.id, piece.token])", text)
        assert pieces == [[i, token] for i, token in zip(built.encode(text), built.cut(text), strict=True)], text


def test_it_writes_numbers_as_the_text_that_they_were(built):
    for text in TEXTS:
        assert evaluate("ids => own.decode(ids)", [BOS, *built.encode(text)]) == text
    begun = built.encode("猫🙂")[:1]
    assert evaluate("ids => own.decode(ids)", begun) == built.decode(begun)
    every = list(range(len(built)))
    assert evaluate("ids => ids.map(id => own.token(id))", every) == built.tokens(every)
