"""What a model predicts at each position: choose a word and see the most probable ones as bars, one model or two."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from chapters.ch06.labs.words import chance, checked_words, one_of, probabilities
from course_kit.checkpoints import Loaded
from course_kit.i18n import mark, sentences, t
from course_kit.programs.arguments import described, flag, whole_numbers
from course_kit.views.inputs import Labels, Numbers, as_labels
from course_kit.views.reader_input import answered
from course_kit.views.table import TextTable
from course_kit.views.view import View

MOST_WORDS, MOST_MODELS, TOP = 64, 2, 5  # TOP: how many bars
OWN = "The fisherman sat on the bank. He was [MASK]."  # to begin with, where the reader types


class Predictions(View):
    """See `predictions`."""

    kind = "predictions"

    def bars(self, model: int = 0, position: int | None = None) -> list[tuple[str, float]]:
        """The most probable words at a position, by default the chosen one: (word, probability), the largest first."""
        place = self.options["positions"].index(self.state["position"] if position is None else position)
        count, top = len(self.options["positions"]), self.options["top"]
        ids = self.arrays["words"].reshape(-1, count, top)[model, place].astype(int)
        p = self.arrays["top"].astype(np.float64).reshape(-1, count, top)[model, place]
        return [(self.options["vocabulary"][i], float(x)) for i, x in zip(ids, p, strict=True)]

    def true(self, model: int = 0, position: int | None = None) -> tuple[str, float, int] | None:
        """The true word at a position, its probability and its rank from 1; None where none was given."""
        position = self.state["position"] if position is None else position
        place, count = self.options["positions"].index(position), len(self.options["positions"])
        word = self.options["truth"][place]
        p, rank = (self.arrays[n].reshape(-1, count)[model, place] for n in ("true", "rank"))
        return None if word is None else (word, float(p), int(rank))

    def right(self, model: int = 0) -> tuple[int, int]:
        """At how many of the positions with a true word the most probable word is it: (right, positions)."""
        known = [true for p in self.options["positions"] if (true := self.true(model, p))]
        return sum(rank == 1 for _, _, rank in known), len(known)

    def truth(self, **told: str) -> str:
        """What is said of the one that is right at a position."""
        if self.options["covered"]:
            return t("The true word “{true}” has {chance}, rank {rank}.", **told)
        return t("The true tag “{true}” has {chance}, rank {rank}.", **told)

    def describe(self) -> str:
        position = self.state["position"]
        said = []
        for m, name in enumerate(self.options["models"]):
            listed = t(", ").join(f"“{w}” {chance(p)}" for w, p in self.bars(m))
            true, (right, of) = self.true(m), self.right(m)
            told = t("{name}: {text}.", name=name, text=listed) if name else t("{text}.", text=listed)
            truth = score = ""
            if true:
                words = dict(true=true[0], chance=chance(true[1]), rank=f"{true[2]:,}")
                truth = self.truth(**words)
            if of:
                score = t("Right at {right} of {of} positions.", right=right, of=of)
            said.append(sentences(told, truth, score))
        return t(
            "At position {position}, “{options}”: {said}",
            position=position + 1,
            options=self.options["names"][position],
            said=sentences(*said),
        )

    def table(self) -> TextTable:
        models = range(len(self.options["models"]))
        header, rows = [t("position")], []
        for m in models:
            name = self.options["models"][m]
            right = t("true word") if self.options["covered"] else t("true tag")
            what = (t("most probable"), t("probability"), right, t("its probability"))
            header += [f"{name} {one}".strip() for one in what]
        for position in self.options["positions"]:
            cells = [f"{position + 1} {self.options['names'][position]}"]
            for m in models:
                (word, p), true = self.bars(m, position)[0], self.true(m, position)
                cells += [word, chance(p), *((true[0], chance(true[1])) if true else ("–", "–"))]
            rows.append(cells)
        return TextTable(header, rows)


def predictions(
    tokens: Labels,
    predictions: Numbers | dict[str, Numbers],
    vocabulary: Labels,
    *,
    truth: Sequence[str | None] | None = None,
    positions: Iterable[int] | None = None,
    select: int | str | None = None,
    model: str | Loaded | None = None,
    seen: Sequence[int] = (),
    covered: bool = True,
    title: str = mark("What does the model expect here?"),
    caption: str = mark(
        "Choose a [warm|word] to cover it, or use the arrow keys. Bars: the words that the model [output|expects] in "
        "the gap."
    ),
) -> Predictions:
    """The most probable words at each position of a sentence as bars, for one model or for two side by side.

    tokens: T words, at most 64; predictions: probabilities [T, V], or a dict of two such, name -> [T, V]; vocabulary: V
    words; truth: the true word of each position, T words, None where there is none; positions: those that can be chosen
    (default all); select: the position to begin with, or its word (default: the first with a true word).
    seen: the positions whose bars are seen without a guess, where the view is silent.
    covered=False: for tags, the words stay, and below each stands the most probable tag; vocabulary: the tags; truth:
    the true tag of each word.
    model: the name of the BERT whose predictions these are, as in "bert-stories": it then fills the gaps of what the
    reader types, in the page.

    Only the bars travel, as float32. Returns a view: .bars(model), .true(model), .right(model); and what all have.
    Raises TypeError and ValueError for what does not fit.
    """
    names = checked_words(tokens, MOST_WORDS)
    places = range(len(names)) if positions is None else whole_numbers("positions", positions, 0, len(names) - 1)
    places = sorted(set(places))
    if not places:
        raise ValueError(f"positions is empty; needed: at least one, from 0 to {len(names) - 1}")
    models = predictions if isinstance(predictions, dict) else {"": predictions}
    if not 1 <= len(models) <= MOST_MODELS:
        raise ValueError(f"{len(models)} models; needed: 1 or {MOST_MODELS}, side by side")
    if model is not None and len(models) > 1:
        raise ValueError(
            f"model={model!r} beside {len(models)} predictions; needed: the predictions of that model alone"
        )
    vocabulary = as_labels(vocabulary, "vocabulary")
    shape = len(names), len(vocabulary)
    given = [probabilities(p, shape, name or "predictions")[places] for name, p in models.items()]
    told = _true_words(truth, len(names))
    true_words = [told[p] for p in places]
    arrays, shown = _packed(given, vocabulary, true_words)
    options = {"names": names, "positions": places, "models": list(models), "truth": true_words} | shown
    options |= {"covered": flag("covered", covered), "seen": [one_of(p, names, places) for p in seen]}
    asked = [p for p, word in zip(places, true_words, strict=True) if word is not None]
    start = one_of(asked[0] if select is None and asked else select, names, places)
    controls = [{"kind": "button", "name": "reset", "label": t("reset")}]
    state = {"position": start} | ({} if model is None else {"own": "", "own_position": 0})
    view = Predictions(title, caption, arrays, state, controls, options)
    answered(view, model, OWN, label=t("Your own text, or with a [MASK]:"), fold=t("a text of your own"))
    return view


def _true_words(truth: Any, count: int) -> list[str | None]:
    if truth is None:
        return [None] * count
    if isinstance(truth, str) or not isinstance(truth, Sequence):
        raise TypeError(f"truth is {described(truth)}; needed: a list of words, None where there is none")
    if len(truth) != count:
        raise ValueError(f"{len(truth)} true words for {count} tokens; needed: one for each, None where there is none")
    return [None if word is None else str(word) for word in truth]


def _packed(given: list[np.ndarray], vocabulary: list[str], true_words: list[str | None]) -> tuple[dict, dict]:
    """What travels: the numbers of the bars and of the true words; how many bars there are, and their words."""
    top = min(TOP, len(vocabulary))
    order = [np.argsort(-p, axis=-1, kind="stable")[:, :top] for p in given]
    used = sorted({int(i) for ids in order for i in ids.ravel()})
    small = {i: n for n, i in enumerate(used)}
    ids = _ids(true_words, vocabulary)
    likely = [[p[n, i] if i is not None else 0 for n, i in enumerate(ids)] for p in given]
    ranks = [[_rank(p[n], i) for n, i in enumerate(ids)] for p in given]
    bars = [np.take_along_axis(p, o, -1) for p, o in zip(given, order, strict=True)]
    numbers = {"words": np.vectorize(small.get)(np.stack(order)), "top": bars, "true": likely, "rank": ranks}
    arrays = {name: np.array(x, "<f4").ravel() for name, x in numbers.items()}
    return arrays, {"top": top, "vocabulary": [vocabulary[i] for i in used]}


def _rank(p: np.ndarray, i: int | None) -> int:
    """The rank of word i among all, from 1, in the order of the bars: of equal ones the first comes first."""
    return 0 if i is None else 1 + int((p > p[i]).sum() + (p[:i] == p[i]).sum())


def _ids(words: list[str | None], vocabulary: list[str]) -> list[int | None]:
    """The ids of the true words; ValueError for one that the vocabulary does not have."""
    if missing := sorted({w for w in words if w is not None} - set(vocabulary)):
        raise ValueError(f"the true word {missing[0]!r} is not in the vocabulary; give it as the tokenizer writes it")
    return [None if w is None else vocabulary.index(w) for w in words]
