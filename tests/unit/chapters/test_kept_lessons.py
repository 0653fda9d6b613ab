"""Reading and measuring with a lesson does not change what it is: a training is found again afterwards."""

import pytest

from chapters.ch03.lesson import Lesson
from chapters.ch06.finetuning import Classify, task_of
from chapters.ch06.lesson import BertLesson
from course_kit.data.stories import Labelled
from course_kit.keeping.fingerprint import fingerprint

SAID = [Labelled(f"a {word} film", label) for word, label in (("good", "positive"), ("bad", "negative"))]


@pytest.mark.parametrize(
    "made", [Lesson, BertLesson, lambda: task_of("sentiment", BertLesson().tokenizer)], ids=["ch03", "ch06", "task"]
)
def test_what_was_read_is_no_part_of_it(made):
    lesson = made()
    before = fingerprint(lesson)
    for read in {"examples", "ids", "prepared"} & set(dir(lesson)):
        assert getattr(lesson, read)("test")
    assert fingerprint(lesson) == before == fingerprint(made())


def test_examples_of_ones_own_are():
    tokenizer, labels = BertLesson().tokenizer, ("negative", "positive")
    one, other = (Classify("mine", tokenizer, labels, {"train": SAID[:n], "valid": SAID}) for n in (1, 2))
    assert fingerprint(one) != fingerprint(other)
