"""The flow lab: a sentence becomes a translation through one vector for all words, or through a new mean for each."""

import numpy as np

from course_kit.arguments import whole_numbers
from course_kit.views.arguments import as_array, as_labels
from course_kit.views.live import shell
from course_kit.views.reader_input import answered
from course_kit.views.table import TextTable
from course_kit.views.translation import checked_weights, parts_of, whole, word_of
from course_kit.views.view import View

MOST_SOURCE, MOST_TARGET, MOST_FEATURES = 24, 32, 16
TITLE = "What does each new word get to read?"
CAPTION = (
    "Above the encoder's [value|states], below what each new word reads, its [output|context]: without attention one "
    "vector handed over once, with attention a mean of the states for each [query|word]."
)


class Flow(View):
    """See `flow`, which makes it."""

    kind = "flow"
    size = (7.6, 3.9)

    @property
    def word(self) -> int:
        """The target word that the picture shows, in the translation with attention."""
        return min(self.state["step"], len(self.options["tokens"]["attention"])) - 1

    def array(self, name: str) -> np.ndarray:
        """An array in float64: states, plain_states [S, D], weights [T, S], plain_context [D]."""
        name = "states" if name == "plain_states" and name not in self.arrays else name
        array = self.arrays[name].astype(np.float64)
        columns = {"weights": len(self.options["source"]), "plain_context": None}.get(name, self.options["dims"])
        return array if columns is None else array.reshape(-1, columns)

    @property
    def contexts(self) -> np.ndarray:
        """The weighted means of the states, one for each word of the translation: [T, D] in float64."""
        return self.array("weights") @ self.array("states")

    def describe(self) -> str:
        source, tokens = self.options["source"], self.options["tokens"]
        weights = self.array("weights")[self.word]
        read = ", ".join(f"{source[s]} {weights[s]:.2f}" for s in np.argsort(-weights)[:3] if weights[s] >= 0.05)
        plain, written = (" ".join(tokens[side]) for side in ("plain", "attention"))
        return (
            f"{len(source)} encoder states of {self.options['dims']} features. Without attention one vector is handed "
            f"over, the same for all {len(tokens['plain'])} words of “{plain}”. With attention each of the "
            f"{len(tokens['attention'])} words of “{written}” has a context of its own. Word "
            f"{self.word + 1}, “{tokens['attention'][self.word]}”, reads {read}: "
            f"{1 / (weights**2).sum():.1f} of {len(source)} words (effective number)."
        )

    def table(self) -> TextTable:
        source, t = self.options["source"], self.word
        header = ["feature", "one vector", f"context for “{self.options['tokens']['attention'][t]}”", *source]
        rows = [["weight", "", "", *[f"{w:.3f}" for w in self.array("weights")[t]]]]
        columns = np.column_stack([self.array("plain_context"), self.contexts[t], self.array("states").T])
        return TextTable(header, rows + [[str(d + 1), *[f"{x:.3f}" for x in row]] for d, row in enumerate(columns)])

    def draw(self, figure) -> None:
        from course_kit.views import picture

        source, tokens = self.options["source"], self.options["tokens"]
        width, ink = max(len(source), *map(len, tokens.values())), picture.ink_map()
        weights = self.array("weights")[self.word]
        vectors = [self.array(name) for name in ("states", "plain_states", "plain_context")]
        most = max(1e-9, *(abs(x).max() for x in [*vectors, self.contexts]))  # one length is one number, on both sides
        for axes, side in zip(figure.subplots(1, 2), ("plain", "attention"), strict=True):
            attends, count = side == "attention", min(self.state["step"], len(tokens[side]))
            states = self.array("states" if attends else "plain_states")
            contexts = self.contexts if attends else np.tile(self.array("plain_context"), (count, 1))
            across = np.arange(len(source)) + (width - len(source)) / 2
            along = np.arange(len(tokens[side])) + (width - len(tokens[side])) / 2
            middle, now = (width - 1) / 2, along[count - 1]
            read = weights if attends else np.isin(np.arange(len(source)), self.options["from"]) * 0.3
            for x, state, w in zip(across, states, read, strict=True):
                _column(axes, state / most, x, 3.0, picture.COLOURS["value"], 1 if w >= 0.1 else 0.45)
                if w > 0.004:
                    end = (now, 1.1) if attends else (middle, 2.45)
                    start = (x, 2.7 if attends else 2.95)
                    axes.plot(*zip(start, end, strict=True), lw=0.6 + 6 * w, color=ink(0.15 + 0.7 * w), zorder=0)
                if attends:
                    axes.plot(x, 2.8, "s", ms=6, color=ink(w), mec="#c3ced9", mew=0.5)
            if not attends:
                _column(axes, contexts[0] / most, middle, 1.4, picture.COLOURS["output"], 1)
                for x in along[:count]:
                    axes.plot([middle, x], [1.35, 1.1], color="#596573" if x == now else "#dbe2e9", lw=1.2, zorder=0)
            for x, context in zip(along[:count], contexts, strict=False):
                _column(axes, context / most, x, 0.0, picture.COLOURS["output"], 1 if x == now else 0.45)
            size = min(9.0, 110 / width)
            for x, name, w in zip(across, picture.names(source, "s"), read, strict=True):
                colour = picture.COLOURS["key"] if w >= 0.1 else "#1b2430"
                axes.text(x, 4.1, name, rotation=45, ha="left", va="bottom", fontsize=size, color=colour)
            for x, name in zip(along[:count], picture.names(tokens[side], "t"), strict=False):
                colour = picture.COLOURS["query" if attends else "output"] if x == now else "#1b2430"
                axes.text(x, -0.1, name, rotation=45, ha="right", va="top", fontsize=size, color=colour)
            axes.set(xlim=(-0.7, width + 0.8), ylim=(-1.0, 5.0), xticks=[], title=self.options["names"][side])
            axes.set_yticks([0.5, 3.5], ["context", "states"], fontsize=9)
            axes.tick_params(length=0)
            axes.spines[:].set_visible(False)


