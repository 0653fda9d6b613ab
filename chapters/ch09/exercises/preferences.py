"""Chapter 9: what counts in a talk, the loss that prefers one answer to another, and who is above the mean."""

import math
from dataclasses import replace

import torch
import torch.nn.functional as F

from course_kit.exercises.compare import same
from course_kit.exercises.define import Exercise, Property, integers, named, normal, tensors, variants, wrong_answers
from course_kit.exercises.properties import changed, mean_of_rows, rows_are_independent
from course_kit.i18n import mark, t
from course_utils.post_training import advantages, answer_targets, dpo_loss

_talk = named("ids", "is_answer")


def _from(length: int, *starts_and_ends: tuple[int, int]) -> torch.Tensor:
    """True from a start to before an end, a row for each pair."""
    places = torch.arange(length)
    return torch.stack([(places >= start) & (places < end) for start, end in starts_and_ends])


@variants
def _targets(
    ids,
    is_answer,
    *,
    shifted=lambda ids: ids[:, 1:],
    counted=lambda is_answer: is_answer[:, 1:],
    hide=lambda targets, counted: targets.masked_fill(~counted, -100),
):
    return hide(shifted(ids), counted(is_answer))


def _hidden_or_not(run, case, mine, want):
    if mine.shape != want.shape or same(mine, want):
        return False
    if (mine[want == -100] != -100).any():
        return t("A place whose next token is not of an answer has another target than −100, and would be learned.")
    if (mine[want == 0] == -100).any() and not (mine[want > 0] == -100).any():
        return t("The token 0 in an answer is −100, and would not be learned. `is_answer` alone says what counts.")
    return bool((mine[want != -100] == -100).any()) and t(
        "A token of an answer is −100, and would not be learned: each whose own place in `is_answer` is True counts."
    )


TARGETS = Exercise(
    name=mark("answer targets"),
    task=t(
        "The target at each place is the next token, as in chapter 7, and −100 where that next token is not of an "
        "answer: ids [B, N], is_answer [B, N] -> targets [B, N − 1]."
    ),
    reference=answer_targets,
    cases=lambda: [
        _talk(torch.tensor([[5, 6, 7, 8, 9]]), _from(5, (3, 5)), shown=True),
        _talk(integers(20, 3, 8, seed=1820), _from(8, (2, 8), (5, 7), (7, 8))),
        _talk(integers(20, 2, 4, seed=1821), _from(4, (0, 4), (1, 2))),
        _talk(torch.tensor([[5, 0, 0, 7]]), _from(4, (1, 3))),  # 0 is a token like any other
    ],
    returns=("targets",),
    properties=(Property(t("What counts are the tokens of answers, all of them and no others."), _hidden_or_not),),
    used=t("With it your model learns to add in [Two: small steps](#Two:-small-steps)."),
    hints=(
        t("First the targets of chapter 7, `ids[:, 1:]`. Which of them should not count?"),
        t("Whether a target counts is said by the mask *at the target*, so the mask is shifted, too."),
        t("A tensor's masked_fill writes a number where its mask is True. What is True in `is_answer`?"),
    ),
    minutes=6,
    difficulty=2,
    wrong=wrong_answers(
        _targets(counted=lambda m: m[:, :-1]),
        t(
            "The mask is not shifted: it asks whether the token that is *read* belongs to the answer. So the first "
            "token of the answer, which the question leads to, is never learned."
        ),
        _targets(hide=lambda targets, counted: targets.masked_fill(~counted, 0)),
        t("0 is a token like any other, and would be learned. `F.cross_entropy` leaves out −100."),
        _targets(shifted=lambda ids: ids[:, :-1], counted=lambda m: m[:, :-1]),
        t("Nothing is shifted: each place is asked for the token that is already there."),
        _targets(shifted=lambda ids: ids, counted=lambda m: m),
        t("The last token is read, but nothing comes after it: there are N − 1 targets, the next tokens."),
        _targets(hide=lambda targets, counted: targets.masked_fill(counted, -100)),
        t("The mask is read the wrong way round: what belongs to the answer is −100, and the question is learned."),
        lambda ids, is_answer: ids[:, 1:][is_answer[:, 1:]],
        t("These are the right tokens, but they have lost their places: the loss needs a target at each of N − 1."),
    ),
)

_preferred = named("liked", "disliked", "liked_before", "disliked_before")


