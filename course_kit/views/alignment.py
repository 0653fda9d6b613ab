"""The alignment lab: a translation that grows word by word, and what changes when a word is knocked out."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from course_kit.checkpoints import Loaded
from course_kit.i18n import mark, sentences, t, tn
from course_kit.views.inputs import Labels, checked_labels, place_of
from course_kit.views.reader_input import answered
from course_kit.views.table import TextTable
from course_kit.views.translation import (
    MOST_SOURCE,
    MOST_TARGET,
    Given,
    Version,
    checked_weights,
    difference,
    parts_of,
    variant_of,
)
from course_kit.views.view import View

TITLE = mark("Which source words does each new word attend to?")
CAPTION = mark(
    "A row for each [query|word written], a column for each [key|source word]. Press play, or choose a word."
)


class Alignment(View):
    """See `alignment`, which makes it."""

    kind = "alignment"

    @property
    def version(self) -> dict:
        return self.options["versions"][self.state["variant"]]

    @property
    def source(self) -> list[str]:
        return self.options["source"]

    @property
    def tokens(self) -> list[str]:
        """The words written so far."""
        return self.version["tokens"][: self.state["step"]]

    @property
    def weights(self) -> np.ndarray:
        """[words written so far, S], NaN where masked."""
        start, source = self.version["start"], self.source
        rows = self.arrays["weights"].astype(np.float64).reshape(-1, len(source))
        return rows[start : start + len(self.tokens)]

    @property
    def links(self) -> set[tuple[int, int]]:
        """(target, source): each written word and the source word that it attends to most."""
        weights = np.nan_to_num(self.weights)
        return {(n, int(row.argmax())) for n, row in enumerate(weights) if row.max() > 0}

    def first(self) -> dict[str, Any]:
        return {"step": 0}

    def describe(self) -> str:
        source, written, of = self.source, self.tokens, len(self.version["tokens"])
        told: dict[str, Any] = dict(source=" ".join(source), count=len(written), of=of, written=" ".join(written))
        if self.state["variant"]:
            told["label"] = self.version["label"]
            said = [t("Source: “{source}”. Translation {label}, {count} of {of} words written: “{written}”.", **told)]
        else:
            said = [t("Source: “{source}”. Translation, {count} of {of} words written: “{written}”.", **told)]
        strongest = t(", ").join(f"{written[n]} → {source[s]} {self.weights[n, s]:.2f}" for n, s in sorted(self.links))
        if strongest and self.options.get("linked"):
            said.append(t("Each word and the source word that it translates: {strongest}.", strongest=strongest))
        elif strongest:
            said.append(t("Each word and the source word it attends to most: {strongest}.", strongest=strongest))
        if self.state["variant"]:
            changed, lost = sum(self.version["changed"]), sum(self.version["lost"])
            said.append(t("Before: “{before}”.", before=" ".join(self.options["versions"][0]["tokens"])))
            some = tn("{n} word is new, {lost} gone.", "{n} words are new, {lost} gone.", changed, lost=lost)
            said.append(some if changed or lost else t("Nothing changes."))
        return sentences(*said)

    def table(self) -> TextTable:
        rows = []
        for word, weights in zip(self.tokens, self.weights, strict=True):
            rows.append([word, *(t("masked") if np.isnan(w) else f"{w:.3f}" for w in weights)])
        return TextTable([t("word"), *self.source], rows)


def alignment(
    translation: Given,
    *,
    variants: Sequence[dict[str, Any]] = (),
    step: int | None = None,
    select: str | int | None = None,
    title: str = TITLE,
    caption: str | None = None,
    languages: tuple[str, str] = ("", ""),
    glosses: Labels | None = None,
    model: str | Loaded | None = None,
    typing: bool = False,
    links: bool = False,
) -> Alignment:
    """A translation that grows word by word, each new word with its row of weights; play, step, point, knock out.

    translation: a decoding.Translation, or (source_tokens, tokens, weights [T, S]); at most 64 and 140 tokens.
    variants: what is written when something is taken away, recorded before: a dict for each, with
        word      index of the source word
        tokens    the translation then; weights [T', S], or [T', S − 1] for a source without the word; may be None
    step: words written at first; None for all. select: the written word that is lit before anybody points; None: one
    that attends far from its own place.
    languages: of both sides, as in ("en", "zh"), for fonts and readers.
    glosses: an English word for each source token, "" for none, for readers who don't know the language.
    model: a translator with attention, as `load_checkpoint` gives it, or its name: the reader can then type a sentence,
    which it translates in the page, where its files are at hand; typing=True: the field for it is open at first.
    links=True: the weights are links that somebody set, and the view doesn't call them attention.

    Numbers travel as float16 (error ≤ 5·10⁻⁴). Returns a view: .tokens .weights .links and what all have.
    Raises TypeError or ValueError that says what was given, what is needed and what to do.
    """
    source, versions = _versions(translation, variants)
    longest = max(len(v.tokens) for v in versions)
    step = longest if step is None else step
    if caption is None:
        caption = sentences(t(CAPTION), t("Press a [key|source word] to knock it out.") if len(versions) > 1 else "")
    control = {"kind": "range", "name": "step", "label": t("words written"), "digits": 0}
    controls: list[dict[str, Any]] = [control | {"values": list(range(longest + 1))}]
    if len(versions) > 1:
        words = {0: t("nothing"), **{i: v.label for i, v in enumerate(versions) if i}}
        menu = {"options": list(words), "words": words, "menu": True}
        controls.append({"kind": "choice", "name": "variant", "label": t("knock out"), **menu})
    options = {"source": source, "versions": _shown(versions), "languages": list(languages)}
    options["first"] = place_of(select, versions[0].tokens, "written word")
    if glosses is not None:
        options["glosses"] = checked_labels(glosses, len(source), "glosses", "the source has {} tokens")
    if links:
        options["linked"] = True
    arrays = {"weights": np.concatenate([v.weights for v in versions]).astype("<f2").ravel()}
    view = Alignment(title, caption, arrays, {"step": step, "variant": 0, "row": -1, "col": -1}, controls, options)
    if model is not None:
        read: Any = translation[0] if isinstance(translation, tuple | list) else translation.source_tokens
        told = {"title": t(TITLE), "caption": t(CAPTION), "longest": MOST_TARGET, "open": typing}
        answered(view, model, read, MOST_SOURCE, needs="attention", **told)
    return view


def _versions(translation: Given, variants: Sequence[dict[str, Any]]) -> tuple[list[str], list[Version]]:
    """The source's words, and the translation and its variants, checked."""
    source, tokens, weights = parts_of(translation)
    if weights is None:
        raise ValueError("the model of this translation has no attention; take another translation")
    first = Version(tokens, checked_weights(weights, tokens, source, "weights"))
    return source, [first, *(variant_of(v, source, f"variants[{i}]") for i, v in enumerate(variants))]


def _shown(versions: list[Version]) -> list[dict]:
    """What the page is told of each; start: the first of its rows of weights."""
    start, shown = 0, []
    for v in versions:
        changed, lost = difference(versions[0].tokens, v.tokens)
        told = {"tokens": v.tokens, "start": start, "label": v.label, "word": v.word}
        shown.append(told | {"changed": changed, "lost": lost})
        start += len(v.tokens)
    return shown
