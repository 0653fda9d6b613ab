"""Questions to the reader: `predict` before the answer, `reveal` the source behind a name."""

import html
import inspect
import textwrap

from course_kit.checks import string, whole_number
from course_kit.views.given import as_labels
from course_kit.views.table import TextTable
from course_kit.views.view import View


class Predict(View):
    """See `predict`."""

    kind = "predict"

    def describe(self) -> str:
        return f"Guess before you read on: {' · '.join(self.options['answers'])}"

    def table(self) -> TextTable:
        return TextTable(["number", "answer"], [[str(i + 1), a] for i, a in enumerate(self.options["answers"])])

    def draw(self, figure) -> None:
        figure.text(0.02, 0.9, textwrap.fill(self.title, 80), weight="bold", va="top")
        for i, answer in enumerate(self.options["answers"]):
            figure.text(0.04, 0.62 - 0.17 * i, f"○  {answer}", va="top")

    def still(self, words: str) -> str:
        items = "".join(f"<li>{html.escape(a)}</li>" for a in self.options["answers"])
        if self.options["answer"] >= 0:
            answer = f"{self.options['answers'][self.options['answer']].rstrip('.')}. {self.options['because']}"
            items += f"<details><summary>answer</summary>{html.escape(answer)}</details>"
        return f"<b>{html.escape(self.title)}</b><ul>{items}</ul>"


def predict(
    question: str, answers: list[str], answer: int | None = None, because: str = "", *, presenting=None
) -> Predict:
    """A guess before the answer: radio buttons in the page; once picked, right or wrong and the reason.

    answers: two or more. answer: index of the right one, or None to leave it to the text. Works without a kernel;
    where no script runs, the answers stand in a list and the right one unfolds.
    """
    answers = as_labels(answers, "answers", "a list of answers")
    if len(answers) < 2:
        raise ValueError(f"answers hold {len(answers)}: give at least 2")
    answer = None if answer is None else whole_number("answer", answer, 0, len(answers) - 1)
    string("because", because)
    options = {"answers": answers, "answer": -1 if answer is None else answer, "because": because, "foot": False}
    view = Predict(question, "", {}, {"pick": -1}, [], options, presenting)
    view.size = (7.0, 0.7 + 0.3 * len(answers))
    return view


class Source:
    """The source of a function or class as Markdown. Made by `reveal`."""

    def __init__(self, thing):
        try:
            self.code = textwrap.dedent(inspect.getsource(thing))
        except (TypeError, OSError):
            raise TypeError(f"{thing!r} has no Python source to show: give a function or class of the course") from None

    def __repr__(self) -> str:
        return self.code

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/markdown": f"```python\n{self.code}```", "text/plain": self.code}


def reveal(thing) -> Source:
    """Shows the source of a function, class or module of the course, highlighted, with its paper (in the docstring).
    Raises TypeError for what has no Python source."""
    return Source(thing)
