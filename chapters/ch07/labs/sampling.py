"""The sampling lab: what the next token is drawn from under temperature, top-k and top-p, and the draw itself."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from traitlets import Bunch

from course_kit.checkpoints import Loaded
from course_kit.decoding.sampling import check_choices, next_probabilities
from course_kit.i18n import mark, t
from course_kit.programs import arguments
from course_kit.views.inputs import Labels, Numbers, as_array, as_labels
from course_kit.views.live import LiveView, shell
from course_kit.views.reader_input import answered
from course_kit.views.table import TextTable
from course_kit.views.view import View, at

from .next_character import visible

Then = Callable[[list[int]], Numbers]
ROWS = 60  # of the table


class Sampling(View):
    """See `sampling`."""

    kind = "sampling"

    def after(self, **settings: Any) -> np.ndarray:
        """Probabilities [V] of all tokens under these settings, in float64."""
        return next_probabilities(torch.from_numpy(self.arrays["logits"]).double(), **settings).numpy()

    @property
    def probabilities(self) -> np.ndarray:
        """[V]: what the next token is drawn from at the current state."""
        return self.after(**{name: self.state[name] for name in ("temperature", "top_k", "top_p")})

    @property
    def entropy(self) -> float:
        """In bits: how open the choice is. 0: decided; log₂ V: every token alike."""
        p = self.probabilities
        return float(-(p[p > 0] * np.log2(p[p > 0])).sum())

    def ranked(self) -> list[int]:
        """Ids, the likeliest first."""
        return np.argsort(-self.arrays["logits"], kind="stable").tolist()

    def describe(self) -> str:
        p, tokens, state = self.probabilities, self.options["tokens"], self.state
        top = t(", ").join(f"{visible(tokens[i])} {p[i]:.3f}" for i in self.ranked()[:5] if p[i] > 0)
        told = {"k": state["top_k"], "p": f"{state['top_p']:g}", "heat": f"{state['temperature']:g}"}
        if state["top_k"] < len(tokens) and state["top_p"] < 1:
            how = t("temperature {heat}, kept: the {k} most likely and those that reach {p} together", **told)
        elif state["top_k"] < len(tokens):
            how = t("temperature {heat}, kept: the {k} most likely", **told)
        elif state["top_p"] < 1:
            how = t("temperature {heat}, kept: those that reach {p} together", **told)
        else:
            how = t("temperature {heat}, kept: all", **told)
        drawn = t(
            "At {how}, {sum} of {count} tokens can be drawn: {top}. Entropy {entropy} bits.",
            how=how,
            sum=(p > 0).sum(),
            count=f"{len(tokens):,}",
            top=top,
            entropy=f"{self.entropy:.2f}",
        )
        return t("What comes after “{options}”? {drawn}", options=self.options["text"][-40:], drawn=drawn)

    def table(self) -> TextTable:
        """Before anything is drawn."""
        p, raw, order, tokens = self.probabilities, self.after(), self.ranked(), self.options["tokens"]
        rows = [[visible(tokens[i]), f"{raw[i]:.4f}", f"{p[i]:.4f}", "0"] for i in order[:ROWS]]
        if rest := order[ROWS:]:
            rows.append([t("{count} others", count=len(rest)), f"{raw[rest].sum():.4f}", f"{p[rest].sum():.4f}", "0"])
        return TextTable([t("token"), t("the model’s"), t("drawn from"), t("times drawn")], rows)


def sampling(
    logits: Numbers,
    tokens: Labels,
    *,
    text: str = "",
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    then: Then | None = None,
    model: str | Loaded | None = None,
    title: str = mark("What may come next?"),
    caption: str = mark(
        "The model gives each token a probability; the settings sharpen, flatten or cut these before one is drawn."
    ),
    live: bool = False,
) -> Sampling | LiveView:
    """The next token under the hand: temperature, then top-k, then top-p, then a draw with dice that can be repeated.

    logits [V]; tokens: V labels. text: what comes before. top_k, top_p: None keeps all.
    then(ids written so far) -> logits [V]: with live=True only; then a draw is really written, and asked for more.
    model: the name of the GPT whose logits these are, as in "gpt-shakespeare": it then writes on what the reader types,
    in the page, with the settings of the lab.
    live=True: Python reads `temperature`, `top_k` (V: off), `top_p` (1: off), `seed`, `draws`.
    Returns a view: .probabilities .entropy and what all have. Raises ValueError that says what to do.
    """
    values, tokens = as_array(logits, "logits").astype("<f4"), as_labels(tokens, "tokens")
    check_choices(temperature, top_k, top_p)
    size = len(tokens)
    state: dict[str, Any] = {
        "temperature": float(temperature),
        "top_k": min(top_k or size, size),
        "top_p": float(top_p or 1),
    }
    state |= {"seed": 0, "draws": 0, "row": 0, "pick": -1, "own": ""}
    options = {"text": arguments.string("text", text), "tokens": tokens, "before": 0, "fresh": 0}
    options |= {"asks": then is not None}
    view = Sampling(title, caption, {"logits": values}, state, controls_of(size, state), options)
    answered(view, model, text, label=t("Your own beginning:"), fold=t("a beginning of your own"))
    return answering(view, then) if then is not None else shell(view, live)


def answering(view: Sampling, then: Then) -> LiveView:
    """The live lab in which a draw is written: Python reads the `pick`, asks then(ids) and shows what may follow."""
    lab, written = shell(view, True), []

    def hear(change: Bunch) -> None:
        if change.new < 0:
            return
        written.append(change.new)
        now, token = at(lab.view, **{**lab.state, "draws": 0, "pick": -1, "row": 0}), view.options["tokens"][change.new]
        now.arrays = {"logits": as_array(then(list(written)), "logits").astype("<f4")}
        told = {"text": lab.view.options["text"] + token, "before": len(written), "fresh": len(token)}
        now.options = {**lab.view.options, **told}
        lab.replace(now)

    lab.observe(hear, "pick")
    return lab


def controls_of(size: int, state: dict) -> list[dict]:
    few = [k for k in (*range(1, 11), 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 200, 500, 1000, 2000, 5000) if k < size]
    warm, share = [round(n / 20, 2) for n in range(41)], [*(round(p / 20, 2) for p in range(1, 20)), 0.99, 1.0]

    def slider(name: str, label: str, values: Iterable[float], digits: int) -> dict:
        values = sorted({*values, state[name]})
        return {"kind": "range", "name": name, "label": label, "values": values, "digits": digits}

    return [
        slider("temperature", t("temperature"), warm, 2),
        slider("top_k", "top-k", [*few, size], 0),
        slider("top_p", "top-p", share, 2),
        {"kind": "button", "name": "one", "label": t("draw")},
        {"kind": "button", "name": "many", "label": t("draw 100")},
        slider("seed", t("seed"), range(21), 0),
        {"kind": "button", "name": "reset", "label": t("reset")},
    ]
