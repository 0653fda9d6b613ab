"""Reading and measuring with a lesson does not change what it is: a training is found again afterwards."""

import pytest

from chapters.ch03 import lesson as ch03
from chapters.ch03.lesson import Lesson
from chapters.ch06.finetuning import task_of
from chapters.ch06.lesson import BertLesson
from course_kit.runs.fingerprint import fingerprint


@pytest.mark.parametrize("made", [Lesson, lambda: task_of("sentiment", BertLesson().tokenizer)], ids=["ch03", "task"])
def test_what_was_read_is_no_part_of_it(made, monkeypatch):
    whole = ch03.parallel.load_parallel
    monkeypatch.setattr(ch03.parallel, "load_parallel", lambda *given: whole(*given)[:500])  # the rest is alike
    lesson = made()
    before = fingerprint(lesson)
    for read in {"examples", "ids", "prepared"} & set(dir(lesson)):
        assert getattr(lesson, read)("test")
    assert fingerprint(lesson) == before == fingerprint(made())
