"""Words in a picture, for the views that show a sentence: checked, laid out in lines, drawn in boxes."""

import numpy as np

from . import plot


def checked_words(tokens, most: int, name: str = "tokens") -> list[str]:
    """The tokens as a list of strings. Raises TypeError for one string, ValueError for none or more than `most`."""
    if isinstance(tokens, str):
        raise TypeError(f"{name} is one string, {tokens[:30]!r}; needed: a list of words, as in {name}.split()")
    words = [str(t) for t in tokens]
    if not 1 <= len(words) <= most:
        raise ValueError(f"{len(words)} {name}; needed: 1 to {most}, so that each can be read; take a part of them")
    return words


def one_of(select, words: list[str], allowed=None) -> int:
    """The index of a selected word, given as index or as the word itself (its first place among the allowed)."""
    allowed = list(range(len(words))) if allowed is None else list(allowed)
    if select is None:
        return allowed[0]
    if isinstance(select, str):
        found = [i for i in allowed if words[i] == select]
        if not found:
            raise ValueError(f"there is no word {select!r} to select; choose among {[words[i] for i in allowed]}")
        return found[0]
    if int(select) not in allowed:
        raise ValueError(f"select is {select}; needed: one of the places {allowed}, or the word itself")
    return int(select)


def probabilities(given, shape: tuple, name: str) -> np.ndarray:
    """Finite numbers of a shape, of which each row sums to 1, in float64; ValueError says what is not so."""
    from .view import as_array

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


class Lines:
    """Where each word stands in a matplotlib figure of `width` inches: as many columns as fit the longest word."""

    def __init__(self, words: list[str], width: float, letter: float = 0.105, least: float = 0.62):
        wide = [sum(1.7 if ord(c) >= 0x2E80 else 1 for c in w) for w in words]
        self.column = max(least, letter * max(wide) + 0.16)
        self.columns = max(1, min(len(words), int(width / self.column)))
        self.rows = -(-len(words) // self.columns)
        self.count = len(words)

    def __iter__(self):
        """(index, column, row) of each word."""
        return ((i, i % self.columns, i // self.columns) for i in range(self.count))

    def axes(self, axes, height: float = 1.0) -> None:
        """Makes matplotlib axes of a unit for each column and of `height` for each row, the first one on top."""
        axes.set(xlim=(-0.5, self.columns - 0.5), ylim=(self.rows * height, 0))
        axes.axis("off")


def boxed(axes, x, y, text: str, fill=None, edge=None, style="-", colour="#1b2430", weight="normal", size=9) -> None:
    """One word in a box: what stands in a line of words in the static picture."""
    box = {"boxstyle": "round,pad=0.3", "facecolor": fill or "none", "edgecolor": edge or "none", "linestyle": style}
    axes.text(x, y, text, ha="center", va="center", fontsize=size, color=colour, weight=weight, bbox=box)


def shown(words) -> list[str]:
    """The words as matplotlib can draw them here; `$` starts no formula."""
    return [w.replace("$", r"\$") for w in plot.names(words, "w")]
