"""One query and its keys in four steps, drawn: ask, score, share, add up."""

import torch

from course_kit.i18n import t
from course_kit.views.arguments import as_array, checked_labels
from course_kit.views.figure import figure, one

LEFT = 0.14  # of the width, for the names of the steps


def listed(numbers) -> str:
    """A vector in brackets, three digits at most."""
    return "(" + ", ".join(f"{x:.3f}".rstrip("0").rstrip(".").replace("-", "−") for x in numbers) + ")"


def steps(q, keys, words, *, query="q", title=t("What happens inside?"), caption=""):
    """Attention of one query to keys that are the values, too: q [d], keys [K, d], words: K labels; d and K up to 6.

    The scores are dot products. Raises ValueError for shapes that do not fit.
    """
    q, k = as_array(q, "q"), as_array(keys, "keys")
    if q.ndim != 1 or k.ndim != 2 or k.shape[1] != len(q) or not (1 <= len(k) <= 6 and 1 <= len(q) <= 6):
        raise ValueError(f"q has shape {q.shape} and keys {k.shape}; needed: [d] and [K, d], d and K from 1 to 6")
    words = checked_labels(words, len(k), "words", "keys has {} rows")
    scores = k @ q
    weights = torch.softmax(torch.tensor(scores), -1).numpy()
    output = weights @ k
    middle, room = LEFT + (1 - LEFT) / 2, (1 - LEFT) / len(k)
    at = [LEFT + room * (i + 0.5) for i in range(len(k))]
    names = [(20, t("① ask"), 1), (176, t("② score"), 2), (213, t("③ share"), 3), (316, t("④ add up"), 4)]
    shapes = [one("text", 0, y, name, "quiet", anchor="start", size=12.5, since=step - 1) for y, name, step in names]
    shapes += [
        one("text", middle, 16, query, "query"),
        one("cells", middle, 40, role="query", numbers=q.tolist(), wide=0.3),
        one("cells", middle, 316, role="output", numbers=output.round(3).tolist(), wide=0.3, since=3),
        one("text", middle, 342, t("output"), "output", since=3),
    ]
    for x, word, key, score, weight in zip(at, words, k, scores, weights, strict=True):
        shapes += [
            one("arrow", role="query", from_=[middle, 54], to=[x, 112], weight=1.5),
            one("cells", x, 126, role="key", numbers=key.tolist(), wide=0.9 * room),
            one("text", x, 149, word, strong=True),
            one("text", x, 176, f"{score:g}", since=1, size=15),
            one("bar", x, 202, share=round(float(weight), 4), wide=0.6 * room, high=9, since=2),
            one("text", x, 220, f"{weight:.3f}"[1:], since=2),
            one("arrow", role="value", from_=[x, 234], to=[middle, 302], weight=round(16 * float(weight), 2), since=3),
        ]
    best = int(scores.argmax())
    sum_of = " + ".join(f"{a:g}·{b:g}" for a, b in zip(q, k[best], strict=True))
    said = [
        t("Ask: the query is {query}. It meets the vector of every word, its key.", query=listed(q)),
        t(
            "Score: multiply number by number, and add. For “{word}” that is {sum} = {score}.",
            word=words[best],
            sum=sum_of,
            score=f"{scores[best]:g}",
        ),
        t("Share: the softmax turns the scores into weights that add up to 1."),
        t("Add up: the vector of each word, times its weight. The output is {output}.", output=listed(output)),
    ]
    rows = [[w, listed(v), f"{s:g}", f"{a:.3f}"] for w, v, s, a in zip(words, k, scores, weights, strict=True)]
    table = [t("word"), t("vector"), t("score"), t("weight")], [*rows, [t("output"), listed(output), "", "1.000"]]
    axes = [("step", t("step"), range(1, 5))]
    return figure(shapes, said, [table], axes=axes, height=356, title=title, caption=caption)
