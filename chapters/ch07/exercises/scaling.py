"""Chapter 7, find-the-error: the constants of a scaling law as they were printed."""

from chapters.ch07.labs.scaling_law import BESIROGLU_2024, HOFFMANN_2022
from course_kit.exercises.define import FindError, named, variants, wrong_answers


def tokens_per_parameter(compute: float, E: float, A: float, B: float, alpha: float, beta: float) -> float:
    """Operations 6ND, and the constants of the law E + A / N^alpha + B / D^beta -> D / N of the model with the lowest
    loss among all that cost so much."""
    N = (alpha * A / (beta * B)) ** (1 / (alpha + beta)) * (compute / 6) ** (beta / (alpha + beta))
    D = compute / 6 / N
    return D / N


_budget = named("compute", "E", "A", "B", "alpha", "beta")


@variants
def _best(
    compute,
    E,
    A,
    B,
    alpha,
    beta,
    *,
    six=6,
    fraction=lambda A, B, a, b: a * A / (b * B),
    power=lambda a, b: b / (a + b),
    result=lambda N, D: D / N,
):
    N = fraction(A, B, alpha, beta) ** (1 / (alpha + beta)) * (compute / six) ** power(alpha, beta)
    return result(N, compute / six / N)


PRINTED = FindError(
    name="claims 7.13",
    title="a law as it was printed",
    task="compute: the operations of a training, 6ND; E, A, B, alpha, beta: the constants of the law "
    "E + A / N^alpha + B / D^beta -> D / N, the tokens per parameter of the best model for so many operations.",
    claims=True,
    program=(
        "Training N parameters on D tokens costs about 6ND operations, so a budget fixes the product N · D.",
        "E is the same for all models, so it has no say in which of them is best.",
        "With the constants that Hoffmann et al. printed (E 1.69, A 406.4, B 410.7, α 0.34, β 0.28), the best model "
        "for GPT-3's budget, 3.15·10²³ operations, reads about twenty tokens per parameter, as their rule of "
        "thumb says.",
        "If α is larger than β, a larger budget means more tokens per parameter.",
    ),
    line=3,
    found="they ask for 87. Hoffmann et al. estimated the best size in two other ways as well, and these gave about "
    "twenty. The constants are from a fit that had stopped too early, and they were rounded as well. Besiroglu et al. "
    "(2024) fitted the law again, and now it asks for 19.",
    innocent={
        1: "it does: 6 operations per parameter and token.",
        2: "it is added to every loss alike, so the lowest point stays where it is.",
        4: "D / N grows with the budget to the power (α − β) / (α + β). With the printed constants that is above 0.",
    },
    reference=tokens_per_parameter,
    cases=lambda: [
        _budget(600.0, 1.0, 10.0, 20.0, 0.5, 0.5, shown=True),
        _budget(3.15e23, *HOFFMANN_2022),
        _budget(3.15e23, *BESIROGLU_2024),
        _budget(5.88e23, *BESIROGLU_2024),
        _budget(6e12, 2.0, 300.0, 500.0, 0.3, 0.4),
    ],
    returns=("tokens per parameter",),
    hints=(
        "The budget leaves one thing to choose: with N parameters there are D = compute / 6N tokens. Put that into the "
        "law. For which N is the loss lowest?",
        "At the lowest point the derivative is 0. There a larger N saves as much as the smaller D costs: "
        "α A / N^α = β B / D^β.",
        "With D = compute / 6N this gives N^(α + β) = α A / (β B) · (compute / 6)^β. Take the root; then find D, and "
        "D / N.",
    ),
    minutes=6,
    difficulty=2,
    wrong=wrong_answers(
        lambda *given: 20,
        "That is the rule of thumb. What do the constants say?",
        _best(result=lambda N, D: N / D),
        "It is upside down: these are parameters per token.",
        _best(six=1),
        "Each parameter takes 6 operations per token, so N · D is `compute / 6`.",
        _best(six=2),
        "2 operations are the forward pass alone. Training takes 6 per parameter and token.",
        _best(power=lambda a, b: a / (a + b)),
        "The exponent of `compute / 6` is β / (α + β) for N. α / (α + β) is the exponent for D.",
        _best(fraction=lambda A, B, a, b: b * A / (a * B)),
        "α and β are swapped in the fraction. The derivative of A / N^α brings down an α, so α is with A.",
    ),
)
