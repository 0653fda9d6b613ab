"""What counting words reaches is what the card says."""

import re

import pytest
import words_alone

from chapters.ch06.experiments.tasks import COUNTING_WORDS
from course_kit import files
from course_kit.data import stories


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sentiment", "pairs", "entities", "questions"])
def test_the_card_has_the_measured_figures(name):
    card = (files.course_folder() / stories.FOLDER / "README.md").read_text("utf-8")
    said = re.search(rf"\| `{name}` \| [^|]+ \| ([\d.]+) \| ([\d.]+) \|", card)
    assert COUNTING_WORDS[name] == {"valid": float(said[1]), "test": float(said[2])}, "chapter 6 says the same"
    measured = words_alone.measure(name)
    assert measured["valid"] == pytest.approx(float(said[1]), abs=0.02)
    assert measured["test"] == pytest.approx(float(said[2]), abs=0.02)
    assert measured["valid"] > measured["test"]


def test_words_that_decide_are_found_and_order_is_not():
    score = words_alone._fit([["good"], ["bad"], ["not", "good"], ["not", "bad"]] * 5, [1, 0, 0, 1] * 5, 2)
    assert (score([["good"], ["bad"], ["unknown"]]).softmax(-1) - 0.5).abs().max() < 0.01, "good and bad cancel out"
    score = words_alone._fit([["good", "film"], ["bad", "film"]] * 5, [1, 0] * 5, 2)
    assert score([["good"], ["bad"]]).argmax(-1).tolist() == [1, 0]


def test_a_set_without_labels_is_named():
    with pytest.raises(ValueError, match="name"):
        words_alone.measure("stories")
