"""Chapter 3's exercises about numbers: the masked loss, clipped n-grams, BLEU's brevity penalty."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.exercises.definition import Case, Exercise, wrong_answers
from course_utils.exercises.inputs import named, some_numbers, tensors
from course_utils.metrics import brevity_penalty, ngrams
from course_utils.models.loss import masked_loss

# ---- masked loss ----------------------------------------------------------------------------------------------------


def loss_cases() -> list[Case]:
    def case(lengths, size, vocabulary, seed, shown=False) -> Case:
        mask = torch.arange(size) < torch.tensor(lengths)[:, None]
        target = torch.randint(4, vocabulary, mask.shape, generator=torch.Generator().manual_seed(seed))
        logits = 2 * some_numbers(*mask.shape, vocabulary, seed=seed + 1)
        return Case({"logits": logits, "target": target.masked_fill(~mask, 0), "mask": mask}, shown=shown)

    logits = [[[0.0, 0, 0, 0, 2], [0, 0, 0, 0, 1], [3, 0, 0, 0, 0]]]
    first = named("logits", "target", "mask")(*tensors(logits, [[4, 3, 0]], [[True, True, False]]), shown=True)
    return [first, case([3, 1], 3, 6, 360), case([2, 4, 1], 5, 7, 370)]


def each(logits: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy of each token [B, T]."""
    return F.cross_entropy(logits.flatten(0, 1), target.flatten(), reduction="none").view_as(target)


LOSS_WRONG = wrong_answers(
    lambda logits, target, mask: each(logits, target).mean(),
    "The padding counts: the model would earn half of its marks by predicting <pad> after the end.",
    lambda logits, target, mask: (each(logits, target) * mask).mean(),
    "The padding is out of the sum, but still in the number it is divided by: divide by `mask.sum()`.",
    lambda logits, target, mask: (each(logits, target) * mask).sum(),
    "This is the sum. Divide by the number of real tokens, or long batches shout.",
    lambda logits, target, mask: ((each(logits, target) * mask).sum(1) / mask.sum(1)).mean(),
    "This is the mean of the sentences' means: a word in a short sentence would count more than one in a long "
    "sentence. Asked for is the mean over all real tokens.",
    lambda logits, target, mask: each(logits.softmax(-1), target)[mask].mean(),
    "Softmax twice: cross-entropy makes probabilities of the logits by itself. Give it the logits as they are.",
    lambda logits, target, mask: each(logits * mask[..., None], target).mean(),
    "The logits are set to 0 where there is padding: equal chances for all words, and a loss of ln V for each.",
    lambda logits, target, mask: each(logits, target)[~mask].mean(),
    "The mask is read the wrong way round: this is the loss of the padding alone.",
    lambda logits, target, mask: -each(logits, target)[mask].mean(),
    "The sign is missing: minus the log-probability. Training would make the right words improbable.",
    lambda logits, target, mask: -logits.gather(-1, target[..., None])[..., 0][mask].mean(),
    "These are logits, not log-probabilities: a softmax (`log_softmax`) is missing.",
)

LOSS = Exercise(
    name="masked loss",
    task="The mean of −log p(right word) over the real tokens only: logits [B, T, V], target [B, T], mask [B, T] bool, "
    "True = a real token -> a scalar.",
    why="Padding is in every batch, and a loss that counts it looks better than the model is.",
    reference=masked_loss,
    cases=loss_cases,
    returns=("loss",),
    hints=(
        "First the loss of every token, [B, T]; then choose; then the mean.",
        "`logits.log_softmax(-1).gather(-1, target[..., None])[..., 0]` is the log-probability of each right word.",
        "`(-that)[mask].mean()`: a boolean index keeps the real ones.",
    ),
    minutes=4,
    difficulty=1,
    wrong=LOSS_WRONG,
)

# ---- clipped n-grams ------------------------------------------------------------------------------------------------


def clipped(candidate: list[str], reference: list[str], n: int) -> tuple[int, int]:
    """(n-grams of the candidate that the reference has, each at most as often as there; all of the candidate's)."""
    ours = ngrams(candidate, n)
    return (ours & ngrams(reference, n)).total(), ours.total()


def _runs(words, n):
    return [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]


def _gram_case(candidate: str, reference: str, n: int, shown=False) -> Case:
    return Case({"candidate": candidate.split(), "reference": reference.split(), "n": n}, shown=shown)


