"""One question at a time, and what each of several models says to it."""

import textwrap

from course_kit import arguments
from course_kit.views.arguments import as_labels
from course_kit.views.table import TextTable
from course_kit.views.view import View


class Replies(View):
    """See `replies`."""

    kind = "replies"
    size = (7.0, 3.0)

    @property
    def said(self) -> dict[str, str]:
        """What each model says to the question that is chosen."""
        at = self.options["questions"].index(self.state["question"])
        return {model: texts[at] for model, texts in zip(self.options["models"], self.options["replies"], strict=True)}

    def describe(self) -> str:
        return f"{self.state['question']} " + " ".join(f"{model}: “{text}”" for model, text in self.said.items())

    def table(self) -> TextTable:
        rows = zip(self.options["questions"], *self.options["replies"], strict=True)
        return TextTable(["question", *self.options["models"]], [list(row) for row in rows])

    def draw(self, figure) -> None:
        figure.text(0.02, 0.95, self.state["question"], va="top", weight="bold")
        width = 0.96 / len(self.said)
        for i, (model, text) in enumerate(self.said.items()):
            lines = textwrap.wrap(text, int(92 * width), max_lines=11, placeholder=" …")
            figure.text(0.02 + i * width, 0.82, model, va="top", weight="bold", fontsize=9)
            figure.text(0.02 + i * width, 0.74, "\n".join(lines), va="top", fontsize=9)


def replies(questions, said, *, title="Who answers?", caption="", presenting=None) -> Replies:
    """What several models say, one question at a time.

    questions: one or more; said: {the name of a model: its replies, one for each question}. Returns a view: .said and
    what all have. Raises TypeError or ValueError that says what to do.
    """
    questions = as_labels(questions, "questions", "a list of questions")
    if not isinstance(said, dict) or not said or len(set(questions)) < len(questions) or not questions:
        raise ValueError("needed: questions of which none comes twice, and said, {a model's name: a list of replies}")
    texts = [as_labels(given, f"said[{model!r}]", "a list of replies") for model, given in said.items()]
    for model, given in zip(said, texts, strict=True):
        if len(given) != len(questions):
            raise ValueError(f"{model} has {len(given)} replies to {len(questions)} questions: give one for each")
    options = {"questions": questions, "models": [arguments.string("model", m) for m in said], "replies": texts}
    menu = {"kind": "choice", "name": "question", "label": "question", "options": questions, "menu": True}
    return Replies(title, caption, {}, {"question": questions[0]}, [menu], options, presenting)
