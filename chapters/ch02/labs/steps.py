"""One query and its keys in four steps, drawn: ask, score, share, add up."""

from collections.abc import Iterable

import torch

from course_kit.i18n import from_cell, mark, t
from course_kit.views.figure import Figure, figure
from course_kit.views.inputs import Labels, Numbers, as_array, checked_labels
from course_kit.views.layout import AIR, arrow, bar, cells, column, grid, label, row, words
from course_kit.views.layout import steps as in_steps


def listed(numbers: Iterable[float]) -> str:
    """A vector in brackets, three digits at most."""
    return "(" + ", ".join(f"{x:.3f}".rstrip("0").rstrip(".").replace("-", "−") for x in numbers) + ")"


def steps(
    q: Numbers,
    keys: Numbers,
    tokens: Labels,
    *,
    query: str = "q",
    title: str = mark("What happens inside?"),
    caption: str = "",
) -> Figure:
    """Attention of one query to keys that are the values, too: q [d], keys [K, d], tokens: K labels; d and K up to 6.

    The scores are dot products. Raises ValueError for shapes that do not fit.
    """
    q, k = as_array(q, "q"), as_array(keys, "keys")
    if q.ndim != 1 or k.ndim != 2 or k.shape[1] != len(q) or not (1 <= len(k) <= 6 and 1 <= len(q) <= 6):
        raise ValueError(f"q has shape {q.shape} and keys {k.shape}; needed: [d] and [K, d], d and K from 1 to 6")
    tokens = checked_labels(tokens, len(k), "tokens", "keys has {} rows")
    scores = k @ q
    weights = torch.softmax(torch.tensor(scores), -1).numpy()
    output = weights @ k
    asks, made = cells(q.tolist(), "query"), cells(output.tolist(), "output")
    each = [cells(key.tolist(), "key") for key in k]
    named = [column(key, words(token, strong=True)) for key, token in zip(each, tokens, strict=True)]
    shares = [column(bar(float(weight)), f"{weight:.3f}"[1:]) for weight in weights]
    scene = grid(
        *in_steps(
            row(
                label(t("① ask"), "quiet"),
                column(column(words(from_cell(query), "query"), asks), row(*named, even=True, gap=AIR), gap=AIR),
            ),
            row(label(t("② score"), "quiet"), row(*(f"{score:g}" for score in scores), even=True, gap=AIR)),
            row(label(t("③ share"), "quiet"), row(*shares, even=True, gap=AIR)),
            row(label(t("④ add up"), "quiet"), column(made, words(t("output"), "output"))),
        ),
        *(arrow(asks, key, "query") for key in each),
        *(
            arrow(share, made, "value", weight=16 * float(weight))
            for share, weight in zip(shares, weights, strict=True)
        ),
        gap=AIR,
    )
    best = int(scores.argmax())
    sum_of = " + ".join(f"{a:g}·{b:g}" for a, b in zip(q, k[best], strict=True))
    said = [
        t("Ask: the query is {query}. It meets the vector of every word, its key.", query=listed(q)),
        t(
            "Score: multiply number by number, and add. For “{word}” that is {sum} = {score}.",
            word=tokens[best],
            sum=sum_of,
            score=f"{scores[best]:g}",
        ),
        t("Share: the softmax turns the scores into weights that add up to 1."),
        t("Add up: the vector of each word, times its weight. The output is {output}.", output=listed(output)),
    ]
    rows = [[w, listed(v), f"{s:g}", f"{a:.3f}"] for w, v, s, a in zip(tokens, k, scores, weights, strict=True)]
    table = [t("word"), t("vector"), t("score"), t("weight")], [*rows, [t("output"), listed(output), "", "1.000"]]
    return figure(scene, said, table, title=title, caption=caption)
