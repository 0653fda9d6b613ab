"""Chapter 3's exercises about numbers: the masked loss and clipped n-grams."""

from collections import Counter
from dataclasses import replace

import torch

from course_kit.exercises.compare import same
from course_kit.exercises.define import Case, Exercise, Property, named, some_numbers, tensors, variants, wrong_answers
from course_kit.exercises.properties import blind_to_padding, changed, shift_changes_nothing
from course_kit.i18n import mark, t
from course_utils.loss import masked_loss

from . import solutions


def loss_cases() -> list[Case]:
    def case(lengths, size, vocabulary, seed, lowest=4, padding=0, hole=0) -> Case:
        mask = torch.arange(size) < torch.tensor(lengths)[:, None]
        mask[1, :hole] = False  # what does not count need not come last
        target = torch.randint(lowest, vocabulary, mask.shape, generator=torch.Generator().manual_seed(seed))
        logits = 2 * some_numbers(*mask.shape, vocabulary, seed=seed + 1)
        return Case({"logits": logits, "target": target.masked_fill(~mask, padding), "mask": mask})

    logits = [[[0.0, 0, 0, 0, 2], [1, 0, 0, 0, 0]], [[0, 0, 3, 0, 0], [3, 0, 0, 0, 0]]]
    words = [[True, True], [True, False]]
    first = named("logits", "target", "mask")(*tensors(logits, [[4, 0], [2, 0]], words), shown=True)
    far = named("logits", "target", "mask")(
        *tensors([[[0.0, 200, 0], [150, 0, -100], [0, 0, 160]]], [[0, 2, 2]], [[True] * 3])
    )
    return [first, case([3, 1], 3, 6, 360), case([2, 4, 1], 5, 7, 371, lowest=0, padding=3, hole=2), far]


@variants
def _wrong_loss(
    logits, target, mask, *, log_p=lambda x: x.log_softmax(-1), mean=lambda losses, real: losses[real].mean()
):
    """A masked loss with one thing done differently."""
    losses = -log_p(logits).gather(-1, target[..., None])[..., 0]
    return mean(losses, mask)


LOSS_WRONG = wrong_answers(
    _wrong_loss(log_p=lambda x: x.softmax(-1).log()),
    t(
        "For a word that seems impossible the softmax is rounded to 0, and log(0) is −∞. `log_softmax` does both in "
        "one, without rounding in between."
    ),
    _wrong_loss(mean=lambda losses, real: (losses * real).mean()),
    t("The padding is out of the sum, but still in the number it is divided by: divide by `mask.sum()`."),
    _wrong_loss(mean=lambda losses, real: ((losses * real).sum(1) / real.sum(1)).mean()),
    t(
        "This is the mean of the sentences' means: a word in a short sentence would count more than one in a long "
        "sentence. Take one mean over all real tokens."
    ),
    _wrong_loss(log_p=lambda x: x.softmax(-1).log_softmax(-1)),
    t(
        "There are two softmaxes: `cross_entropy` and `log_softmax` make probabilities of the logits by themselves. "
        "Give them the logits as they are."
    ),
    lambda logits, target, mask: -(logits.log_softmax(-1).gather(-1, target[..., None]) * mask).sum() / mask.sum(),
    t(
        "`gather` leaves an axis of 1, and [B, T, 1] times the mask [B, T] is [B, T, T]: every loss meets every mask. "
        "Take the axis away, `[..., 0]`."
    ),
)


def _not_the_log_of_V(run, case, mine, want):
    loss = run(changed(case, logits=torch.zeros_like(case.args["logits"])))
    return not same(loss.float(), torch.tensor(case.args["logits"].shape[-1]).log())


def _counts_padding(run, case, mine, want):
    """Whether one more place of padding, which repeats the first, changes the loss."""
    more = {name: torch.cat([x, x[:, :1]], 1) for name, x in case.args.items()}
    more["mask"][:, -1] = False
    return not same(run(changed(case, **more)), mine)


LOSS = Exercise(
    name=mark("masked loss"),
    task=t(
        "The mean of −log p(right word) over the real tokens only: logits [B, T, V], target [B, T], mask [B, T] bool, "
        "True = a real token -> a scalar."
    ),
    reference=masked_loss,
    cases=loss_cases,
    returns=("loss",),
    hints=(
        t("First the loss of every token, [B, T]; then choose the real ones; then take the mean."),
        t(
            "`.log_softmax(-1)` makes log-probabilities, and `.gather(-1, target[..., None])[..., 0]` picks the right "
            "word's for each token."
        ),
        t("What you have is [B, T]. A boolean index, `x[mask]`, keeps only the numbers where the mask is True."),
    ),
    minutes=8,
    difficulty=1,
    wrong=LOSS_WRONG,
    properties=(
        replace(
            blind_to_padding("logits", padded=lambda case: ~case.args["mask"]),
            says=t("What is in the padding changes the loss. Does each token meet its own place in the mask?"),
        ),
        replace(
            shift_changes_nothing("logits"),
            says=t("Adding 1 to every logit changes the loss. In a softmax only differences count: is there one?"),
        ),
        Property(
            t("One more place of padding changes the loss. Only real tokens have a loss, and count."), _counts_padding
        ),
        Property(
            t("Where all logits are equal, the loss is ln V, whatever is asked: is it one mean over the real tokens?"),
            _not_the_log_of_V,
        ),
    ),
    shown=solutions.masked_loss,
    used=t("Your loss trains the translator of [Four: train both](#Four:-train-both)."),
)


