"""Byte pairs in the page: the same numbers and pieces for the same text as in Python, whatever the text."""

import pytest

from course_kit.data import stories
from course_kit.views import program
from course_utils.text import BOS, BytePairs

TEXTS = [
    "The captain's dog didn't bark; “don’t,” she'll say.", "", " ", "  two  blanks \n\n\t and\r\n lines ",
    "猫在街上 🙂 👩‍👩‍👧", "naïve café a\u0301 ﬁne İstanbul ² Ⅷ ١٢ 3.14", "<eos> _under_ don't'sx",
    "".join(map(chr, range(1, 0x2FF))), "\u2028\x85\x1c\u3000\u200b\ufeff \ufeff", "ab" * 200,
]  # fmt: skip


@pytest.fixture(scope="module")
def built():
    lines = [" ".join(story.sentences) + "\n" for story in stories.load("stories", "train")[:300]]
    return BytePairs.build([*lines, "猫🙂 <eos> “don’t” " * 50], 600)


@pytest.fixture(scope="module")
def page(browser, built):
    opened = browser.new_page()
    opened.evaluate(program.source())
    opened.evaluate("card => { globalThis.own = courseModels.vocabulary(card) }", built.to_json())
    yield opened
    opened.close()


def test_a_page_cuts_and_numbers_any_text_as_python_does(page, built):
    for text in TEXTS:
        pieces = page.evaluate("text => own.pieces(text).map(piece => [piece.id, piece.token])", text)
        assert pieces == [[i, token] for i, token in zip(built.encode(text), built.cut(text), strict=True)], text


def test_a_page_writes_numbers_as_the_text_that_they_were(page, built):
    for text in TEXTS:
        assert page.evaluate("ids => own.decode(ids)", [BOS, *built.encode(text)]) == text
    begun = built.encode("猫🙂")[:1]
    assert page.evaluate("ids => own.decode(ids)", begun) == built.decode(begun)
    every = list(range(len(built)))
    assert page.evaluate("ids => ids.map(id => own.token(id))", every) == built.tokens(every)
