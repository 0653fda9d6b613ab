"""The sampling lab: what the next token is drawn from under temperature, top-k and top-p, and the draw itself."""

from typing import NamedTuple

import numpy as np
import torch

from course_kit import arguments
from course_kit.decoding.sampling import next_probabilities
from course_kit.views.arguments import as_array, as_labels, checked_index
from course_kit.views.live import shell
from course_kit.views.reader_input import answered
from course_kit.views.table import TextTable
from course_kit.views.view import View, at

from .next_token import ALL, ROWS, are_words, dice, packed, reach, spelled, visible

MOST_STEPS = 64


class Drawn(NamedTuple):
    """The token that was drawn last, and the probability it was drawn with."""

    token: str
    probability: float


class Sampling(View):
    """See `sampling`."""

    kind = "sampling"

    @property
    def levels(self) -> tuple[np.ndarray, np.ndarray]:
        """Logits of the step, the largest first, and how many tokens share each: [L], [L]."""
        start, end = self.options["bounds"][self.state["step"]]
        return self.arrays["logits"][start:end].astype(np.float64), self.arrays["counts"][start:end].astype(int)

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
        """The levels drawn at this step, in their order."""
        p = self.probabilities
        edges = np.cumsum(p)
        throw = dice(self.state["seed"], self.state["step"] + self.options["before"])
        places = (
            min(int((edges <= next(throw)).sum()), int((p > 0).nonzero()[0][-1])) for _ in range(self.state["draws"])
        )
        return list(places)

    @property
    def drawn(self) -> list[str]:
        """The tokens drawn at this step, in their order."""
        names = self.names
        return [names[i] for i in self.places]

    @property
    def names(self) -> list[str]:
        """The levels' names: a token, or how many are in a group."""
        names, counts = self.options["names"][self.state["step"]], self.levels[1]
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
        steps = len(self.options["names"])
        where = f" Step {state['step']} of 0 to {steps - 1}." if steps > 1 else ""
        cut = [f"the {state['top_k']} most likely" * (state["top_k"] < total)]
        cut += [f"those that reach {state['top_p']:g} together" * (state["top_p"] < 1)]
        how = f"temperature {state['temperature']:g}, kept: {' and '.join(filter(None, cut)) or 'all'}"
        text = f"What comes after “{self.written[-40:]}”?{where} At {how}, {self.kept} of {total} tokens can be drawn: "
        text += f"{top}. Entropy {self.entropy:.2f} bits."
        drawn = self.drawn
        if drawn:
            text += f" Drawn {len(drawn)} times with seed {state['seed']}, last {drawn[-1]}."
        return text

    @property
    def written(self) -> str:
        """The text before the step."""
        return self.options["text"] + "".join(self.options["pieces"][: self.state["step"]])

    def table(self) -> TextTable:
        p, raw, names, places = self.probabilities, self.after(), self.names, self.places
        shown = min(len(self.options["names"][self.state["step"]]), ROWS if self.options["size"] > ALL else ALL)
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
    chosen=None,
    temperature=1.0,
    top_k=None,
    top_p=None,
    step=0,
    seed=0,
    then=None,
    model=None,
    title="What may come next?",
    caption="The model gives each token a probability; the settings sharpen, flatten or cut these before one is drawn.",
    live=False,
    presenting=None,
):
    """The next token under the hand: temperature, then top-k, then top-p, then a draw with dice that can be repeated.

    logits [V], or [S, V] for up to 64 steps; tokens: V labels. text: what comes before the first step. chosen: for
    several steps, S numbers of tokens: what was written at each. top_k, top_p: None keeps all.
    then(ids written so far) -> logits [V]: with live=True only; then a draw is really written, and asked for more.
    model: the name of the GPT whose logits these are, as in "gpt-shakespeare": it then writes on what the reader types,
    in the page, with the settings of the lab.
    live=True: Python reads `step`, `temperature`, `top_k` (V: off), `top_p` (1: off), `seed`, `draws`.

    Up to 100 tokens travel one by one as float32. Of more, the most likely do, 480 of one step, at least 60 of each;
    the rest in groups whose logits differ by less than 0.05. Returns a view: .probabilities
    .entropy .kept .drawn and what all have. Raises TypeError or ValueError that says what to do.
    """
    values, tokens = as_array(logits, "logits"), as_labels(tokens, "tokens")
    if values.ndim not in (1, 2) or values.shape[-1] != len(tokens) or len(tokens) < 2:
        raise ValueError(
            f"logits have shape {values.shape} and there are {len(tokens)} tokens; needed: [V] or [steps, V] with V of "
            "each, at least 2; of a batch take one row, as in output.logits[0, -1]"
        )
    values = np.atleast_2d(values)
    steps, size = values.shape
    if not 1 <= steps <= MOST_STEPS:
        raise ValueError(f"{steps} steps; this lab shows 1 to {MOST_STEPS}: cut them, as in logits[-{MOST_STEPS}:]")
    if np.isnan(values).any() or (values == np.inf).any() or (values == -np.inf).all(-1).any():
        raise ValueError("logits hold NaN, +∞ or a row of nothing but −∞: look for them with isfinite()")
    top_k, top_p = size if top_k is None else top_k, 1.0 if top_p is None else top_p
    arguments.real_number("temperature", temperature, least=0)
    arguments.whole_number("top_k", top_k, 1)
    arguments.real_number("top_p", top_p, above=0, most=1)
    step, seed = checked_index(step, steps, "step"), arguments.whole_number("seed", seed, 0, 2**31 - 1)
    chosen = [] if chosen is None else arguments.whole_numbers("chosen", chosen, 0, size - 1)
    if (steps > 1 or chosen) and len(chosen) != steps:
        raise ValueError(
            f"{steps} steps and {len(chosen)} chosen; needed: the number of the token, 0 to {size - 1}, that was "
            "written at each step, as in chosen=ids[0, -5:]"
        )
    if then is not None and (not callable(then) or not live or steps > 1):
        raise ValueError(
            "then= asks Python after each draw: needed, a function, live=True, and logits of one step, [V]"
        )
    if model is not None and steps > 1:
        raise ValueError(f"model={model!r} with {steps} steps; needed: logits of one step, [V], as in logits[-1]")
    state = {"step": step, "temperature": float(temperature), "top_k": int(min(top_k, size)), "top_p": float(top_p)}
    state |= {"seed": seed, "draws": 0, "row": 0, "pick": -1, "own": ""}
    arrays, options = packed(values, tokens)
    words = are_words(tokens)
    pieces = [spelled(tokens[i], words) for i in chosen]
    options |= {
        "text": arguments.string("text", text),
        "pieces": pieces,
        "size": size,
        "before": 0,
        "whole": words,
        "new": 0,
    }
    options |= {"asks": then is not None}
    view = Sampling(title, caption, arrays, state, controls_of(steps, size, state), options, presenting)
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


def controls_of(steps: int, size: int, state: dict) -> list[dict]:
    few = [k for k in (*range(1, 11), 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 200, 500, 1000, 2000, 5000) if k < size]
    warm, share = [round(t / 20, 2) for t in range(41)], [*(round(p / 20, 2) for p in range(1, 20)), 0.99, 1.0]

    def slider(name, label, values, digits):
        values = sorted({*values, state[name]})
        return {"kind": "range", "name": name, "label": label, "values": values, "digits": digits}

    return [
        *([slider("step", "step", range(steps), 0)] if steps > 1 else []),
        slider("temperature", "temperature", warm, 2),
        slider("top_k", "top-k", [*few, size], 0),
        slider("top_p", "top-p", share, 2),
        {"kind": "button", "name": "one", "label": "draw"},
        {"kind": "button", "name": "many", "label": "draw 100"},
        slider("seed", "seed", range(21), 0),
        {"kind": "button", "name": "reset", "label": "reset"},
    ]
