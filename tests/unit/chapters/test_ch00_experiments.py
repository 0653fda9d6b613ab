"""What chapter 0 says of lists that are swapped, and of those that are taken away."""

import pytest

from chapters.ch00 import labs
from chapters.ch00.experiments import all_but_one, french, lists_of, needed_words
from chapters.ch00.labs.cover import MODEL, SENTENCE, halves
from course_kit.checkpoints import load_checkpoint
from course_kit.decoding import translate


@pytest.fixture(scope="module")
def loaded():
    return load_checkpoint(MODEL)


def test_from_its_own_lists_the_model_writes_what_it_translates(loaded):
    for sentence in halves(SENTENCE):
        written = french(loaded, sentence, lists_of(loaded, sentence))
        assert written == translate(loaded, [sentence], beam=1)[0].text.capitalize()


def test_a_swap_carries_the_difference_and_a_loss_tells_what_is_needed(loaded):
    rows = {row["word"]: row for row in needed_words(loaded)}
    assert rows["tired"]["its list differs by"] == "123 %" and rows["it"]["its list differs by"] == "6 %"
    assert rows["it"]["French without its list"] == "the same" != rows["didn't"]["French without its list"]
    assert all_but_one(loaded) == [True, True]


def test_without_swaps_the_cover_says_nothing_of_lists():
    view = labs.cover(swaps=False)
    assert "list" not in view.describe() and len(view.table().header) == 2
    assert "Replace" in labs.cover().describe() and len(labs.cover().table().header) == 3
