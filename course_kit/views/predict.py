"""Questions to the reader: `predict` before the answer, `reveal` the source behind a name."""

import hashlib
import html
import inspect
import textwrap
from collections.abc import Callable
from types import ModuleType

from course_kit.i18n import from_cell, remarks, t
from course_kit.views.inputs import as_labels
from course_kit.views.table import TextTable
from course_kit.views.view import View


class Predict(View):
    """See `predict`."""

    kind = "predict"
    wording = View.wording | {"answers", "because"}

    @property
    def reasons(self) -> list[str]:
        """Why each answer is right or wrong, as far as that was given."""
        because, right = self.options["because"], self.options["answer"]
        if isinstance(because, list):
            return because
        return [because if i == right else "" for i in range(len(self.options["answers"]))]

    def describe(self) -> str:
        return t("Guess before you read on: {list}", list=" · ".join(self.options["answers"]))

    def table(self) -> TextTable:
        return TextTable([t("number"), t("answer")], [[str(i + 1), a] for i, a in enumerate(self.options["answers"])])

    def still(self, words: str) -> str:
        answers, right = [html.escape(a) for a in self.options["answers"]], self.options["answer"]
        items = "".join(f"<li>{answer}</li>" for answer in answers)
        question = f"<b>{html.escape(self.title)}</b><ul>{items}</ul>"
        reasons = [html.escape(reason) for reason in self.reasons]
        told = [
            f"<b>{t('{answer}.', answer=a.rstrip('.。'))}</b> {reason}"
            for a, reason in zip(answers, reasons, strict=True)
        ]
        others = "".join(f"<p>✗ {told[i]}</p>" for i, reason in enumerate(reasons) if reason and i != right)
        return f"{question}<details><summary>{t('answer')}</summary>{told[right]}{others}</details>"


def predict(
    question: str,
    answers: list[str],
    answer: int,
    because: str | list[str] = "",
) -> Predict:
    """A guess before the answer: radio buttons in the page; once picked, right or wrong and the reason.

    answers: two or more, shown in an order that only the question decides: so each build shows the same one, and no
    place in a source is right more often than others. answer: the right one's index in this list. because: why it is
    right; or a list with a reason for each answer, of which a reader sees that of the one picked and that of the right
    one. Works without a kernel; where no script runs, the answers stand in a list and the right one unfolds.
    """
    answers = as_labels(answers, "answers", "a list of answers")
    order = shuffled(question, len(answers))  # of the English question: the same in each language
    answers, because = from_cell(answers), from_cell(because)
    options = {
        "answers": [answers[i] for i in order],
        "answer": order.index(answer),
        "because": because if isinstance(because, str) else [because[i] for i in order],
        "foot": False,
    }
    return Predict(question, "", {}, {"pick": -1}, [], options)


def shuffled(question: str, count: int) -> list[int]:
    """The numbers below `count` in an order that depends on the question's text alone, everywhere and always."""
    return sorted(range(count), key=lambda i: hashlib.sha256(f"{i} {question}".encode()).digest())


class Source:
    """The source of a function or class as Markdown. Made by `reveal`."""

    def __init__(self, thing: ModuleType | Callable[..., object]) -> None:
        try:
            self.code = remarks.spoken(textwrap.dedent(inspect.getsource(thing)))
        except (TypeError, OSError):
            raise TypeError(f"{thing!r} has no Python source to show: give a function or class of the course") from None

    def __repr__(self) -> str:
        return self.code

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/markdown": f"```python\n{self.code}```", "text/plain": self.code}


def reveal(thing: ModuleType | Callable[..., object]) -> Source:
    """Shows the source of a function, class or module of the course, highlighted, with its paper (in the docstring).
    Raises TypeError for what has no Python source."""
    return Source(thing)
