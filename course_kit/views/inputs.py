"""What a view is given: weights, masks, labels and places, checked, with an error that says what is needed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from numbers import Number
from typing import Any

import numpy as np
from torch import Tensor

from course_kit.programs.arguments import described, whole_characters, whole_number

MOST_LETTERS = 1000  # of a label

Numbers = Tensor | np.ndarray | Sequence[Any]  # the last: in rows of equal length
Labels = Iterable[str | float]  # a list, an array, a tensor
Select = str | int | None | tuple[str | int | None, str | int | None]  # a query, or a query and a key


def _boolean(mask: Numbers) -> np.ndarray:
    try:
        array = mask.detach().cpu().numpy() if hasattr(mask, "detach") else np.asarray(mask)
    except (TypeError, ValueError, RuntimeError):
        array = np.asarray(None)
    if array.dtype != bool:
        raise TypeError(
            f"mask is {described(mask)}: it must be boolean, True = may be attended "
            "(for 0 and 1 write mask == 1; for 0 and −inf, mask == 0)"
        )
    return array


def as_array(x: Numbers | None, name: str) -> np.ndarray:
    """A tensor, array or nested list as a float64 array, detached from graph and device."""
    try:
        if isinstance(x, Tensor):
            small = x.dtype.is_floating_point and x.element_size() < 4
            array = (x.detach().cpu().float() if small else x.detach().cpu()).numpy()
        else:
            array = np.asarray(x)
        if array.dtype.kind not in "biuf":  # no text, no dates, nothing complex, no None
            raise TypeError(f"given {array.dtype}")
        return array.astype(np.float64)
    except (TypeError, ValueError, RuntimeError, OverflowError) as error:
        raise TypeError(
            f"{name} is {described(x)}; needed: numbers in rows of equal length (a tensor, an array or a list): {error}"
        ) from None


def as_labels(labels: Labels, name: str, needed: str = "a list of words") -> list[str]:
    """A list of words or numbers as texts. A single text is refused, and what has no order."""
    given: Any = labels.tolist() if hasattr(labels, "tolist") else labels
    if isinstance(given, str | bytes | set | frozenset | dict) or not hasattr(given, "__iter__"):
        raise TypeError(f"{name} is {described(given)}; needed: {needed}")
    given = list(given)
    if wrong := [label for label in given if not isinstance(label, str | Number)]:
        raise TypeError(f"{name} hold {described(wrong[0])}; needed: {needed}, each a text or a number")
    texts = [whole_characters(str(label)) for label in given]
    if longest := max(texts, key=len, default="")[MOST_LETTERS:]:
        letters = MOST_LETTERS + len(longest)
        raise ValueError(f"a label of {name} has {letters:,} letters; needed: {MOST_LETTERS} at most")
    return texts


def checked_labels(labels: Labels | None, count: int, name: str, rows: str) -> list[str]:
    """As many labels as there are `rows`; their numbers from 1 where none are given."""
    if labels is None:
        return [str(i + 1) for i in range(count)]
    labels = as_labels(labels, name, f"a list of {count} labels")
    if len(labels) != count:
        rows = rows.format(count)
        raise ValueError(f"{len(labels)} labels for {name}, but {rows}: give one label each, {count} in all")
    return labels


def allowed_pairs(mask: Numbers | None, values: np.ndarray) -> np.ndarray:
    allowed = np.ones(values.shape, bool)
    if mask is not None:
        mask, (queries, keys) = _boolean(mask), values.shape[2:]
        try:
            allowed = allowed & np.broadcast_to(mask, values.shape)
        except ValueError:
            raise ValueError(f"mask of shape {mask.shape} does not fit weights [.., {queries}, {keys}]") from None
    bad = allowed & ~np.isfinite(values)
    if bad.any():
        place = [int(i) for i in np.argwhere(bad)[0][2:]]
        raise ValueError(
            f"{int(bad.sum())} of {values.size} numbers are NaN or infinite, the first at query {place[0]}, "
            f"key {place[1]}: find where they arise (a softmax over a fully masked row? use masked_softmax)"
        )
    return allowed


def check_weights(values: np.ndarray, allowed: np.ndarray) -> None:
    if (values < -1e-6).any() or (values > 1 + 1e-3).any():
        raise ValueError(
            f"weights run from {values.min():.3g} to {values.max():.3g}: attention weights lie between 0 and 1; "
            "show raw scores with plot.maps, or apply masked_softmax first"
        )
    leak = np.where(allowed, 0, values).max()
    if leak > 1e-6:
        raise ValueError(f"a masked cell carries the weight {leak:.3g}: the mask must be applied before the softmax")
    sums = values.sum(-1)
    wrong = np.minimum(abs(sums - 1), abs(sums)) > 5e-3
    if wrong.any():
        place = np.argwhere(wrong)[0]
        why = "show raw scores with plot.maps, or normalise them"
        if np.allclose(values.sum(-2), 1, atol=5e-3):
            why = "the columns do: is the softmax along the query axis?"
        raise ValueError(f"row {place[-1]} sums to {sums[tuple(place)]:.3g}, but weights sum to 1 in each row; {why}")


def full_ink(shown: np.ndarray) -> float:
    """The weight that has full ink: the next round number above all that are shown."""
    finite = shown[np.isfinite(shown)]
    high = float(finite.max()) if finite.size else 1.0
    return next(step for step in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0) if high <= step or step == 1.0)


def chosen_pair(select: Select, queries: list[str], keys: list[str]) -> tuple[int, int]:
    """(query, key) or a query alone, labels or positions, as positions: −1 where none is chosen."""
    pair = select if isinstance(select, tuple | list) else (select, None)
    if len(pair) != 2:
        raise ValueError(f"select is {described(select)}; needed: (query, key), labels or positions")
    return place_of(pair[0], queries, "query"), place_of(pair[1], keys, "key")


def place_of(label: str | int | None, labels: list[str], name: str) -> int:
    """The place of a label, or of a whole number among the labels; −1 for None."""
    if label is None:
        return -1
    if isinstance(label, str) and label not in labels:
        raise ValueError(f"select: there is no {name} {label!r} among {labels}")
    return labels.index(label) if isinstance(label, str) else checked_index(label, len(labels), name)


def checked_index(i: int, count: int, name: str) -> int:
    if not 0 <= whole_number(name, i) < count:
        raise ValueError(f"{name} {i} does not exist: choose 0 to {count - 1}")
    return int(i)
