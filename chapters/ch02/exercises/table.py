"""Chapter 2, find the error: a slip in a widely used table of scores."""

from course_kit.exercises.define import FindError, drawn, named, normal, tensors, variants, wrong_answers
from course_kit.i18n import mark, t


def scaled_score(queries, keys):
    """queries [Q, D], keys [K, D] -> q·k / √D [Q, K]."""
    products = queries @ keys.T
    d = keys.shape[-1]
    return products / d**0.5


_pair = named("queries", "keys")


@variants
def _divided(queries, keys, *, by, of=lambda queries, keys: keys):
    return queries @ keys.T / by(of(queries, keys))


SIZE_OR_LENGTH = FindError(
    name=mark("program 2.5"),
    title=t("size or length"),
    task=t("the variance of the scores should not depend on the size of the vectors."),
    program=(
        "def score(queries, keys):              # queries [Q, D], keys [K, D]",
        "    products = queries @ keys.T        # [Q, K]",
        "    d = len(keys)",
        "    return products / d ** 0.5",
    ),
    line=3,
    found=t(
        "d is the size of one key, `keys.shape[-1]`. In each head of the first Transformer it is 64; 512 was the size "
        "of its model, all heads together."
    ),
    innocent={
        2: t("these are the dot products of all pairs."),
        4: t("dividing by the root of d is right, provided that d is."),
    },
    reference=scaled_score,
    cases=lambda: [
        _pair(*tensors([[1.0, 1]], [[1.0, 0], [0, 1], [1, 1]]), shown=True),
        _pair(*drawn(100, (2, 3), (4, 3), of=normal)),
        _pair(*drawn(102, (3, 5), (2, 5), of=normal)),
    ],
    returns=("scores",),
    hints=(
        t("A dot product of two vectors is a sum. How many terms does it have?"),
        t("Make the input twice as long by adding more keys. Should the score of the first pair change?"),
        t("`len(keys)` is the first number of the shape [K, D]. Which number of `keys.shape` should d be?"),
    ),
    minutes=4,
    difficulty=1,
    wrong=wrong_answers(
        _divided(by=lambda keys: len(keys) ** 0.5),
        t(
            "You still divide by the root of the number of keys, so a longer input changes the score of one and the "
            "same pair."
        ),
        _divided(by=lambda queries: len(queries) ** 0.5, of=lambda queries, keys: queries),
        t("You divide by the root of the number of queries. d is the size of one vector."),
        _divided(by=lambda keys: 64**0.5),
        t("64 is right for the heads of that one model. Take the size from the keys."),
        _divided(by=lambda keys: keys.shape[-1] ** -0.5),
        t("You multiply by √d where you should divide."),
        _divided(by=lambda keys: 1),
        t("Now nothing is divided, and the standard deviation of the scores grows like √d."),
        _divided(by=lambda keys: keys.shape[-1]),
        t("You divide by d, but the standard deviation of the sum grows like √d."),
    ),
)
