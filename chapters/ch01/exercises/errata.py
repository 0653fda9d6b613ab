"""Chapter 1, find the error: a formula that circulates."""

from dataclasses import replace

import torch

from course_kit.exercises import properties
from course_kit.exercises.define import Case, FindError, some_numbers, variants, wrong_answers
from course_kit.i18n import mark, t


def weights_of(scores):
    """scores [Q, K] -> weights [Q, K]: each row sums to 1."""
    exps = scores.exp()
    return exps / exps.sum(-1, keepdim=True)


@variants
def _with_sum(scores, *, total):
    """The program with another denominator, of (exps): broadcast to [Q, K]."""
    exps = scores.exp()
    return exps / total(exps)


@variants
def _in_loops(scores, *, place, size):
    """The program with k at the place 0 (query) or 1 (key) of what is summed, over as many as the axis `size` has."""
    result = torch.zeros_like(scores)
    for i, j in torch.cartesian_prod(*map(torch.arange, scores.shape)).tolist():
        several = range(scores.shape[size])
        bottom = sum((scores[i, k] if place else scores[k, j]).exp() for k in several)
        result[i, j] = scores[i, j].exp() / bottom
    return result


DENOMINATOR = FindError(
    name=mark("program 1.2"),
    title=t("softmax denominator"),
    task=t("each query's weights should sum to 1."),
    program=(
        "def attention_weights(scores):  # [Q, K]: scores[j, i] is that of query j and key i",
        "    queries, keys = scores.shape",
        "    result = torch.zeros(queries, keys)",
        "    for j in range(queries):",
        "        for i in range(keys):",
        "            top = scores[j, i].exp()",
        "            bottom = sum(scores[j, i].exp() for k in range(queries))",
        "            result[j, i] = top / bottom",
        "    return result",
    ),
    line=7,
    found=t(
        "the sum runs over `k`, but there is no `k` in what is summed. It must run over the keys, the inputs that "
        "this query attends to."
    ),
    innocent={
        1: t("the first line only names what comes in."),
        2: t("the shape is [queries, keys], one row for each query."),
        3: t("it only makes room for the result."),
        4: t("each query gets its own weights, so the loop over queries is right."),
        5: t("each key gets a weight, so the loop over keys is right."),
        6: t("the numerator is exp of the score of query j and input i."),
        8: t("a weight is a share of the whole, so this division is right, provided that the whole is."),
        9: t("it returns the table of weights."),
    },
    reference=weights_of,
    cases=lambda: [
        Case({"scores": torch.tensor([[0.0, 1.0, 2.0], [1.0, 1.0, 1.0]])}, shown=True),
        Case({"scores": torch.tensor([[0.0, 1.0]])}),
        Case({"scores": torch.tensor([[0.0], [2.0]])}),
        Case({"scores": some_numbers(3, 3, seed=41)}),
        Case({"scores": some_numbers(4, 2, seed=42)}),
    ],
    returns=("weights",),
    hints=(
        t("Run it on two queries and three keys. What do the rows sum to? How does a weight depend on its score?"),
        t("Read the denominator aloud: the sum over k of … Where is k?"),
        t(
            "Should k replace j, which is the query, or i, which runs over the keys that it chooses from? The range "
            "of k has to fit."
        ),
    ),
    minutes=7,
    difficulty=2,
    properties=(
        properties.rows_sum_to_one(),
        replace(
            properties.queries_are_independent("scores"),
            says=t("One query's weights depend on another query's scores. Does the sum run over the queries?"),
        ),
    ),
    wrong=wrong_answers(
        _with_sum(lambda exps: exps * len(exps)),
        t(
            "This is still the program as it was: it adds up the same number again and again, so each weight is 1 / "
            "(number of queries), whatever the scores are."
        ),
        _with_sum(lambda exps: exps * exps.shape[1]),
        t("`k` still doesn't appear in what is summed: each weight is 1 / (number of keys), whatever the scores are."),
        _in_loops(1, size=0),
        t(
            "`k` now replaces `i`, as it should, but it still counts as far as there are queries. The range has to "
            "fit: `range(keys)`."
        ),
        _in_loops(0, size=1),
        t(
            "The range is that of the keys, but `k` replaces the query: `scores[k, i]`. It should be the key that "
            "changes in the sum."
        ),
        _with_sum(lambda exps: exps.sum(0, keepdim=True)),
        t(
            "Now k appears, but it replaces the query: the columns sum to 1, so the queries compete for each key. The "
            "sum must run over the keys of this one query."
        ),
        _with_sum(lambda exps: exps.sum()),
        t(
            "Now everything is summed, over queries and keys, so all weights together make 1. Those of each query "
            "should."
        ),
    ),
)
