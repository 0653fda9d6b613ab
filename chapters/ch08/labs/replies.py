"""One question at a time, what each of several models says to it, and, of models that can be asked, how."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from traitlets import Bunch

from chapters.ch08.token_traces import Trace
from course_kit.i18n import mark, sentences, t
from course_kit.programs import arguments
from course_kit.views.inputs import Labels, as_labels
from course_kit.views.live import LiveView, shell
from course_kit.views.table import TextTable
from course_kit.views.view import View

Ask = Callable[[str], Trace | str]
OWN = 5  # questions of the reader's own that stay


class Replies(View):
    """See `replies`."""

    kind = "replies"

    @property
    def said(self) -> dict[str, str]:
        """What each model says to the question that is chosen."""
        at = self.options["questions"].index(self.state["question"])
        return {model: texts[at] for model, texts in zip(self.options["models"], self.options["replies"], strict=True)}

    def describe(self) -> str:
        said = (t("{model}: “{text}”", model=model, text=text) for model, text in self.said.items())
        return sentences(t("“{question}”", question=self.state["question"]), *said)

    def table(self) -> TextTable:
        rows = zip(self.options["questions"], *self.options["replies"], strict=True)
        return TextTable([t("question"), *self.options["models"]], [list(row) for row in rows])


def replies(
    questions: Labels,
    said: Mapping[str, Labels] | Mapping[str, Ask],
    *,
    title: str = mark("Who answers?"),
    caption: str = "",
    live: bool = False,
) -> Replies | LiveView:
    """What several models say, one question at a time.

    questions: one or more; said: {the name of a model: its replies, one for each question}. Or the models are asked:
    said: {name: ask}, where ask(question) gives a `Trace` or a sentence; then each token has what was expected there
    and what a head attended to, and with live=True the reader asks, too. Returns a view: .said and what all have.
    Raises TypeError or ValueError that says what to do.
    """
    questions = as_labels(questions, "questions", "a list of questions")
    if not isinstance(said, dict) or not said or len(set(questions)) < len(questions) or not questions:
        raise ValueError("needed: questions of which none comes twice, and said, {a model's name: a list of replies}")
    models = [arguments.string("model", model) for model in said]
    if all(map(callable, said.values())):
        return asking(questions, said, (title, caption), live)
    texts = [as_labels(given, f"said[{model!r}]", "a list of replies") for model, given in said.items()]
    for model, given in zip(said, texts, strict=True):
        if len(given) != len(questions):
            raise ValueError(f"{model} has {len(given)} replies to {len(questions)} questions: give one for each")
    options = {"questions": questions, "models": models, "replies": texts}
    menu = {"kind": "choice", "name": "question", "label": t("question"), "options": questions, "menu": True}
    return Replies(title, caption, {}, {"question": questions[0]}, [menu], options)


def asking(questions: list[str], models: dict[str, Any], how: tuple[str, str], live: bool) -> Replies | LiveView:
    """The view of models that were asked; live, one that asks them what the reader types."""
    known = {question: [ask(question) for ask in models.values()] for question in questions}
    own: list[str] = []

    def made(question: str, fresh: bool) -> Replies:
        arrays, options = packed({one: known[one] for one in [*reversed(own), *questions]})
        options |= {"models": list(models), "fresh": fresh}
        state = {"question": question, "who": 0, "step": -1, "head": 0, "asked": ""}
        return Replies(*how, arrays, state, [], options)

    lab = shell(made(questions[0], False), live)

    def hear(change: Bunch) -> None:
        question = change.new.strip()
        if not question:
            return
        if question not in known:
            known[question] = [ask(question) for ask in models.values()]
            own.append(question)
            del own[:-OWN]
        view = made(question, True)
        view.state |= {name: lab.state[name] for name in ("who", "head")}
        lab.replace(view)

    if live:
        lab.observe(hear, "asked")
    return lab


def packed(asked: dict[str, list[Trace | str]]) -> tuple[dict, dict]:
    """What models said to each question -> arrays and options of the view: [model][question], the weights flat."""
    replies, weights, at = [], [], 0
    traces: list[list[dict | None]] = []
    for answers in zip(*asked.values(), strict=True):
        replies.append([one if isinstance(one, str) else one.text for one in answers])
        traces.append([])
        for one in answers:
            told = None
            if not isinstance(one, str):
                told = {"pieces": one.pieces, "begins": one.begins, "chances": one.chances}
                told |= {"heads": one.weights.shape[1], "at": at}
                weights.append(one.weights.numpy().astype("<f2").ravel())
                at += weights[-1].size
            traces[-1].append(told)
    flat = np.concatenate(weights) if weights else np.zeros(0, "<f2")
    return {"weights": flat}, {"questions": list(asked), "replies": replies, "traces": traces}
