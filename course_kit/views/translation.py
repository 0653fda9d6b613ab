"""What the labs of translation are given, checked: a translation with its weights, variants of it."""

import difflib
from typing import Any, NamedTuple

import numpy as np

from course_kit.decoding import Translation
from course_kit.i18n import t
from course_kit.views.inputs import Labels, Numbers, as_array, as_labels, check_weights

Given = Translation | tuple[Labels, Labels, Numbers | None]
MOST_SOURCE, MOST_TARGET = 64, 140


class Version(NamedTuple):
    """A translation that is shown: as it was written, or with something taken away."""

    tokens: list[str]
    weights: np.ndarray  # [T, S], NaN where masked
    label: str = ""
    word: int | None = None  # the source word that was knocked out


def parts_of(translation: Given) -> tuple[list[str], list[str], Any]:
    """(source tokens, tokens, weights) of a Translation or of a triple."""
    parts: Any = translation
    if hasattr(parts, "source_tokens"):
        parts = parts.source_tokens, parts.tokens, parts.weights
    elif not isinstance(parts, tuple | list) or len(parts) != 3:
        needed = "one Translation, as in translate(loaded, text)[0], or (source_tokens, tokens, weights)"
        raise TypeError(f"translation is {type(translation).__name__}; needed: {needed}")
    source, tokens = (_words(part, name) for part, name in zip(parts, ("source_tokens", "tokens"), strict=False))
    if not 1 <= len(source) <= MOST_SOURCE or not 1 <= len(tokens) <= MOST_TARGET:
        given, most = f"{len(source)} source tokens and {len(tokens)} tokens written", (MOST_SOURCE, MOST_TARGET)
        raise ValueError("{}: this lab shows 1 to {} and 1 to {}; choose another sentence".format(given, *most))
    return source, tokens, parts[2]


def checked_weights(weights: Numbers, tokens: list[str], source: list[str], name: str) -> np.ndarray:
    """Weights as an array [T, S]: finite, each row sums to 1 or 0."""
    weights = as_array(weights, name)
    if weights.shape != (len(tokens), len(source)):
        needed = f"[{len(tokens)}, {len(source)}], a row for each word written and a column for each source word"
        raise ValueError(f"{name} has shape {weights.shape}; needed: {needed}")
    if missing := int((~np.isfinite(weights)).sum()):
        raise ValueError(f"{missing} of {weights.size} numbers in {name} are NaN or infinite: use masked_softmax")
    check_weights(weights, np.ones(weights.shape, bool))
    return weights


def variant_of(given: dict[str, Any], source: list[str], name: str) -> Version:
    """What was written when something was taken away: a dict as `labs.alignment` says."""
    word = given["word"]
    written = _words(given["tokens"], f"{name} tokens")
    if len(written) > MOST_TARGET:
        raise ValueError(f"{name} has {len(written)} tokens: this lab shows up to {MOST_TARGET}")
    rows = np.full((len(written), len(source)), np.nan)
    if given["weights"] is not None and len(written):
        weights, rest = as_array(given["weights"], f"{name} weights"), [s for s in range(len(source)) if s != word]
        if weights.ndim == 2 and weights.shape[1] == len(rest) < len(source):
            rows[:, rest] = checked_weights(weights, written, source[1:], f"{name} weights")
        else:
            rows = checked_weights(weights, written, source, f"{name} weights")
            if not rows[:, word].any():
                rows[:, word] = np.nan
    return Version(written, rows, t("without “{source}”", source=source[word]), word)


def difference(before: list[str], after: list[str]) -> tuple[list[bool], list[bool]]:
    """(which words of `after` are new, which words of `before` are gone)."""
    new, gone = [True] * len(after), [True] * len(before)
    for a, b, size in difflib.SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks():
        gone[a : a + size], new[b : b + size] = [False] * size, [False] * size
    return new, gone


def _words(tokens: Labels, name: str) -> list[str]:
    return list(map(word_of, as_labels(tokens, name, "a list of tokens")))


def word_of(token: object) -> str:
    """A token as a reader sees it: without the mark that opens a word in a vocabulary of pieces."""
    token = str(token)
    return token[1:] if token.startswith("▁") and len(token) > 1 else token
