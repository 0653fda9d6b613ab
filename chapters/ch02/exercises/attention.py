"""Chapter 2: scaled dot-product score and attention."""

from dataclasses import replace

import torch

from course_kit.exercises import properties
from course_kit.exercises.define import Case, Exercise, drawn, named, normal, tensors, variants, wrong_answers
from course_kit.i18n import mark, t
from course_utils.attention import causal_mask, masked_softmax, padding_mask, scaled_dot_product_attention


def scaled_score(queries, keys):
    """queries [B, Q, D], keys [B, K, D] -> scores [B, Q, K]: q·k / √D."""
    return queries @ keys.mT / queries.shape[-1] ** 0.5


_pair = named("queries", "keys")


@variants
def _wrong_score(queries, keys, *, turned=lambda k: k.mT, scale=lambda q, k: q.shape[-1] ** 0.5, end=lambda s: s):
    """The score with the keys turned or scaled in another way, or with another end."""
    return end(queries @ turned(keys) / scale(queries, keys))


SCORE = Exercise(
    name=mark("scaled dot-product score"),
    task=t(
        "The scores of all queries with all keys, divided so that their variance does not depend on D: queries [B, Q, "
        "D], keys [B, K, D] -> scores [B, Q, K]."
    ),
    reference=scaled_score,
    cases=lambda: [
        _pair(
            *tensors(
                [[[1.0, 0, 2, 0, 0, 0, 0, 0, 0], [0, 1, 1, 1, 0, 0, 0, 0, 3]]],
                [
                    [
                        [1.0, 1, 1, 1, 0, 0, 0, 0, 0],
                        [0, 3, 0, 0, 0, 0, 0, 0, 0],
                        [2, 0, 0, 1, 0, 0, 0, 0, 1],
                        [0, 0, 0, 0, 0, 0, 0, 0, 2],
                    ]
                ],
            ),
            shown=True,
        ),
        _pair(*tensors([[[2.0]], [[1.0]]], [[[3.0], [1.0]], [[5.0], [4.0]]])),
        _pair(*drawn(1, (1, 3, 3), (1, 3, 3), of=normal)),
        _pair(*drawn(3, (2, 3, 5), (2, 4, 5), of=normal)),
    ],
    returns=("scores",),
    used=t("Yours says how much of the drum you get in [Two: why divide by √d?](#Two:-why-divide-by-√d?)"),
    hints=(
        t("All dot products of a batch at once are a matrix product: the queries times the transposed keys."),
        t("`keys.transpose(-2, -1)`, or `keys.mT`, exchanges the last two axes and leaves the batch alone."),
        t(
            "A dot product is a sum of D terms. If each has variance 1, the sum has standard deviation √D, so divide "
            "by it. The size D is `queries.shape[-1]`, and `** 0.5` is the root."
        ),
    ),
    minutes=6,
    difficulty=1,
    properties=(
        replace(
            properties.linear_in("queries"),
            says=t(
                "Twice the query should give twice the scores, but with yours it does not. Is there a softmax or "
                "another function around the dot products?"
            ),
        ),
        properties.rows_are_independent("queries", "keys"),
    ),
    wrong=wrong_answers(
        _wrong_score(scale=lambda queries, keys: 1),
        t(
            "These are plain dot products: the scale is missing. Divide by √D; otherwise the longer the vectors are, "
            "the further apart the scores."
        ),
        _wrong_score(scale=lambda queries, keys: queries.shape[-1]),
        t(
            "Scaled twice: you divide by D, which is √D · √D. The *variance* of the scores grows like D. Their "
            "standard deviation grows like √D, and that is what softmax feels."
        ),
        _wrong_score(scale=lambda queries, keys: keys.shape[-2] ** 0.5),
        t(
            "You divide by the root of the number of keys, the length of the input. D is the size of one key: "
            "`keys.shape[-1]`."
        ),
        _wrong_score(turned=lambda keys: keys),
        t(
            "The keys are still not transposed. `queries @ keys` runs only if K happens to equal D, and then it mixes "
            "features with positions: exchange the last two axes, `keys.mT`."
        ),
        _wrong_score(end=lambda scores: scores.mT),
        t(
            "The scores are transposed, [B, K, Q]. Queries go down, keys across, so that softmax can run along each "
            "row: `queries @ keys.mT`."
        ),
        _wrong_score(end=lambda scores: torch.softmax(scores, -1)),
        t(
            "These are already the weights. Return the scores from before the softmax, because masks and temperature "
            "come in between."
        ),
    ),
)