CLIPPED = Exercise(
    name="clipped n-grams",
    task="How many of the candidate's runs of n words stand in the reference, each counted at most as often as the "
    "reference has it; and how many runs the candidate has: lists of words, n -> (matches, total).",
    why="Without the clipping, “the the the the” would be a perfect translation.",
    reference=clipped,
    cases=lambda: [
        _gram_case("the the the cat", "the cat sat on the mat", 1, shown=True),
        _gram_case("the cat the cat sat", "the cat sat on the mat", 2),
        _gram_case("a b a b a b", "a b c a b a", 2),
        _gram_case("a b c", "a b d b c", 3),
        _gram_case("mat the on sat", "the cat sat on the mat", 1),
    ],
    returns=("matches", "total"),
    hints=(
        "A `collections.Counter` of the runs, for candidate and reference: `tuple(words[i : i + n])` is a run.",
        "For each run the smaller of the two counts; `Counter & Counter` does just that.",
        "`((ours & theirs).total(), ours.total())`",
    ),
    minutes=5,
    difficulty=2,
    wrong=wrong_answers(
        lambda c, r, n: (sum(g in _runs(r, n) for g in _runs(c, n)), len(_runs(c, n))),
        "Not clipped: a run that the reference has once counts each time the candidate says it. “The the the” "
        "would be perfect.",
        lambda c, r, n: (len(set(_runs(c, n)) & set(_runs(r, n))), len(_runs(c, n))),
        "Each kind of run counts once (a set). A run that both have twice counts twice.",
        lambda c, r, n: (len(set(_runs(c, n)) & set(_runs(r, n))), len(set(_runs(c, n)))),
        "Sets on both sides: repetitions are gone from matches and total.",
        lambda c, r, n: (clipped(c, r, n)[0], len(_runs(r, n))),
        "The total is the reference's: that is recall. Precision asks how much of the *candidate* is right.",
        lambda c, r, n: (sum(a == b for a, b in zip(_runs(c, n), _runs(r, n), strict=False)), len(_runs(c, n))),
        "Only runs at the same place count. BLEU lets them stand anywhere.",
        lambda c, r, n: (clipped(c, r, n)[0], len(c)),
        "The total is the number of words; of n words in a row there are fewer: len − n + 1.",
    ),
)

# ---- brevity penalty ------------------------------------------------------------------------------------------------

PENALTY_WRONG = wrong_answers(
    lambda hypothesis, reference: math.exp(1 - reference / hypothesis),
    "A translation that is longer than its reference gets more than 1: a bonus. The penalty is at most 1.",
    lambda hypothesis, reference: min(1.0, hypothesis / reference),
    "The plain ratio. BLEU's penalty is e^(1 − reference / hypothesis): harder on very short ones.",
    lambda hypothesis, reference: 1.0 if hypothesis >= reference else math.exp(1 - hypothesis / reference),
    "The fraction stands on its head: e^(1 − reference / hypothesis). As it is, being shorter is rewarded.",
    lambda hypothesis, reference: 1.0 if hypothesis <= reference else math.exp(1 - hypothesis / reference),
    "It punishes what is too long; that is the business of the precisions. The penalty is for what is too short.",
    lambda hypothesis, reference: 1.0 if hypothesis >= reference else math.exp(-reference / hypothesis),
    "The 1 is missing in the exponent: just below the reference's length the penalty should be just below 1.",
    lambda hypothesis, reference: math.exp(-abs(1 - reference / hypothesis)),
    "Both sides are punished. What is too long loses in the precisions already; here it gets 1.",
)

PENALTY = Exercise(
    name="brevity penalty",
    task="1 for a translation at least as long as its reference, else e^(1 − reference / hypothesis): two lengths, "
    "in the same unit -> a number.",
    why="Precision alone is won by saying only the one word that is certain.",
    reference=brevity_penalty,
    cases=lambda: [
        Case({"hypothesis_length": 3, "reference_length": 6}, shown=True),
        Case({"hypothesis_length": 6, "reference_length": 3}),
        Case({"hypothesis_length": 5, "reference_length": 5}),
        Case({"hypothesis_length": 4, "reference_length": 5}),
        Case({"hypothesis_length": 1, "reference_length": 10}),
    ],
    returns=("penalty",),
    hints=(
        "Two cases: long enough, or too short.",
        "With 3 words for 6 the penalty is e^(1 − 2) ≈ 0.368.",
        "`1.0 if hypothesis >= reference else math.exp(1 - reference / hypothesis)`",
    ),
    minutes=3,
    difficulty=1,
    wrong=PENALTY_WRONG,
)