def flow(
    translation,
    states,
    *,
    contexts=None,
    plain=None,
    plain_states=None,
    plain_context=None,
    plain_from=(-1,),
    step=None,
    models=None,
    features=(0, 8),
    title=TITLE,
    caption=CAPTION,
    live=False,
    presenting=None,
):
    """Traditional and attentive translation as two data-flow pictures side by side, with the vectors of real models.

    translation: a decoding.Translation, or (source_tokens, tokens, weights [T, S]); at most 24 and 32 tokens.
    states [S, D]: its encoder's states, 1 to 16 features, chosen or projected by you; the contexts are the weighted
    means of these, computed in the browser. contexts [T, D]: those of the model, if you want them checked.
    plain: Translation or tokens of the model without attention (the same tokens by default); plain_states [S, D] its
    states (the same by default), plain_context [D] the vector it hands over (by default the last of those states),
    plain_from: the states of which that vector is made, for the lines; (0, -1) for a bidirectional encoder.
    models: two of chapter 3's translators, with attention and without, as `load_checkpoint` gives them, or their names:
    the reader can then type a sentence, which they translate in the page, where their files are at hand.
    features: those of their states that are shown, from the first number up to the second.
    step: the word to stand at, from 1; None for the last that is no full stop. live=True: Python reads `step`.

    Numbers travel as float32. Returns a view: .contexts [T, D] .word and what all have.
    Raises ValueError for shapes that don't fit, or contexts that are not the weighted means of the states.
    """
    source, tokens, weights = parts_of(translation)
    if weights is None:
        raise ValueError("this translation has no weights: give that of the model with attention first, plain= second")
    weights = checked_weights(weights, tokens, source, "weights")
    others = getattr(plain, "tokens", tokens if plain is None else plain)
    others = [word_of(t) for t in as_labels(others, "plain", "a Translation, or its tokens")]
    longest = max(len(tokens), len(others))
    if len(source) > MOST_SOURCE or longest > MOST_TARGET or not others:
        raise ValueError(
            f"{len(source)} source tokens, {len(tokens)} and {len(others)} written: this lab shows 1 to {MOST_SOURCE} "
            f"and 1 to {MOST_TARGET}; choose a shorter sentence"
        )
    states = _vectors(states, len(source), "states")
    apart = states if plain_states is None else _vectors(plain_states, len(source), "plain_states", states.shape[1])
    vector = apart[-1] if plain_context is None else as_array(plain_context, "plain_context")
    if vector.shape != states.shape[1:] or not np.isfinite(vector).all():
        raise ValueError(f"plain_context has shape {vector.shape}; needed: [{states.shape[1]}], finite numbers")
    if contexts is not None:
        _check_means(contexts, weights @ states)
    step = _last_word(tokens) if step is None else whole(step, longest, "step")
    if step < 1:
        raise ValueError("step is 0; needed: from 1, the first word")
    arrays = {"weights": weights.astype("<f4").ravel(), "states": states.astype("<f4").ravel()}
    arrays["plain_context"] = vector.astype("<f4")
    if plain_states is not None:
        arrays["plain_states"] = apart.astype("<f4").ravel()
    options = {
        "source": source,
        "tokens": {"plain": others, "attention": tokens},
        "dims": states.shape[1],
        "from": [i % len(source) for i in whole_numbers("plain_from", plain_from, -len(source), len(source) - 1)],
        "names": {"plain": "Without attention", "attention": "With attention"},
        "notes": {"plain": "the same vector for every word", "attention": "a new mean for each word"},
    }
    steps = {"kind": "range", "name": "step", "label": "word", "values": list(range(1, longest + 1)), "digits": 0}
    view = Flow(title, caption, arrays, {"step": step}, [steps], options, presenting)
    if models is not None:
        if features[1] - features[0] != states.shape[1]:
            raise ValueError(
                f"features is {features}, and states have {states.shape[1]}: name those of the whole state"
            )
        told = {"from": list(plain_from), "features": list(features), "longest": MOST_TARGET}
        answered(view, models, source, MOST_SOURCE, title=TITLE, caption=CAPTION, **told)
    return shell(view, live)