def _attention_cases() -> list[Case]:
    case = named("queries", "keys", "values", "mask")
    asks, keys, values = tensors([[[2.0, 0.0], [0.0, 2.0]]], [[[1.0, 0.0], [1.0, 1.0]]], [[[1.0], [5.0]]])
    call, names, things = tensors(
        [[[4.0, 0, 0, 0]]], [[[1.0, 0, 0, 0], [0, 1, 0, 0], [1, 0, 0, 0]]], [[[1.0], [5], [9]]]
    )
    more, their_keys, others = drawn(5, (1, 3, 4), (1, 3, 4), (1, 3, 4), of=normal)
    lengths = padding_mask(torch.tensor([4, 2]), 4).expand(2, 3, 4)
    return [
        case(call, names, things, torch.tensor([[[True, True, False]]]), shown=True),
        case(asks, keys, values, torch.tensor([[[True, True], [True, False]]])),
        case(asks, keys, values, torch.tensor([[[True, True], [False, False]]])),
        case(3 * more, their_keys, others, causal_mask(3)[None]),
        case(*drawn(8, (2, 3, 5), (2, 4, 5), (2, 4, 2), of=normal), lengths),
        case(*drawn(9, (2, 3, 5), (2, 4, 5), (2, 4, 2), of=normal), lengths[:, :1]),
        case(*drawn(10, (2, 3, 5), (2, 4, 5), (2, 4, 2), of=normal), None),
        case(*drawn(11, (2, 2, 3, 4), (2, 2, 3, 4), (2, 2, 3, 2), of=normal), causal_mask(3)),  # as lesson 5 calls it
    ]


def four_steps(q, k, v, mask=None):
    scores = q @ k.mT / q.shape[-1] ** 0.5
    weights = scores.softmax(-1)
    if mask is not None:
        weights = masked_softmax(scores, mask)
    return weights @ v, weights


def _padded(case):
    mask = case.args["mask"]
    return torch.zeros(1, 1, dtype=torch.bool) if mask is None else ~mask.any(-2)


def sees_all_allowed() -> properties.Property:
    """A key that `mask` allows, or any where there is no mask, gets its weight."""

    def violation(run, case, mine, want):
        return mine[1].shape == want[1].shape and bool(((mine[1] == 0) & (want[1] > 1e-6)).any())

    says = t(
        "A key that may be attended to gets no weight. Does something hide keys besides `mask`, such as a causal mask "
        "of your own?"
    )
    return properties.Property(says, violation)


ATTENTION = Exercise(
    name=mark("scaled dot-product attention"),
    task=t(
        "Scores, mask, softmax, average of the values: queries [..., Q, D], keys [..., K, D], values [..., K, Dv], "
        "mask [..., Q, K] bool, True = may be attended -> (output [..., Q, Dv], weights [..., Q, K]). The dots are a "
        "batch, later with heads behind it. A row with nothing to attend to gives zeros. Without a mask, None, "
        "all may be attended."
    ),
    reference=scaled_dot_product_attention,
    shown=four_steps,
    cases=_attention_cases,
    returns=("output", "weights"),
    used=t("The same steps are in each head of [Six: two wishes at once](#Six:-two-wishes-at-once)."),
    hints=(
        t(
            "There are four steps: scores, mask, softmax, average. Only if the mask comes before the softmax do the "
            "rows still sum to 1."
        ),
        t("`masked_softmax(scores, mask)`, imported above, does the second and the third step, empty rows included."),
        t(
            "The scores are those of Exercise 1: `scaled_score(queries, keys)`. The average is a matrix product of "
            "the weights [B, Q, K] and the values [B, K, Dv]. Return it first, and then the weights. For `mask is "
            "None`, a plain `scores.softmax(-1)` will do."
        ),
    ),
    minutes=6,
    difficulty=2,
    properties=(
        properties.weighs("values"),
        properties.sees_only(),
        sees_all_allowed(),
        properties.blind_to_padding("keys", "values", padded=_padded),
        properties.rows_sum_to_one(part=1),
        properties.any_order("keys", "values", masks=("mask",)),
    ),
    wrong=wrong_answers(
        lambda q, k, v, mask: four_steps(q * q.shape[-1] ** 0.5, k, v, mask),
        t("The scale is missing: divide the scores by √D, before softmax."),
        lambda q, k, v, mask: four_steps(q, k, v, None if mask is None else torch.ones_like(mask)),
        t("The mask is not used, so keys that it hides get weight, too."),
        lambda q, k, v, mask: four_steps(q * (q.shape[-1] / v.shape[-1]) ** 0.5, k, v, mask),
        t(
            "You divide by the root of the size of the values. The dot product is a sum over the features of a query: "
            "take their number, `queries.shape[-1]`."
        ),
    ),
)
