"""BERT's input: what the token, the segment and the position say, as three strips of numbers, and their sum."""

import numpy as np

from chapters.ch06.labs.words import checked_words, drawable, one_of
from course_kit.arguments import described, whole_number, whole_numbers
from course_kit.views.arguments import as_array
from course_kit.views.live import shell
from course_kit.views.table import TextTable
from course_kit.views.view import View

MOST_WORDS, MOST_FEATURES, AT_ONCE = 24, 128, 16
PARTS = ("token", "segment", "position")


class Embeddings(View):
    """See `embeddings`."""

    kind = "embeddings"
    size = (7.6, 3.2)
    colours = 256

    @property
    def parts(self) -> dict[str, np.ndarray]:
        """name -> [T, F] in float64, each part's numbers, switched on or not."""
        count = len(self.options["names"])
        return {name: self.arrays[name].astype(np.float64).reshape(count, -1) for name in PARTS}

    @property
    def sum(self) -> np.ndarray:
        """[T, F] in float64: the sum of the parts that are switched on."""
        return sum(p * on for p, on in zip(self.parts.values(), self.state["parts"], strict=True))

    @property
    def twins(self) -> list[tuple[int, float]]:
        """The other positions with the chosen word, and how far their sums lie from its own."""
        names, word, total = self.options["names"], self.state["word"], self.sum
        same = [i for i, n in enumerate(names) if n == names[word] and i != word]
        return [(i, float(np.linalg.norm(total[i] - total[word]))) for i in same]

    @property
    def selection(self) -> tuple[str, int, float]:
        """Word, feature, and the sum's number there."""
        word, feature = self.state["word"], self.state["feature"]
        return self.options["names"][word], feature, float(self.sum[word, feature])

    def describe(self) -> str:
        names, word, f = self.options["names"], self.state["word"], self.state["feature"]
        on = [p for p, use in zip(PARTS, self.state["parts"], strict=True) if use]
        numbers = " + ".join(f"{p} {self.parts[p][word, f]:.3f}" for p in on) or "nothing"
        other = "".join(
            f" Its sum and that of “{names[i]}” at position {i + 1} {f'lie {d:.3f} apart' if d else 'are the same'}."
            for i, d in self.twins
        )
        full = f"Full colour stands for ±{self.options['reach']['parts']:g} and beyond."
        return (
            f"Embeddings of {len(names)} words, {' + '.join(on) or 'all parts switched off'}, in "
            f"{self.options['features']} of {self.options['size']} features. “{names[word]}” at position {word + 1}, "
            f"feature {f}: {numbers} = {self.sum[word, f]:.3f}.{other} {full}"
        )

    def table(self) -> TextTable:
        f = self.state["feature"]
        more = {"after the norm": self.arrays["normed"].reshape(len(self.sum), -1)} if self.options["normed"] else {}
        columns = {**self.parts, "sum": self.sum, **more}
        rows = [
            [f"{i + 1} {n}", *(f"{x[i, f]:.3f}" for x in columns.values())] for i, n in enumerate(self.options["names"])
        ]
        return TextTable([f"feature {f}", *columns], rows)

    def draw(self, figure) -> None:
        from matplotlib.colors import LinearSegmentedColormap

        from course_kit.views import picture

        first, names = self.state["first"], drawable(self.options["names"])
        strips = {**self.parts, "sum": self.sum}
        if self.options["normed"]:
            strips["normed"] = self.arrays["normed"].reshape(len(names), -1)
        stops = [np.array(x) / 255 for x in (picture.BRICK, picture.PAPER, picture.SAND)]
        colours = LinearSegmentedColormap.from_list("signed", stops)
        axes = figure.subplots(1, len(strips), sharey=True)
        for i, (ax, (name, x)) in enumerate(zip(axes, strips.items(), strict=True)):
            part = x[:, first : first + AT_ONCE]
            on = i >= len(PARTS) or self.state["parts"][i]
            reach = self.options["reach"]["normed" if name == "normed" else "parts"]
            ax.imshow(part, cmap=colours, vmin=-reach, vmax=reach, aspect="auto", alpha=1 if on else 0.2)
            sign = ("", "+ ", "+ ", "= ", "→ ")[i]
            ax.set_title(sign + name, fontsize=9.5, color=picture.COLOURS["output"] if name == "sum" else "#1b2430")
            note = f"features {first}–{first + part.shape[1] - 1}" if i == 0 else f"full colour ±{reach:g}" * (i > 2)
            ax.set_xlabel(note, fontsize=8)
            ax.set_xticks([])
            ax.tick_params(length=0)
            ax.spines[:].set_visible(name == "sum")
            ax.spines[:].set(color=picture.COLOURS["output"], linewidth=1.6)
            ax.axhline(self.state["word"] - 0.5, color="#1b2430", lw=0.8)
            ax.axhline(self.state["word"] + 0.5, color="#1b2430", lw=0.8)
        segments = self.options["segments"] or [""] * len(names)
        labels = [f"{n}  {i + 1}{'' if s == '' else f' · {s}'}" for i, (n, s) in enumerate(zip(names, segments))]  # noqa: B905
        axes[0].set_yticks(range(len(names)), labels)