@variants
def _dpo(
    liked,
    disliked,
    liked_before,
    disliked_before,
    beta=0.1,
    *,
    gain=lambda a, b, c, d: a - c - (b - d),
    loss=lambda x, beta: -F.logsigmoid(beta * x),
):
    return loss(gain(liked, disliked, liked_before, disliked_before), beta).mean()


def _beta_of_both(run, case, mine, want):
    """Whether half the log-probabilities with twice β are another loss."""
    halves = {name: case.args[name] / 2 for name in case.args}
    other = replace(changed(case, **halves), keywords={"beta": 2 * case.keywords.get("beta", 0.1)})
    return not same(run(other), mine)


def _either_way(run, case, mine, want):
    """Whether the loss is the same if liked and disliked change places, or if the liked one gains still less."""
    names = ("liked", "disliked", "liked_before", "disliked_before")
    turned = {name: case.args[names[i]] for name, i in zip(names, (1, 0, 3, 2), strict=True)}
    if len(case.args["liked"]) > 1 or same(want, torch.tensor(math.log(2))):
        return None
    if same(run(changed(case, **turned)), mine):
        return t("Liked and disliked may change places, and the loss stays. Is there an `abs`, or a square?")
    sunk = [run(changed(case, liked=case.args["liked"] - by)) for by in (1000.0, 2000.0)]
    if sunk[1] < math.log(2):
        return t("However far the liked answer falls behind, the loss gets smaller. Is there an `abs`, or a square?")
    return same(*sunk) and t(
        "However far the liked answer falls behind, from some point on the loss stays the same, and nothing is learned "
        "from the worst pairs. Is something cut off, by `clamp`, `relu` or an exp?"
    )


def _not_of_the_gain(run, case, mine, want):
    moved = {name: case.args[name] + 1 for name in ("liked", "liked_before")}
    return not same(run(changed(case, **moved)), mine)


DPO = Exercise(
    name=mark("dpo loss"),
    task=t(
        "How much more has the liked answer gained, since the training began, than the disliked one? The loss is −ln "
        "σ(β · that), and the mean over the batch; four log-probabilities [B] -> a number. beta is 0.1 unless given."
    ),
    reference=dpo_loss,
    cases=lambda: [
        _preferred(*tensors([-2.0], [-3.0], [-4.0], [-3.0]), beta=0.5, shown=True),
        _preferred(*(3 * normal(5, seed=1830 + i) - 4 for i in range(4)), beta=0.3),
        _preferred(*(3 * normal(1, seed=1840 + i) - 4 for i in range(4))),
        _preferred(*tensors([-300.0, 0], [0.0, -300], [0.0, -300], [-300.0, 0]), beta=1.0),
        _preferred(*tensors([-2.0, -5], [-3.0, -1], [-2.0, -5], [-3.0, -1])),
    ],
    returns=("loss",),
    used=t("With it people teach your model in [Does it do what line 3 says?](#Does-it-do-what-line-3-says?)."),
    properties=(
        Property(
            t("Where no answer has gained anything, the loss should be −ln σ(0) = ln 2, about 0.693, whatever β is."),
            lambda run, case, mine, want: abs(want.item() - math.log(2)) < 1e-5 and not same(mine, want),
        ),
        Property(
            t("The gain of an answer is a difference: 1 more both now and before should change nothing."),
            _not_of_the_gain,
        ),
        Property(t("The loss tells the liked answer from the other one."), _either_way),
        Property(
            t(
                "Half of all log-probabilities with twice the β should give the same loss. β multiplies the whole "
                "difference of the two gains, once, inside ln σ."
            ),
            _beta_of_both,
        ),
        mean_of_rows(
            "liked",
            "disliked",
            "liked_before",
            "disliked_before",
            says=t("The loss of a batch should be the mean of the losses of its pairs: take the mean last."),
        ),
    ),
    hints=(
        t("The gain of an answer is its log-probability now, minus its log-probability before."),
        t("Liked gain minus disliked gain, times β: the larger, the smaller the loss should be."),
        t("σ is the sigmoid. `F.logsigmoid(x)` is ln σ(x), also where σ(x) is 0 in float32."),
    ),
    minutes=6,
    difficulty=2,
    wrong=wrong_answers(
        _dpo(gain=lambda a, b, c, d: (b - d) - (a - c)),
        t("The signs are turned round: this loss falls when the *disliked* answer gains."),
        _dpo(loss=lambda x, beta: F.logsigmoid(beta * x)),
        t("ln σ is negative, and grows with the right preference. A loss should fall: a minus is missing."),
        _dpo(loss=lambda x, beta: -(beta * x).sigmoid().log()),
        t("σ(−600) is 0 in float32, and ln 0 is −∞. `F.logsigmoid` computes it safely."),
        _dpo(loss=lambda x, beta: -beta * F.logsigmoid(x)),
        t(
            "β multiplies the loss, so it only changes its scale. It belongs inside, before ln σ: there it says how "
            "far the model may move."
        ),
    ),
)

