"""Words in a picture, for the views that show a sentence, checked."""

from collections.abc import Iterable

import numpy as np

from course_kit.programs.arguments import whole_number
from course_kit.views.inputs import Labels, Numbers, as_array, as_labels


def checked_words(tokens: Labels, most: int) -> list[str]:
    """The tokens as a list of strings. Raises TypeError for one string, ValueError for none or more than `most`."""
    if isinstance(tokens, str):
        raise TypeError(f"tokens is one string, {tokens[:30]!r}; needed: a list of words, as in tokens.split()")
    words = as_labels(tokens, "tokens")
    if not 1 <= len(words) <= most:
        raise ValueError(f"{len(words)} tokens; needed: 1 to {most}, so that each can be read; take a part of them")
    return words


def one_of(select: int | str | None, words: list[str], allowed: Iterable[int] | None = None) -> int:
    """The index of a selected word, given as index or as the word itself (its first position among the allowed)."""
    allowed = list(range(len(words))) if allowed is None else list(allowed)
    if select is None:
        return allowed[0]
    if isinstance(select, str):
        found = [i for i in allowed if words[i] == select]
        if not found:
            raise ValueError(f"there is no word {select!r} to select; choose among {[words[i] for i in allowed]}")
        return found[0]
    if whole_number("select", select) not in allowed:
        raise ValueError(f"select is {select}; needed: one of the positions {allowed}, or the word itself")
    return whole_number("select", select)


def probabilities(given: Numbers, shape: tuple, name: str) -> np.ndarray:
    """Finite numbers of a shape, of which each row sums to 1, in float64; ValueError says what is not so."""
    p = as_array(given, name)
    if p.shape != shape:
        raise ValueError(f"{name} has shape {p.shape}; needed: {shape}, one row of probabilities for each word asked")
    sums = p.sum(-1)
    if not np.isfinite(p).all() or (p < 0).any() or abs(sums - 1).max() > 1e-3:
        raise ValueError(
            f"{name}: the first row sums to {np.ravel(sums)[0]:.4g}, the smallest number is {p.min():.4g}; needed: "
            "probabilities that sum to 1, as in logits.softmax(-1)"
        )
    return p


def chance(p: float) -> str:
    """A probability as a reader sees it: three digits; what is less is not called nothing."""
    return "< 0.001" if 0 < p < 0.0005 else f"{p:.3f}"
