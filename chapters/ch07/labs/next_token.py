"""What the labs of the next token share: tokens as they are written and seen, logits packed for the page, the dice."""

import numpy as np

ALL, NAMED, ROWS = 100, 480, 60  # up to 100 tokens travel one by one; of more, 480 shared by the steps, 60 at least
SPREAD = 0.05  # logits of a group differ by less


def packed(values: np.ndarray, tokens: list[str]) -> tuple[dict, dict]:
    """Logits [S, V] -> arrays and options of the view: levels of each step, the largest first, how many share each."""
    logits, counts, names, bounds = [], [], [], []
    for row in values.astype("<f4"):
        order = np.argsort(-row, kind="stable")[: int(np.isfinite(row).sum())]
        single = order if len(tokens) <= ALL else order[: max(ROWS, NAMED // len(values))]
        rest = row[order[len(single) :]].astype(np.float64)
        groups = np.split(rest, np.flatnonzero(np.diff(((rest[:1].sum() - rest) / SPREAD).astype(int))) + 1)
        groups = [g for g in groups if len(g)]
        means = [float(np.log(np.exp(g - g[0]).mean()) + g[0]) for g in groups]  # so that their sum is theirs
        start = bounds[-1][1] if bounds else 0
        bounds.append([start, start + len(single) + len(groups)])
        logits += [*row[single], *means]
        counts += [1] * len(single) + [len(g) for g in groups]
        names.append([tokens[i] for i in single])
    arrays = {"logits": np.array(logits, "<f4"), "counts": np.array(counts, "<f4")}
    high = 2 * max(np.exp(row - row.max()).max() / np.exp(row - row.max()).sum() for row in values)
    return arrays, {"names": names, "bounds": bounds, "reach": reach(high)}  # of the bars: room to grow, never less


def reach(high: float) -> float:
    """Where an axis ends that holds bars up to `high`, with ticks that are read easily."""
    return next(r for r in (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0) if high <= r or r == 1)


def are_words(tokens: list[str]) -> bool:
    """Whether the tokens are whole words, with spaces between them in a text; not if some bring their space along."""
    brings = any(marked(t) or (t[:1] == " " and len(t) > 1) for t in tokens)
    return not brings and sum(len(t) > 1 for t in tokens) > len(tokens) / 2


def marked(token: str) -> bool:
    return token[:1] in ("▁", "Ġ") or (token[:2] == "##" and len(token) > 2)


def spelled(token: str, words: bool = False) -> str:
    """A token as it is written in a text: ▁dog and Ġdog -> " dog", ##s -> "s"; words with a space before them."""
    if token[:1] in ("▁", "Ġ"):
        return " " + token[1:]
    return token[2:] if marked(token) else " " * words + token


def visible(token: str) -> str:
    """A token that can be seen: a space as ␣, a new line as ⏎."""
    return token.replace(" ", "␣").replace("\n", "⏎") or "∅"


def dice(seed: int, step: int):
    """Numbers from 0 to 1, the same for the same seed and step here and in the browser: mulberry32."""
    whole = 0xFFFFFFFF
    a = ((seed + 1) * 0x9E3779B1 ^ (step + 1) * 0x85EBCA6B) & whole
    while True:
        a = (a + 0x6D2B79F5) & whole
        t = (a ^ a >> 15) * (a | 1) & whole
        t = (t + ((t ^ t >> 7) * (t | 61) & whole) & whole) ^ t
        yield ((t ^ t >> 14) & whole) / 2**32
