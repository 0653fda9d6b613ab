"""Chapter 7: what goes in and what should come out, and a way to ask for the token after the next."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_kit.exercises.compare import same
from course_kit.exercises.define import (
    Case,
    Exercise,
    FindError,
    Property,
    integers,
    named,
    normal,
    variants,
    wrong_answers,
)
from course_kit.exercises.properties import changed
from course_kit.i18n import mark, t
from course_utils.gpt import inputs_and_targets


@variants
def _cut(ids, *, inputs=lambda ids: ids[:, :-1], targets=lambda ids: ids[:, 1:]):
    return inputs(ids), targets(ids)


def _of_a_small_text(run, case, mine, want):
    """Which tokens of a text of five come out."""
    text = torch.arange(10, 15)[None]
    needs = text[:, :-1], text[:, 1:]
    for name, found, needed in zip(("inputs", "targets"), run(changed(case, ids=text)), needs, strict=True):
        if not same(found, needed):
            told = {"name": name, "found": found.flatten().tolist(), "needed": needed.flatten().tolist()}
            return t("Of the text 10, 11, 12, 13, 14 the {name} should be {needed}; yours are {found}.", **told)
    return False


TARGETS = Exercise(
    name=mark("next token targets"),
    task=t(
        "Cut a text into what goes in and what should come out: ids [B, T + 1] -> inputs [B, T], targets [B, T]. The "
        "target at each position is the token that follows."
    ),
    reference=inputs_and_targets,
    cases=lambda: [
        Case({"ids": torch.tensor([[5, 6, 7, 8]])}, shown=True),
        Case({"ids": integers(10, 3, 6, seed=1700)}),
        Case({"ids": integers(10, 2, 2, seed=1701)}),
    ],
    returns=("inputs", "targets"),
    properties=(Property(t("The target is the next token."), _of_a_small_text, any_shape=True),),
    used=t("It cuts every text that your GPT is trained on: [Five: a book](#Five:-a-book)."),
    hints=(
        t("Nothing is known of what follows the last token. So it cannot go in. Which token is never asked for?"),
        t("Both are the text without one token: one lacks the last, the other the first."),
        t("`ids[:, :-1]` is everything but the last token of each text. How do you write everything but the first?"),
    ),
    minutes=2,
    difficulty=1,
    wrong=wrong_answers(
        _cut(targets=lambda ids: ids[:, :-1]),
        t(
            "The target at each position is the token that is already there. To copy it, you need no model: it should "
            "be the token that comes *next*."
        ),
        _cut(inputs=lambda ids: ids, targets=lambda ids: ids.roll(-1, 1)),
        t(
            "`roll` brings the first token to the end, so the last position is asked for the beginning of the text. "
            "It has no target: leave it out."
        ),
        _cut(inputs=lambda ids: ids[:, 1:], targets=lambda ids: ids[:, :-1]),
        t("It is the wrong way round: each position is asked for the token *before* it, which it has seen."),
        lambda ids: (ids[:-1], ids[1:]),
        t("The first axis is the batch, so this takes the next *text* as the answer. Time is the second axis."),
        _cut(inputs=lambda ids: ids[:, :-2], targets=lambda ids: ids[:, 2:]),
        t("Each is asked for the token after the next. The target is one place further, `ids[:, 1:]`."),
    ),
)


class Small(nn.Module):
    """A small causal model for tests: model(ids [B, T]) -> logits [B, T, V], of the mean of what was read so far."""

    def __init__(self, words: int, seed: int):
        super().__init__()
        self.table = nn.Parameter(normal(words, 4, seed=seed))
        self.output = nn.Parameter(normal(4, words, seed=seed + 1))

    def forward(self, ids: Tensor) -> Tensor:
        read = self.table[ids].cumsum(1) / torch.arange(1, ids.shape[1] + 1)[:, None]
        return (read + self.table[ids]) @ self.output


class Output(NamedTuple):
    """What a causal model of `transformers` gives: loss (if it got labels) and logits [B, T, V]."""

    loss: Tensor | None
    logits: Tensor


class ShiftsItself(nn.Module):
    """Like GPT2LMHeadModel: model(ids, labels=labels) compares the logits of each place with the label *after* it."""

    def __init__(self, words: int, seed: int):
        super().__init__()
        self.model = Small(words, seed)

    def forward(self, input_ids: Tensor, labels: Tensor | None = None) -> Output:
        logits = self.model(input_ids)
        if labels is None:
            return Output(None, logits)
        return Output(F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten()), logits)


def their_loss(model, ids: Tensor) -> Tensor:
    """ids [B, T], a model that shifts its labels itself -> mean cross-entropy of each next token."""
    return model(ids, labels=ids).loss


_theirs = named("model", "ids", model=t("as GPT2LMHeadModel: model(ids, labels=…) -> an output with .loss and .logits"))

TWICE = FindError(
    name=mark("program 7.4"),
    title=t("shifted twice"),
    task=t(
        "ids [B, T], model(ids, labels=…) -> an output with `.loss` and `.logits`, as a causal model of "
        "`transformers` gives it; return the mean cross-entropy of each next token."
    ),
    program=(
        "def their_loss(model, ids):                # model: GPT2LMHeadModel",
        "    labels = torch.full_like(ids, -100)    # −100: nothing is asked here",
        "    labels[:, :-1] = ids[:, 1:]            # what follows each token",
        "    output = model(ids, labels=labels)",
        "    return output.loss",
    ),
    line=3,
    found=t(
        "a causal model of `transformers` shifts its labels itself: it wants them the same as the inputs. If you "
        "shift them beforehand, they are shifted twice. A model that only returns logits, as ours does, shifts "
        "nothing."
    ),
    innocent={
        1: t("it only names what comes in. What does this model do with labels?"),
        2: t("it makes a row that is filled next. What stays −100 does not count."),
        4: t("ids and labels have the same length, as the model wants them."),
        5: t("this is the mean over all positions that have a label."),
    },
    reference=their_loss,
    cases=lambda: [
        _theirs(ShiftsItself(10, 1720), torch.tensor([[5, 6, 7, 8]]), shown=True),
        _theirs(ShiftsItself(10, 1722), integers(10, 3, 6, seed=1721)),
        _theirs(ShiftsItself(10, 1726), integers(10, 2, 9, seed=1724)),
    ],
    returns=("loss",),
    hints=(
        t("Read what the model's documentation says of `labels`: “the labels are shifted inside the model”."),
        t("Give it labels that are the inputs themselves, and compare with a cross-entropy of your own on `.logits`."),
        t("The model shifts the labels once. What must they be, before that, for the shift to be right?"),
    ),
    minutes=6,
    difficulty=2,
    wrong=wrong_answers(
        lambda model, ids: model(ids[:, :-1], labels=ids[:, 1:]).loss,
        t("The labels are still shifted before the model shifts them, so it learns the token after the next."),
        lambda model, ids: model(ids[:, :-1], labels=ids[:, :-1]).loss,
        t(
            "Inputs and labels are the same now, which is right. But the last token is missing, and with it one "
            "question."
        ),
        lambda model, ids: F.cross_entropy(model(ids).logits.flatten(0, 1), ids.flatten()),
        t("A loss of your own shifts nothing, so each position is asked for itself."),
        lambda model, ids: model(ids, labels=ids.roll(-1, 1)).loss,
        t("`roll` shifts them, too, so they are shifted twice in all."),
        lambda model, ids: model(ids, labels=ids.roll(1, 1)).loss,
        t("They are shifted back first, and the model shifts them on: each position is asked for itself."),
        lambda model, ids: model(ids).loss,
        t("Without labels there is no loss: it is None."),
    ),
)
