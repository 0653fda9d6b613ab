"""Names in real posts: what becomes of WNUT-17, and what is said where the weights are missing."""

import pytest

from chapters.ch06 import real_text
from chapters.ch06.experiments import minilm_names
from course_kit.data.stories import Tagged
from course_kit.text import WordPiece


def test_posts_become_pieces_with_a_tag_for_the_first_of_each_word(monkeypatch):
    post = Tagged(("Sylvain", "lives", "in", "Paris"), ("B-person", "O", "O", "B-location"))
    monkeypatch.setattr(real_text, "load", lambda name, split: [post])
    task = minilm_names.names(WordPiece.build(["lives in paris"], max_size=60))
    assert task.labels == real_text.WNUT_TAGS and len(task.labels) == 13
    inputs, targets = task.prepared("test")
    first = [t for word, t in zip(inputs[0].words, targets[0], strict=True) if word == 0]
    assert first[0] == task.number("B-person") and set(first[1:]) <= {-100}


def test_without_the_weights_recording_says_what_is_needed(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_MINILM", str(tmp_path / "gone"))
    with pytest.raises(FileNotFoundError, match="COURSE_MINILM"):
        minilm_names.record_wnut17()