def embeddings(
    parts,
    tokens,
    *,
    segments=None,
    normed=None,
    features=64,
    select=None,
    title="What does BERT know of a word before it reads the others?",
    caption="A row for each word, a cell for each feature: the same row wherever the same token, segment or position "
    "comes back. Choose a cell, or switch a part off.",
    live=False,
    presenting=None,
):
    """The three embeddings of BERT's input beside each other, and their [output|sum].

    parts: (token, segment, position), each [T, D] or [1, T, D], as `BertEmbeddings.parts` gives them; tokens: T words,
    at most 24; segments: T numbers, written beside the words; normed [T, D]: the sum after LayerNorm, one more strip;
    features: how many of D travel with the view, at most 128; select: the word to begin with, or its index.
    live=True: Python reads `word`, `feature`, `first` (of the 16 features shown) and `parts` (which are added).

    Numbers travel as float32. Returns a view: .parts, .sum [T, F], .twins; and what all have. Raises ValueError for
    what does not fit. Source: Devlin et al. 2019, figure 2.
    """
    names = checked_words(tokens, MOST_WORDS)
    parts = [parts.get(name) for name in PARTS] if isinstance(parts, dict) else parts
    if not isinstance(parts, tuple | list) or len(parts) != 3:
        raise ValueError(f"parts is {described(parts)}; needed: 3, for token, segment and position")
    given = [_rows(p, f"{n} embeddings", len(names)) for n, p in zip(PARTS, parts, strict=True)]
    size = given[0].shape[1]
    after = None if normed is None else _rows(normed, "normed", len(names))
    if any(x.shape[1] != size for x in (*given, *([] if after is None else [after]))):
        raise ValueError(f"the parts have {[x.shape[1] for x in given]} features; needed: the same number, to be added")
    segments = None if segments is None else whole_numbers("segments", segments, 0)
    if segments is not None and len(segments) != len(names):
        raise ValueError(f"{len(segments)} segments for {len(names)} tokens; needed: one for each")
    count = min(whole_number("features", features, 1, MOST_FEATURES), size)
    arrays = {n: x[:, :count].astype("<f4").ravel() for n, x in zip(PARTS, given, strict=True)}
    whole = sum(x[:, :count] for x in given)
    reach = {"parts": _reach([*(x[:, :count] for x in given), whole]), "normed": 1.0}
    if after is not None:
        arrays["normed"] = after[:, :count].astype("<f4").ravel()
        reach["normed"] = _reach([after[:, :count]])
    options = {
        "names": names,
        "segments": segments,
        "features": count,
        "size": size,
        "window": min(AT_ONCE, count),
        "normed": after is not None,
        "reach": reach,
    }
    starts = list(range(0, max(1, count - AT_ONCE + 1)))
    controls = [
        {"kind": "toggles", "name": "parts", "label": "added up:", "options": list(PARTS)},
        *([{"kind": "range", "name": "first", "label": "features from", "values": starts, "digits": 0}] * (count > 16)),
        {"kind": "button", "name": "reset", "label": "reset"},
    ]
    state = {"word": one_of(select, names), "feature": 0, "first": 0, "parts": [True] * 3}
    view = Embeddings(title, caption, arrays, state, controls, options, presenting)
    view.size = (7.6, 1.2 + 0.2 * len(names))
    return shell(view, live)


def _reach(numbers: list[np.ndarray]) -> float:
    """The number that gets full colour: 95 of 100 lie below it, so that one large one does not fade all others."""
    return float(f"{np.quantile(np.abs(np.stack(numbers)), 0.95):.2g}") or 1.0


def _rows(x, name: str, count: int) -> np.ndarray:
    x = as_array(x, name)
    x = x[0] if x.ndim == 3 and len(x) == 1 else x
    if x.ndim != 2 or len(x) != count or not np.isfinite(x).all():
        raise ValueError(
            f"{name} have shape {x.shape}; needed: finite numbers [{count}, D], a row for each of the {count} tokens; "
            "of a batch take one sentence, as in x[0]"
        )
    return x
