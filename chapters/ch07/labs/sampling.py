"""The sampling lab: what the next token is drawn from under temperature, top-k and top-p, and the draw itself."""

from typing import NamedTuple

import numpy as np
import torch

from course_kit import arguments
from course_kit.decoding.sampling import next_probabilities
from course_kit.views.arguments import as_array, as_labels
from course_kit.views.live import shell
from course_kit.views.reader_input import answered
from course_kit.views.table import TextTable
from course_kit.views.view import View, at

from .next_token import ALL, ROWS, are_words, dice, packed, reach, spelled, visible


class Drawn(NamedTuple):
    """The token that was drawn last, and the probability it was drawn with."""

    token: str
    probability: float


class Sampling(View):
    """See `sampling`."""

    kind = "sampling"

    @property
    def levels(self) -> tuple[np.ndarray, np.ndarray]:
        """Logits, the largest first, and how many tokens share each: [L], [L]."""
        return self.arrays["logits"].astype(np.float64), self.arrays["counts"].astype(int)

    def single(self, **settings) -> np.ndarray:
        """Probabilities [V] of all tokens, one by one, under these settings, in float64."""
        return next_probabilities(torch.from_numpy(np.repeat(*self.levels)), **settings).numpy()

    def after(self, **settings) -> np.ndarray:
        """Probabilities [L] of the levels under these settings."""
        counts = self.levels[1]
        return np.add.reduceat(self.single(**settings), np.cumsum(counts) - counts)

    @property
    def settings(self) -> dict:
        return {name: self.state[name] for name in ("temperature", "top_k", "top_p")}

    @property
    def probabilities(self) -> np.ndarray:
        """[L], the most likely first: what the next token is drawn from at the current state."""
        return self.after(**self.settings)

    @property
    def entropy(self) -> float:
        """In bits: how open the choice is. 0: decided; log₂ V: every token alike."""
        p = self.single(**self.settings)
        return float(-(p[p > 0] * np.log2(p[p > 0])).sum())

    @property
    def kept(self) -> int:
        """How many tokens can still be drawn."""
        return int((self.single(**self.settings) > 0).sum())

    @property
    def places(self) -> list[int]:
        """The levels drawn, in their order."""
        p = self.probabilities
        edges = np.cumsum(p)
        throw = dice(self.state["seed"], self.options["before"])
        places = (
            min(int((edges <= next(throw)).sum()), int((p > 0).nonzero()[0][-1])) for _ in range(self.state["draws"])
        )
        return list(places)

    @property
    def drawn(self) -> list[str]:
        """The tokens drawn, in their order."""
        names = self.names
        return [names[i] for i in self.places]

    @property
    def names(self) -> list[str]:
        """The levels' names: a token, or how many are in a group."""
        names, counts = self.options["names"][0], self.levels[1]
        return [*map(visible, names), *(f"one of {n} rarer tokens" for n in counts[len(names) :])]

    @property
    def selection(self) -> Drawn | None:
        if not self.state["draws"]:
            return None
        place = self.places[-1]
        return Drawn(self.names[place], float(self.probabilities[place]))

    def describe(self) -> str:
        p, names, state, total = self.probabilities, self.names, self.state, self.options["size"]
        top = ", ".join(f"{names[i]} {p[i]:.3f}" for i in range(5) if i < len(p) and p[i] > 0)
        cut = [f"the {state['top_k']} most likely" * (state["top_k"] < total)]
        cut += [f"those that reach {state['top_p']:g} together" * (state["top_p"] < 1)]
        how = f"temperature {state['temperature']:g}, kept: {' and '.join(filter(None, cut)) or 'all'}"
        text = (
            f"What comes after “{self.options['text'][-40:]}”? At {how}, {self.kept} of {total} tokens can be drawn: "
        )
        text += f"{top}. Entropy {self.entropy:.2f} bits."
        drawn = self.drawn
        if drawn:
            text += f" Drawn {len(drawn)} times with seed {state['seed']}, last {drawn[-1]}."
        return text

    def table(self) -> TextTable:
        p, raw, names, places = self.probabilities, self.after(), self.names, self.places
        shown = min(len(self.options["names"][0]), ROWS if self.options["size"] > ALL else ALL)
        rows = [[names[i], f"{raw[i]:.4f}", f"{p[i]:.4f}", str(places.count(i))] for i in range(shown)]
        if shown < len(p):
            rest = self.levels[1][shown:].sum()
            count = sum(i >= shown for i in places)
            rows.append([f"{rest} rarer tokens", f"{raw[shown:].sum():.4f}", f"{p[shown:].sum():.4f}", str(count)])
        return TextTable(["token", "the model’s", "drawn from", "times drawn"], rows)