def _column(axes, vector, x, low, colour, alpha) -> None:
    """A vector as bars from a middle line, one unit high: to the right above 0, to the left below."""
    edges = low + 1 - (np.arange(len(vector)) + 0.5) / len(vector)
    axes.barh(edges, vector * 0.42, height=0.85 / len(vector), left=x, color=colour, alpha=alpha, lw=0)
    axes.plot([x, x], [low, low + 1], color="#c3ced9", lw=0.6, zorder=0)


def _vectors(given, count: int, name: str, dims: int | None = None) -> np.ndarray:
    vectors = as_array(given, name)
    features = f"1 to {MOST_FEATURES}" if dims is None else str(dims)
    fits = vectors.ndim == 2 and len(vectors) == count and 1 <= vectors.shape[1] <= MOST_FEATURES
    if not fits or (dims is not None and vectors.shape[1] != dims):
        raise ValueError(
            f"{name} has shape {vectors.shape}; needed: [{count}, {features}], a row for each source token; choose "
            f"features, as in {name}[:, :8], or project them"
        )
    if not np.isfinite(vectors).all():
        raise ValueError(f"{name} holds NaN or infinite numbers: look for them with isfinite()")
    return vectors


def _check_means(contexts, means: np.ndarray) -> None:
    contexts = as_array(contexts, "contexts")
    if contexts.shape != means.shape:
        raise ValueError(f"contexts has shape {contexts.shape}; needed: {means.shape}, one for each word written")
    off = float(abs(contexts - means).max())
    if not off <= 1e-3 * max(1.0, float(abs(means).max())):
        raise ValueError(
            f"contexts differ from weights @ states by up to {off:.3g}: take the same features of both, and the "
            "weights of the same words"
        )


def _last_word(tokens: list[str]) -> int:
    """The number, from 1, of the last token with a letter or a digit in it; of the last one if there is none."""
    return max((i for i, token in enumerate(tokens, 1) if any(map(str.isalnum, token))), default=len(tokens))
