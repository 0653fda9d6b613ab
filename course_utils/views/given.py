"""What a view is given: weights, masks, labels and places, checked, with an error that says what is needed."""

from __future__ import annotations

import numpy as np

from course_utils.support.checks import described, whole_number

MOST_LETTERS = 1000  # of a label


def as_mask(mask, count: int) -> list[bool]:
    """A mask over `count` keys as a list; all True without one. Raises TypeError for 0 and 1, or 0 and −inf."""
    if mask is None:
        return [True] * count
    array = _boolean(mask)
    if array.shape != (count,):
        raise ValueError(f"mask has shape {array.shape}; needed: one for each of the {count} keys")
    return array.tolist()


def _boolean(mask) -> np.ndarray:
    array = mask.detach().cpu().numpy() if hasattr(mask, "detach") else np.asarray(mask)
    if array.dtype != bool:
        raise TypeError(
            f"mask is {array.dtype}: it must be boolean, True = may be attended "
            "(for 0 and 1 write mask == 1; for 0 and −inf, mask == 0)"
        )
    return array


def as_array(x, name: str, dtype=np.float64) -> np.ndarray:
    """A tensor, array or nested list as a numpy array, detached from graph and device."""
    if hasattr(x, "detach"):
        x = x.detach().cpu()
        x = x.float() if x.dtype.is_floating_point and x.element_size() < 4 else x
        x = x.numpy()
    try:
        if np.iscomplexobj(x) or np.asarray(x).dtype.kind in "US":
            raise TypeError(f"given {np.asarray(x).dtype}")
        return np.asarray(x, dtype=dtype)
    except (TypeError, ValueError) as error:
        needed = "numbers in rows of equal length (a tensor, an array or a list)"
        raise TypeError(f"{name} must be {needed}: {error}") from None


def checked_labels(labels, count: int, name: str, rows: str) -> list[str]:
    if labels is None:
        return [str(i + 1) for i in range(count)]
    if isinstance(labels, str | bytes) or not hasattr(labels, "__iter__"):
        raise TypeError(f"{name} is {described(labels)}; needed: a list of {count} labels")
    labels = [str(label) for label in labels]
    if longest := max(labels, key=len, default="")[MOST_LETTERS:]:
        letters = MOST_LETTERS + len(longest)
        raise ValueError(f"a label of {name} has {letters:,} letters; needed: {MOST_LETTERS} at most")
    if len(labels) != count:
        rows = rows.format(count)
        raise ValueError(f"{len(labels)} labels for {name}, but {rows}: give one label each, {count} in all")
    return labels


def allowed_pairs(mask, values: np.ndarray, kind: str) -> np.ndarray:
    allowed = values != -np.inf if kind == "scores" else np.ones(values.shape, bool)
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
            "show raw scores with kind='scores', or apply masked_softmax first"
        )
    leak = np.where(allowed, 0, values).max()
    if leak > 1e-6:
        raise ValueError(f"a masked cell carries the weight {leak:.3g}: the mask must be applied before the softmax")
    sums = values.sum(-1)
    wrong = np.minimum(abs(sums - 1), abs(sums)) > 5e-3
    if wrong.any():
        place = np.argwhere(wrong)[0]
        why = "show raw scores with kind='scores', or normalise them"
        if np.allclose(values.sum(-2), 1, atol=5e-3):
            why = "the columns do: is the softmax along the query axis?"
        raise ValueError(f"row {place[-1]} sums to {sums[tuple(place)]:.3g}, but weights sum to 1 in each row; {why}")


def value_range(shown: np.ndarray, kind: str) -> tuple[float, float]:
    finite = shown[np.isfinite(shown)]
    high = float(finite.max()) if finite.size else 1.0
    if kind == "scores":
        low = min(0.0, float(finite.min())) if finite.size else 0.0
        return low, high if high > low else low + 1.0
    return 0.0, next(step for step in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0) if high <= step or step == 1.0)


def place_of(label, labels: list[str], name: str) -> int:
    """The place of a label, or of a whole number among the labels; −1 for None."""
    if label is None:
        return -1
    if isinstance(label, str) and label not in labels:
        raise ValueError(f"select: there is no {name} {label!r} among {labels}")
    return labels.index(label) if isinstance(label, str) else checked_index(int(label), len(labels), name)


def checked_index(i: int, count: int, name: str) -> int:
    if not 0 <= whole_number(name, i) < count:
        raise ValueError(f"{name} {i} does not exist: choose 0 to {count - 1}")
    return int(i)