def sampling(
    logits,
    tokens,
    *,
    text="",
    temperature=1.0,
    top_k=None,
    top_p=None,
    then=None,
    model=None,
    title="What may come next?",
    caption="The model gives each token a probability; the settings sharpen, flatten or cut these before one is drawn.",
    live=False,
):
    """The next token under the hand: temperature, then top-k, then top-p, then a draw with dice that can be repeated.

    logits [V]; tokens: V labels. text: what comes before. top_k, top_p: None keeps all.
    then(ids written so far) -> logits [V]: with live=True only; then a draw is really written, and asked for more.
    model: the name of the GPT whose logits these are, as in "gpt-shakespeare": it then writes on what the reader types,
    in the page, with the settings of the lab.
    live=True: Python reads `step`, `temperature`, `top_k` (V: off), `top_p` (1: off), `seed`, `draws`.

    Up to 100 tokens travel one by one as float32. Of more, the 480 most likely do; the rest in groups whose logits
    differ by less than 0.05. Returns a view: .probabilities .entropy .kept .drawn and what all have. Raises ValueError
    that says what to do.
    """
    values, tokens = as_array(logits, "logits"), as_labels(tokens, "tokens")
    values, size = values[None], len(tokens)
    top_k, top_p = size if top_k is None else top_k, 1.0 if top_p is None else top_p
    arguments.real_number("temperature", temperature, least=0)
    arguments.whole_number("top_k", top_k, 1)
    arguments.real_number("top_p", top_p, above=0, most=1)
    state = {"step": 0, "temperature": float(temperature), "top_k": int(min(top_k, size)), "top_p": float(top_p)}
    state |= {"seed": 0, "draws": 0, "row": 0, "pick": -1, "own": ""}
    arrays, options = packed(values, tokens)
    words = are_words(tokens)
    options |= {
        "text": arguments.string("text", text),
        "pieces": [],
        "size": size,
        "before": 0,
        "whole": words,
        "new": 0,
    }
    options |= {"asks": then is not None}
    view = Sampling(title, caption, arrays, state, controls_of(size, state), options)
    fitted(view)
    answered(view, model, text, label="Your own beginning:", fold="a beginning of your own")
    return answering(view, tokens, then) if then is not None else shell(view, live)


def fitted(view: Sampling) -> Sampling:
    """The same view; its axis holds the longest bar of its settings."""
    view.options["reach"] = max(view.options["reach"], reach(float(view.probabilities.max())))
    return view


def answering(view: Sampling, tokens: list[str], then):
    """The live lab in which a draw is written: Python reads the `pick`, asks then(ids) and shows the next step."""
    lab, written, logits = shell(view, True), [], [_next(then, [], tokens)]

    def hear(change):
        if change.new < 0:
            return
        written.append(int(np.argsort(-logits[-1], kind="stable")[change.new]))
        logits.append(_next(then, list(written), tokens))
        arrays, options = packed(logits[-1][None], tokens)
        pieces = [spelled(tokens[i], view.options["whole"]) for i in written]
        now = at(lab.view, **{**lab.state, "draws": 0, "pick": -1, "row": 0})
        now.arrays = arrays
        now.options = {**lab.view.options, **options, "text": view.options["text"] + "".join(pieces)}
        now.options |= {"before": len(written), "new": len(pieces[-1])}
        lab.replace(fitted(now))

    lab.observe(hear, "pick")
    return lab


def _next(then, written: list[int], tokens: list[str]) -> np.ndarray:
    logits = as_array(then(written), "logits")
    if logits.shape != (len(tokens),):
        raise ValueError(f"then({written}) gave logits of shape {logits.shape}; needed: [{len(tokens)}], one per token")
    return logits


def controls_of(size: int, state: dict) -> list[dict]:
    few = [k for k in (*range(1, 11), 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 200, 500, 1000, 2000, 5000) if k < size]
    warm, share = [round(t / 20, 2) for t in range(41)], [*(round(p / 20, 2) for p in range(1, 20)), 0.99, 1.0]

    def slider(name, label, values, digits):
        values = sorted({*values, state[name]})
        return {"kind": "range", "name": name, "label": label, "values": values, "digits": digits}

    return [
        slider("temperature", "temperature", warm, 2),
        slider("top_k", "top-k", [*few, size], 0),
        slider("top_p", "top-p", share, 2),
        {"kind": "button", "name": "one", "label": "draw"},
        {"kind": "button", "name": "many", "label": "draw 100"},
        slider("seed", "seed", range(21), 0),
        {"kind": "button", "name": "reset", "label": "reset"},
    ]
