"""The scoring lab: one query, a few keys, two scores side by side, from score to context step by step."""

import copy

import numpy as np
import torch
from torch import nn

from chapters.ch02.costs import cost_of
from chapters.ch02.experiments import trained_scores
from chapters.ch02.scores import SCORES
from course_kit.arguments import described, one_of, string
from course_kit.views.arguments import as_array, checked_labels
from course_kit.views.live import shell
from course_kit.views.table import TextTable
from course_kit.views.view import View
from course_utils.attention import masked_softmax

STEPS = ("score", "scaled", "masked", "weights", "context")
TASK_WORDS = {
    "feature": "trained to undo a hidden rotation",
    "direction": "trained to match directions",
    "place": "trained to count places",
    "length": "trained to find the longest",
}


class Scoring(View):
    """See `scoring`."""

    kind = "scoring"

    def __init__(self, *arguments, modules_by_name, **keywords):
        self.by_name = modules_by_name
        super().__init__(*arguments, **keywords)

    def steps(self, slot: str) -> dict[str, np.ndarray]:
        """The numbers of slot "a" or "b" at the current state, float64: score, scaled, masked, weights [K], context."""
        name = self.state[slot]
        query = torch.tensor(self.state["query"], dtype=torch.float64)[None]
        keys = torch.tensor(self.state["key_vectors"], dtype=torch.float64).reshape(-1, 2)
        with torch.no_grad():
            scaled = self.by_name[name](query, keys)[0]
        score = scaled * 2**0.5 if name == "scaled_dot" else scaled
        scaled = scaled / self.state["temperature"]
        mask = torch.tensor(self.state["mask"])
        weights = masked_softmax(scaled, mask)
        steps = (score, scaled, scaled.masked_fill(~mask, -torch.inf), weights, weights @ keys)
        return {name: step.numpy() for name, step in zip(STEPS, steps, strict=True)}

    def describe(self) -> str:
        text = []
        for slot in "ab":
            made, name = self.steps(slot), self.state[slot]
            weights = ", ".join(f"{n} {w:.3f}" for n, w in zip(self.options["names"], made["weights"], strict=True))
            context = " ".join(f"{x:.3f}" for x in made["context"])
            text.append(f"{slot.upper()}, {name}: weights {weights}; context ({context}).")
        return " ".join(text)

    def table(self) -> TextTable:
        names, rows = self.options["names"], []
        for slot in "ab":
            made = self.steps(slot)
            for step in STEPS[:4]:
                cells = ["masked" if np.isneginf(x) else f"{x:.3f}" for x in made[step]]
                rows.append([f"{slot.upper()} {step}", *cells])
            context = [f"{x:.3f}" for x in made["context"]]
            rows.append([f"{slot.upper()} context", " ".join(context), *[""] * (len(names) - 1)])
        return TextTable(["", *names], rows)


def scoring(
    query,
    keys,
    names=None,
    *,
    a="dot",
    b="similarity",
    modules=None,
    query_name="query",
    title="How does the query meet the keys?",
    caption="Drag an arrow, or choose a score. Each column is a [key|key], from its score to its weight; untick it "
    "to mask it.",
    live=False,
    presenting=None,
):
    """Two scores on the same query and keys, from score to scale, mask, softmax and context, all in the browser.

    query [2], keys [K, 2] with 2 to 8 keys, which are the values, too: arrows to drag.
    names: K labels; a, b: names in SCORES.
    modules: {name: module} to use your own trained scores of size 2; the recorded ones are there already.
    live=True: Python reads `query`, `key_vectors` (flat), `a`, `b`, `mask`, `temperature`, `step`.
    Raises ValueError for shapes that don't fit, unknown names, or scores of another size.
    """
    query, keys = as_array(query, "query"), as_array(keys, "keys")
    if query.shape != (2,) or keys.ndim != 2 or keys.shape[1] != 2 or not 2 <= len(keys) <= 8:
        raise ValueError(
            f"query {query.shape} and keys {keys.shape}: this lab needs a query [2] and 2 to 8 keys [K, 2]"
        )
    if not (np.isfinite(query).all() and np.isfinite(keys).all()):
        raise ValueError("query and keys must be finite numbers: look for NaN with isfinite()")
    names = [f"k{i + 1}" for i in range(len(keys))] if names is None else names
    names = checked_labels(names, len(keys), "names", "there are {} keys")
    string("query_name", query_name)
    made, tasks = _modules({} if modules is None else modules)
    one_of("a", a, SCORES), one_of("b", b, SCORES)
    arrays = {
        f"{name}/{key}": value.detach().float().numpy().ravel().astype("<f4")
        for name, module in made.items()
        for key, value in module.state_dict().items()
    }
    options = {"names": names, "query_name": query_name, "scores": list(made)}
    options["words_of"] = {name: name.replace("_", " ") for name in made}
    options["about"] = {
        name: {
            "equation": module.equation,
            "reference": module.reference,
            "parameters": module.num_parameters,
            "pair": cost_of(module).per_pair,
            "task": TASK_WORDS.get(tasks.get(name), ""),
        }
        for name, module in made.items()
    }
    state = {"query": query.tolist(), "key_vectors": keys.ravel().tolist(), "a": a, "b": b, "mask": [True] * len(keys)}
    state |= {"temperature": 1.0, "step": 5}
    warm = [round(float(t), 3) for t in np.geomspace(0.1, 10, 41)]
    menu = {"kind": "choice", "options": list(made), "menu": True, "words": options["words_of"]}
    controls = [
        {**menu, "name": "a", "label": "A"},
        {**menu, "name": "b", "label": "B"},
        {"kind": "range", "name": "step", "label": "steps shown", "values": [1, 2, 3, 4, 5], "digits": 0},
        {"kind": "range", "name": "temperature", "label": "temperature t", "values": warm, "digits": 2},
        {"kind": "toggles", "name": "mask", "label": "may be attended", "options": names},
        {"kind": "button", "name": "reset", "label": "reset"},
    ]
    view = Scoring(title, caption, arrays, state, controls, options, presenting, modules_by_name=made)
    return shell(view, live)


def _modules(given: dict[str, nn.Module]) -> tuple[dict[str, nn.Module], dict[str, str]]:
    """({name: score of size 2 in float64, with the numbers that travel to the browser}, {name: its task})."""
    made, tasks = trained_scores(2)
    if not isinstance(given, dict) or not all(isinstance(module, nn.Module) for module in given.values()):
        raise TypeError(f"modules is {described(given)}; needed: name -> a score, as SCORES[name](…) makes it")
    for name, module in given.items():
        one_of("a name in modules", name, SCORES)
        if (module.query_size, module.key_size) != (2, 2):
            raise ValueError(f"modules[{name!r}] was made for other sizes than query and keys of 2")
        made[name] = copy.deepcopy(module).float().cpu()
        tasks.pop(name, None)
    return {name: made[name].double().eval() for name in SCORES if name in made}, tasks