def _runs(words, n):
    return [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]


@variants
def _wrong_count(
    candidate,
    reference,
    n,
    *,
    runs=_runs,
    match=lambda ours, theirs: (Counter(ours) & Counter(theirs)).total(),
    total=lambda ours, theirs, words, n: len(ours),
):
    """Clipped counts with one thing done differently."""
    ours, theirs = runs(candidate, n), runs(reference, n)
    return match(ours, theirs), total(ours, theirs, candidate, n)


def _gram_case(candidate: str, reference: str, n: int, shown=False) -> Case:
    return Case({"candidate": candidate.split(), "reference": reference.split(), "n": n}, shown=shown)


def _which_matches(run, case, mine, want):
    """What is to be said where the total is right and the matches are not."""
    ours, theirs = (_runs(case.args[name], case.args["n"]) for name in ("candidate", "reference"))
    all_at_once = min(sum(one in theirs for one in ours), sum(one in ours for one in theirs))
    if mine[1] != want[1] or mine[0] == want[0]:
        return False
    if mine[0] == all_at_once:
        return t(
            "The total is right, the matches are not. You take the smaller of two sums; needed is the sum of the "
            "smaller counts: for each kind of run, the smaller of how often each text has it."
        )
    return t(
        "The total is right, the matches are not: a run matches where the reference has the same words in the "
        "same order, and at most as often as the reference has it."
    )


CLIPPED = Exercise(
    name=mark("clipped n-grams"),
    task=t(
        "How many of the candidate's runs of n words are in the reference, each counted at most as often as the "
        "reference has it; and how many runs the candidate has: lists of words, n -> (matches, total)."
    ),
    reference=solutions.clipped,
    cases=lambda: [
        _gram_case("the the the cat", "the cat sat on the mat", 1, shown=True),
        _gram_case("the cat the cat sat", "the cat sat on the mat", 2),
        _gram_case("a b a b a b a", "a b c a b a", 2),
        _gram_case("a b c", "a b d b c", 3),
        _gram_case("mat the on sat", "the cat sat on the mat", 1),
        _gram_case("a bc", "bc a ab c", 2),
        _gram_case("a", "a b c", 3),
        _gram_case("a a b x", "a b b y z", 1),
    ],
    returns=("matches", "total"),
    hints=(
        t(
            "Count the runs of the candidate and those of the reference separately: `Counter` counts the elements of "
            "a list, and `tuple(words[i : i + n])` is one run."
        ),
        t("A list of n words has one run, a list of n + 1 words has two. So how many different i are there?"),
        t(
            "For each run the smaller of the two counts: `&` between two of them does just that, and `.total()` adds "
            "up."
        ),
    ),
    minutes=7,
    difficulty=2,
    wrong=wrong_answers(
        _wrong_count(match=lambda ours, theirs: sum(run in theirs for run in ours)),
        t(
            "Not clipped: a run that the reference has once counts each time the candidate has it. “The the the” "
            "would be perfect."
        ),
        _wrong_count(match=lambda ours, theirs: len(set(ours) & set(theirs))),
        t("In the matches each kind of run counts once (a set). A run that both have twice counts twice."),
        _wrong_count(total=lambda ours, theirs, words, n: len(theirs)),
        t("The total is the reference's: that is recall. Precision asks how much of the *candidate* is right."),
        _wrong_count(total=lambda ours, theirs, words, n: len(words)),
        t("The total is the number of words. There are fewer runs of n words: len − n + 1."),
        _wrong_count(total=lambda ours, theirs, words, n: len(words) - n + 1),
        t("A candidate of fewer than n words has no run at all: its total is 0, not negative."),
        _wrong_count(runs=lambda words, n: [tuple(words[i : i + n]) for i in range(len(words) - n)]),
        t(
            "The last run is missing: with n = 1 every word is a run, so i goes up to len − n, `range(len(words) - n "
            "+ 1)`."
        ),
    ),
    properties=(
        Property(
            t(
                "The total is not the number of places where a run of n words can begin in the candidate: n words "
                "have one, n + 1 words have two, however often the same run comes back."
            ),
            lambda run, case, mine, want: mine[1] != want[1],
        ),
        Property(t("The matches are counted run by run."), _which_matches),
    ),
    used=t("Your counts make a BLEU score in [What does BLEU count?](#What-does-BLEU-count?)"),
)