_earned = named("rewards")


@variants
def _standard(
    rewards,
    eps=1e-4,
    *,
    mean=lambda r: r.mean(1, keepdim=True),
    deviation=lambda r: r.std(1, keepdim=True),
    score=lambda above, deviation, eps: above / (deviation + eps),
):
    return score(rewards - mean(rewards), deviation(rewards), eps)


def _not_from_the_mean(run, case, mine, want):
    """Whether the advantages of a group do not sum to 0."""
    return not same(mine.sum(1), torch.zeros(len(mine)))


def _of_another_size(run, case, mine, want):
    """Whether large rewards, beside which eps is nothing, get advantages of another deviation than 1; else, eps."""
    if (case.args["rewards"].std(1) < 0.1).any():
        return None
    far = run(changed(case, rewards=1e4 * case.args["rewards"])).std(1)
    if not torch.allclose(far, torch.ones_like(far), rtol=1e-2):
        return t(
            "Where rewards are 10,000 times as large, the advantages of a group should keep a deviation of 1, since "
            "they are measured in it; yours get {far}. Divide by the deviation itself: not by the variance, nor by the "
            "largest reward.",
            far=f"{far[0].item():.3g}",
        )
    return not same(mine, want) and t(
        "For large rewards yours are right, for small ones they are not, so it is eps: it is added to the deviation, "
        "after the root."
    )


ADVANTAGES = Exercise(
    name=mark("advantages"),
    task=t(
        "How far is each answer above the mean of its group, in standard deviations of that group? eps is added to the "
        "deviation. rewards [Q, N], of N answers to each of Q questions -> advantages [Q, N]."
    ),
    reference=advantages,
    cases=lambda: [
        _earned(torch.tensor([[1.0, 0, 0, 0], [1, 1, 1, 1]]), shown=True),
        _earned(torch.tensor([[0.0, 1, 0, 1, 1], [0, 0, 0, 0, 1], [0, 0, 0, 0, 0]])),
        _earned(normal(4, 4, seed=1850)),
        _earned(normal(2, 5, seed=1851), eps=0.5),
    ],
    returns=("advantages",),
    used=t("With it your model practises in [The same with your model](#The-same-with-your-model)."),
    properties=(
        Property(
            t("Where all answers of a group earn the same, each advantage should be 0: the group teaches nothing."),
            lambda run, case, mine, want: mine.shape == want.shape and not same(mine[want == 0], want[want == 0]),
        ),
        rows_are_independent("rewards"),
        Property(
            t(
                "In each group the advantages should sum to 0, because each is how far a reward is above the group's "
                "mean; yours do not. Take away the mean, and cut nothing off."
            ),
            _not_from_the_mean,
        ),
        Property(t("Advantages are measured in deviations."), _of_another_size),
    ),
    hints=(
        t("As by hand on four answers: minus the mean, divided by the deviation, but for each row."),
        t("`rewards.mean(1)` is [Q]. To subtract it from [Q, N], keep the axis: `keepdim=True`."),
        t("If all rewards of a row are equal, the deviation is 0. Add eps to it before you divide."),
    ),
    minutes=5,
    difficulty=2,
    wrong=wrong_answers(
        _standard(mean=lambda r: r.mean(), deviation=lambda r: r.std()),
        t("Mean and deviation are of all groups together: an answer is compared with answers to other questions."),
        _standard(score=lambda above, deviation, eps: above / deviation),
        t("Where all rewards of a group are equal, this is 0 / 0. Add eps to the deviation."),
        _standard(score=lambda above, deviation, eps: above),
        t("Minus the mean, and not divided by the deviation yet."),
        _standard(mean=lambda r: 0),
        t("Nothing is subtracted, so no answer is pushed down: take away the mean of the group."),
        _standard(mean=lambda r: r.mean(0), deviation=lambda r: r.std(0)),
        t("These are means over the questions. A group is a row: axis 1."),
        _standard(deviation=lambda r: r.std(1, keepdim=True, correction=0)),
        t("Almost: this deviation divides by n. PyTorch's `std` divides by n − 1, as by hand."),
    ),
)
