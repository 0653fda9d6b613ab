"""The guesses of all notebooks: no place among the answers is the one to pick, and each reason is about its answer."""

import ast
from collections import Counter

import pytest

from course_kit.views.guess import shuffled
from course_tools.authoring import building

PARTS = ("question", "answers", "answer", "because")


def guesses():
    """(notebook, question, answers, the right one, because) of each predict(…) of the course, as its source has it."""
    for name in building.names():
        for cell in building.read_source(name).cells:
            for node in ast.walk(ast.parse(cell.source)) if "predict" in cell.metadata.get("tags", ()) else ():
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "predict":
                    given = dict(zip(PARTS, node.args, strict=False)) | {one.arg: one.value for one in node.keywords}
                    yield name, *(ast.literal_eval(given[part]) for part in PARTS)


ALL = list(guesses())


def test_no_place_is_right_in_more_than_half_of_them():
    places = Counter(shuffled(question, len(answers)).index(right) for _, question, answers, right, _ in ALL)
    assert len(ALL) >= 40 and max(places.values()) <= len(ALL) / 2, places


@pytest.mark.parametrize(("name", "question", "answers", "right", "because"), ALL, ids=lambda x: str(x)[:40])
def test_each_guess_is_one_question_with_one_right_answer_and_reasons(name, question, answers, right, because):
    assert 2 <= len(set(answers)) == len(answers) <= 6 and 0 <= right < len(answers)
    reasons = [because] if isinstance(because, str) else because
    assert len(reasons) in (1, len(answers)) and all(map(str.strip, reasons)) and len(set(reasons)) == len(reasons)


def test_no_question_is_asked_twice():
    assert not [question for question, count in Counter(question for _, question, *_ in ALL).items() if count > 1]
