"""Chapter 5: one step of training."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_kit.contexts import seeded
from course_kit.exercises.compare import Misfit, same
from course_kit.exercises.define import Case, Exercise, Property, beside, integers, variants, wrong_answers
from course_kit.i18n import mark, t
from course_utils.toy_tasks import BEGIN, train_step


class Reader(nn.Module):
    """A very small model of the kind: (source [B, S], target [B, T]) -> logits [B, T, V]. A word is predicted from the
    source and from the word before it. It remembers whether it was ever put into eval mode."""

    def __init__(self):
        super().__init__()
        self.evaluated = False
        self.words, self.output = nn.Embedding(13, 4), nn.Linear(4, 13)

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        self.evaluated |= not self.training
        return self.output(self.words(target) + self.words(source).mean(1, keepdim=True))


MADE = {
    "first": "torch.manual_seed(0); words, output = nn.Embedding(13, 4), nn.Linear(4, 13)",
    "model": "(source, read) -> output(words(read) + words(source).mean(1, keepdim=True))",
    "optimiser": "torch.optim.SGD([*words.parameters(), *output.parameters()], lr=0.5)",
}


@beside
def _run(answer, case: Case) -> tuple[Tensor, Tensor]:
    """Three steps of a model that begins as ever -> the losses, and the parameters in the end."""
    with seeded(0):
        model = Reader()
    optimiser = torch.optim.SGD(model.parameters(), lr=0.5)
    losses = [answer(model, optimiser, *case.args.values()) for _ in range(3)]
    if model.evaluated or not model.training:
        raise Misfit(t("`model.eval()` switches dropout off, and a training needs it. Leave the model in train mode."))
    if any(loss is None for loss in losses):
        raise Misfit(t("It returns None. Is a `return` missing?"))
    if any(isinstance(loss, Tensor) and loss.requires_grad for loss in losses):
        raise Misfit(t("It returns a tensor, which keeps all that it was computed from. A number is `loss.item()`."))
    return torch.tensor([float(loss) for loss in losses]), model.words.weight.detach()[:3]


def _case(rows: int, length: int, seed: int, shown: bool = False) -> Case:
    source, target = integers(10, rows, length + 1, seed=seed), integers(10, rows, length, seed=seed + 1)
    return Case({"source": source, "target": target}, given=MADE if shown else {}, shown=shown)


def _shifted(target: Tensor) -> Tensor:
    return torch.cat([torch.full_like(target[:, :1], BEGIN), target[:, :-1]], 1)


def _mean(logits: Tensor, target: Tensor) -> Tensor:
    return F.cross_entropy(logits.flatten(0, 1), target.flatten())


@variants
def _step(model, optimiser, source, target, *, read=_shifted, loss=_mean, moves=True):
    """One step of training. read: what the decoder reads."""
    found = loss(model(source, read(target)), target)
    optimiser.zero_grad()
    found.backward()
    if moves:
        optimiser.step()
    return found.item()


def _first_loss(run, case, mine, want):
    return not same(mine[0][:1], want[0][:1])


def _first_step(run, case, mine, want):
    return same(mine[0][:1], want[0][:1]) and not same(mine[0][1:2], want[0][1:2])


def _later_steps(run, case, mine, want):
    return same(mine[0][:2], want[0][:2]) and not same(mine, want)


TRAIN = Exercise(
    name=mark("a training step"),
    task=t(
        "Train on one batch: the decoder reads BEGIN and the target without its last word, and predicts the target. "
        "Compute the mean cross-entropy, clear the old gradients, compute new ones, let the optimiser step, and "
        "return the loss as a number: source [B, S], target [B, T]; model(source, read) -> logits [B, T, V]."
    ),
    reference=train_step,
    cases=lambda: [_case(1, 3, 1600, shown=True), _case(2, 3, 1610), _case(4, 5, 1620)],
    returns=(t("three losses"), t("words.weight[:3] then")),
    run=_run,
    hints=(
        t(
            "Five things in this order: predict, loss, clear, backward, step. What does the decoder read when it "
            "predicts the first word?"
        ),
        t(
            "It reads the target moved on by one: `torch.cat([begin, target[:, :-1]], 1)`, where begin is "
            "`torch.full_like(target[:, :1], BEGIN)`."
        ),
        t(
            "`logits = model(source, read)`, `F.cross_entropy(logits.flatten(0, 1), target.flatten())`, then "
            "`optimiser.zero_grad()`, the backward pass of this loss, `optimiser.step()`."
        ),
    ),
    minutes=8,
    difficulty=2,
    properties=(
        Property(
            t(
                "The model learns as it should, and what is returned is another number. It should be the loss from "
                "before the step."
            ),
            lambda run, case, mine, want: same(mine[1], want[1]) and not same(mine[0], want[0]),
        ),
        Property(
            t("The first loss is the one that should come second: is there a step before it, or are there two in one?"),
            lambda run, case, mine, want: same(mine[0][:1], want[0][1:2]),
        ),
        Property(
            t(
                "The first loss is wrong already, before any step: what does the decoder read, what is it to predict, "
                "and of what is the mean taken?"
            ),
            _first_loss,
        ),
        Property(
            t("The first loss is right, and the step after it is another one: clear, backward, step."), _first_step
        ),
        Property(t("The first step is right, the second is not: what is left over from the first?"), _later_steps),
    ),
    used=t("Your `train_step` trains a small Transformer in [A step of training](#A-step-of-training)."),
    wrong=wrong_answers(
        _step(moves=False),
        t(
            "After the step the parameters are what they were. Is there a step, after the backward pass, with the "
            "gradients still there? The order is: clear, backward, step."
        ),
        _step(read=lambda target: target),
        t(
            "The decoder reads the word that it is to predict: it would learn to copy its input. Let it read BEGIN "
            "and the target without its last word."
        ),
        _step(read=lambda target: torch.cat([target[:, 1:], torch.full_like(target[:, :1], BEGIN)], 1)),
        t("The target is moved the wrong way: the decoder reads the word *after* the one that it predicts."),
        _step(read=lambda target: torch.cat([target[:, :1], target[:, :-1]], 1)),
        t("The decoder begins with the first word of the target instead of BEGIN, and so reads what it is to predict."),
        _step(loss=lambda logits, target: _mean(logits.softmax(-1), target)),
        t("`cross_entropy` takes logits and does the softmax itself: here there are two."),
    ),
)
