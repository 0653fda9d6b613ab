"""The scoring lab: a query and keys under the hand, one of twelve scores, every step from score to context."""

import numpy as np
import torch

from chapters.ch02.experiments.costs import trained_scores
from chapters.ch02.scores import SCORES
from course_kit.i18n import mark, t
from course_kit.programs.arguments import one_of
from course_kit.views.inputs import Labels, Numbers, as_array, checked_labels
from course_kit.views.table import TextTable
from course_kit.views.view import Control, View
from course_utils.attention import masked_softmax

STEPS = {"score": mark("score"), "scaled": "÷ √d", "masked": mark("masked"), "weights": "softmax"}


class Scoring(View):
    """See `scoring`."""

    kind = "scoring"

    def compute(self) -> dict[str, np.ndarray]:
        """The steps at the current state in float64: score, scaled, masked, weights [K], context [2]."""
        query, *rest = torch.tensor(self.state["vectors"], dtype=torch.float64).reshape(-1, 2)
        keys, mask, name = torch.stack(rest), torch.tensor(self.state["mask"]), self.state["score"]
        with torch.no_grad():
            scaled = trained_scores(2)[name].double()(query[None, None], keys[None])[0, 0]
        score = scaled * 2**0.5 if name == "scaled_dot" else scaled
        weights = masked_softmax(scaled, mask)
        masked = scaled.masked_fill(~mask, -torch.inf)
        made = dict(score=score, scaled=scaled, masked=masked, weights=weights, context=weights @ keys)
        return {step: x.numpy() for step, x in made.items()}

    def describe(self) -> str:
        made = self.compute()
        shares = t(", ").join(f"{n} {w:.3f}" for n, w in zip(self.options["names"], made["weights"], strict=True))
        vector = ", ".join(f"{x:.3f}" for x in made["context"])
        return t(
            "{score}: weights {shares}; context ({vector}).",
            score=t(self.state["score"].replace("_", " ")),
            shares=shares,
            vector=vector,
        )

    def table(self) -> TextTable:
        made = self.compute()
        rows = [[t(word), *(f"{x:.3f}" for x in made[step])] for step, word in STEPS.items()]
        rest = [""] * (len(self.options["names"]) - 2)
        return TextTable(
            [t("step"), *self.options["names"]], [*rows, [t("context"), *map("{:.3f}".format, made["context"]), *rest]]
        )


def scoring(
    query: Numbers,
    keys: Numbers,
    names: Labels,
    *,
    score: str = "scaled_dot",
    title: str = mark("How does each of the twelve meet the keys?"),
    caption: str = mark("Drag the [query|query] or a [key|key], choose a score, or hide a key."),
) -> Scoring:
    """One query and its keys under the hand, as keys and values: query [2], keys [K, 2] with 2 to 6 of them.

    names: K labels; score: a name in SCORES, of those with parameters the recorded ones. Raises ValueError for shapes
    that do not fit, or another score.
    """
    query, keys = as_array(query, "query"), as_array(keys, "keys")
    if query.shape != (2,) or keys.ndim != 2 or keys.shape[1] != 2 or not 2 <= len(keys) <= 6:
        raise ValueError(f"query {query.shape} and keys {keys.shape}; needed: [2] and [K, 2] with 2 to 6 keys")
    names, made = checked_labels(names, len(keys), "names", "there are {} keys"), trained_scores(2)
    one_of("score", score, made)
    arrays = {
        f"{name}/{part}": numbers.numpy().ravel().astype("<f4")
        for name, module in made.items()
        for part, numbers in module.state_dict().items()
    }
    state = {"vectors": [round(float(x), 4) for x in np.concatenate([query, keys.ravel()])], "score": score}
    state["mask"] = [True] * len(keys)
    words = {name: name.replace("_", " ") for name in made}  # names, in each language
    controls: list[Control] = [
        {"kind": "choice", "name": "score", "label": t("score"), "options": list(made), "menu": True, "words": words},
        {"kind": "toggles", "name": "mask", "label": t("may be attended"), "options": names},
        {"kind": "button", "name": "reset", "label": t("reset")},
    ]
    steps = {step: t(word) for step, word in STEPS.items()}
    options = {"names": names, "steps": steps, "equations": {name: SCORES[name].equation for name in made}}
    return Scoring(title, caption, arrays, state, controls, options)
