"""The guesses of all notebooks: no place among the answers is the one to pick, and each reason is about its answer."""

import ast
import functools
from collections import Counter

from course_kit.views.predict import shuffled
from course_tools.authoring import building

PARTS = ("question", "answers", "answer", "because")


@functools.cache
def guesses():
    """(notebook, question, answers, the right one, because) of each predict(…) of the course, as its source has it."""
    found = []
    for name in building.names():
        for cell in building.read_source(name).cells:
            for node in ast.walk(ast.parse(cell.source)) if "predict" in cell.metadata.get("tags", ()) else ():
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "predict":
                    given = dict(zip(PARTS, node.args, strict=False)) | {one.arg: one.value for one in node.keywords}
                    found.append((name, *(ast.literal_eval(given[part]) for part in PARTS)))
    return found


def test_no_place_is_right_in_more_than_half_of_them():
    places = Counter(shuffled(question, len(answers)).index(right) for _, question, answers, right, _ in guesses())
    assert len(guesses()) >= 40 and max(places.values()) <= len(guesses()) / 2, places


def test_each_guess_is_one_question_with_one_right_answer_and_reasons():
    for _, question, answers, right, because in guesses():
        assert 2 <= len(set(answers)) == len(answers) <= 6 and 0 <= right < len(answers), question
        reasons = [because] if isinstance(because, str) else because
        assert len(reasons) in (1, len(answers)) and all(map(str.strip, reasons)), question
        assert len(set(reasons)) == len(reasons), question
        others = max(len(answer) for number, answer in enumerate(answers) if number != right)
        assert len(answers[right]) <= 1.3 * others, f"{question}: its right answer is by far the longest"


def test_no_question_is_asked_twice():
    assert not [question for question, count in Counter(one[1] for one in guesses()).items() if count > 1]
