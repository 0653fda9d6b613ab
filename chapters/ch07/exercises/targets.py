"""Chapter 7: what goes in and what should come out, and three ways to ask for something else."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_kit.exercises.define import (
    Case,
    Exercise,
    FindError,
    integers,
    named,
    normal,
    some_numbers,
    variants,
    wrong_answers,
)
from course_kit.exercises.properties import rows_are_independent, rows_sum_to_one


def next_token_targets(ids: Tensor) -> tuple[Tensor, Tensor]:
    """ids [B, T + 1] -> inputs [B, T], targets [B, T]: what follows each of the inputs. GPT.loss begins like this."""
    return ids[:, :-1], ids[:, 1:]


TOO_SHORT = "Too much is cut off. Of T + 1 tokens there are T inputs and T targets, and each target is one further on."


@variants
def _cut(ids, *, inputs=lambda ids: ids[:, :-1], targets=lambda ids: ids[:, 1:], form=lambda x: x):
    return inputs(ids), form(targets(ids))


TARGETS = Exercise(
    name="next token targets",
    task="Cut a text into what goes in and what should come out: ids [B, T + 1] -> inputs [B, T], targets [B, T]. The "
    "target at each position is the token that follows.",
    reference=next_token_targets,
    cases=lambda: [
        Case({"ids": torch.tensor([[5, 6, 7, 8]])}, shown=True),
        Case({"ids": integers(10, 3, 6, seed=1700)}),
        Case({"ids": integers(10, 2, 2, seed=1701)}),
    ],
    returns=("inputs", "targets"),
    used="It cuts the texts on which your GPT is compared with `transformers`.",
    hints=(
        "Nothing is known of what follows the last token. So it cannot go in. Which token is never asked for?",
        "Both are the text without one token: one lacks the last, the other the first.",
        "`ids[:, :-1]` is everything but the last token of each text. How do you write everything but the first?",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        _cut(targets=lambda ids: ids[:, :-1]),
        "The target at each position is the token that is already there. To copy it, you need no model: it should be "
        "the token that comes *next*.",
        _cut(inputs=lambda ids: ids[:, 1:]),
        "Inputs and targets are the same. The inputs lack the first token; they should lack the last, of which nobody "
        "knows what follows.",
        _cut(inputs=lambda ids: ids[:, 1:], targets=lambda ids: ids[:, :-1]),
        "It is the wrong way round: each position is asked for the token *before* it, which it has seen.",
        _cut(inputs=lambda ids: ids),
        "The inputs are one longer than the targets: what should follow the last one?",
        _cut(targets=lambda ids: ids),
        "The targets are one longer than the inputs, and begin with a token that nothing comes before. Leave it out.",
        _cut(inputs=lambda ids: ids, targets=lambda ids: ids),
        "Nothing is cut off, and each position is asked for the token that is already there.",
        _cut(inputs=lambda ids: ids, targets=lambda ids: ids.roll(-1, 1)),
        "`roll` brings the first token to the end, so the last position is asked for the beginning of the text. It has "
        "no target: leave it out.",
        _cut(inputs=lambda ids: ids, targets=lambda ids: ids.roll(1, 1)),
        "This moves the targets the wrong way: each position is asked for the token *before* it, and the first for the "
        "last.",
        _cut(targets=lambda ids: ids[:, 2:]),
        "The targets are moved by two, so they ask for the token after the next.",
        _cut(inputs=lambda ids: ids[:, :-2], targets=lambda ids: ids[:, 2:]),
        TOO_SHORT,
        lambda ids: (ids[:-1], ids[1:]),
        "The first axis is the batch, so this takes the next *text* as the answer. Time is the second axis.",
        _cut(targets=lambda ids: ids[:, -1:]),
        "This asks one question of each text, about its last token. Under a causal mask every position can be asked.",
        _cut(form=lambda targets: targets.flatten()),
        "The targets have lost their axes: the loss may want them flat, but here they are [B, T].",
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


def next_token_loss(model, ids: Tensor) -> Tensor:
    """ids [B, T + 1], model(inputs) -> logits [B, T, V]; -> mean cross-entropy of each next token."""
    return F.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten())


_lesson = named("model", "ids", model="a causal model: model(ids [B, T]) -> logits [B, T, V]")


@variants
def _asked(model, ids, *, inputs=lambda ids: ids[:, :-1], target=lambda ids: ids[:, 1:]):
    return F.cross_entropy(model(inputs(ids)).flatten(0, 1), target(ids).flatten())


SAME = FindError(
    name="program 7.3",
    title="a target that is the input",
    task="ids [B, T + 1], model(inputs [B, T]) -> logits [B, T, V]; return the mean cross-entropy of each next token.",
    program=(
        "def next_token_loss(model, ids):           # ids [B, T + 1]",
        "    inputs = ids[:, :-1]",
        "    target = ids[:, :-1]",
        "    rows = model(inputs).flatten(0, 1)     # [B · T, V]",
        "    return torch.nn.functional.cross_entropy(rows, target.flatten())",
    ),
    line=3,
    found="the target is the input itself. A causal mask hides what comes after a position, not the position: each "
    "token sees itself, and copies. The targets are one step further, `ids[:, 1:]`.",
    innocent={
        2: "these are all tokens but the last, of which nobody knows what follows.",
        4: "it makes a row of logits for each position.",
        5: "this is the cross-entropy of all positions at once. What are they asked for?",
    },
    reference=next_token_loss,
    cases=lambda: [
        _lesson(Small(10, 1710), torch.tensor([[5, 6, 7, 8]]), shown=True),
        _lesson(Small(10, 1712), integers(10, 3, 6, seed=1711)),
        _lesson(Small(10, 1716), integers(10, 2, 9, seed=1714)),
    ],
    returns=("loss",),
    hints=(
        "What does position t see under a causal mask, and what is it asked for?",
        "Take a text, “h e l l o”. Write down what is in `inputs`, and below it what is in `target`.",
        "The target should lack the first token instead of the last. How do you write that?",
    ),
    minutes=2,
    difficulty=1,
    wrong=wrong_answers(
        _asked(target=lambda ids: ids[:, :-1]),
        "The target is still the input, so copying is all that is learned.",
        _asked(inputs=lambda ids: ids, target=lambda ids: ids),
        "Now it is the whole text, and each position is again asked for itself.",
        _asked(inputs=lambda ids: ids[:, 1:], target=lambda ids: ids[:, :-1]),
        "It is the other way round: now each position is asked for the token before it, which it has seen.",
        _asked(inputs=lambda ids: ids),
        "The inputs are one longer than the targets: the last token has none.",
        _asked(inputs=lambda ids: ids, target=lambda ids: ids.roll(-1, 1)),
        "`roll` asks the last position for the first token of the text.",
        _asked(inputs=lambda ids: ids[:, :-2], target=lambda ids: ids[:, 2:]),
        TOO_SHORT,
    ),
)


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


_theirs = named("model", "ids", model="as GPT2LMHeadModel: model(ids, labels=…) -> an output with .loss and .logits")

TWICE = FindError(
    name="program 7.4",
    title="shifted twice",
    task="ids [B, T], model(ids, labels=…) -> an output with `.loss` and `.logits`, as a causal model of "
    "`transformers` gives it; return the mean cross-entropy of each next token.",
    program=(
        "def their_loss(model, ids):                # model: GPT2LMHeadModel",
        "    labels = torch.full_like(ids, -100)    # −100: nothing is asked here",
        "    labels[:, :-1] = ids[:, 1:]            # what follows each token",
        "    output = model(ids, labels=labels)",
        "    return output.loss",
    ),
    line=3,
    found="a causal model of `transformers` shifts its labels itself: it wants them the same as the inputs. If you "
    "shift them beforehand, they are shifted twice. A model that only returns logits, as ours does, shifts nothing.",
    innocent={
        1: "it only names what comes in. What does this model do with labels?",
        2: "it makes a row that is filled next. What stays −100 does not count.",
        4: "ids and labels have the same length, as the model wants them.",
        5: "this is the mean over all positions that have a label.",
    },
    reference=their_loss,
    cases=lambda: [
        _theirs(ShiftsItself(10, 1720), torch.tensor([[5, 6, 7, 8]]), shown=True),
        _theirs(ShiftsItself(10, 1722), integers(10, 3, 6, seed=1721)),
        _theirs(ShiftsItself(10, 1726), integers(10, 2, 9, seed=1724)),
    ],
    returns=("loss",),
    hints=(
        "Read what the model's documentation says of `labels`: “the labels are shifted inside the model”.",
        "Give it labels that are the inputs themselves, and compare with a cross-entropy of your own on `.logits`.",
        "The model shifts the labels once. What must they be, before that, for the shift to be right?",
    ),
    minutes=4,
    difficulty=2,
    wrong=wrong_answers(
        lambda model, ids: model(ids[:, :-1], labels=ids[:, 1:]).loss,
        "The labels are still shifted before the model shifts them, so it learns the token after the next.",
        lambda model, ids: model(ids[:, :-1], labels=ids[:, :-1]).loss,
        "Inputs and labels are the same now, which is right. But the last token is missing, and with it one question.",
        lambda model, ids: F.cross_entropy(model(ids).logits.flatten(0, 1), ids.flatten()),
        "A loss of your own shifts nothing, so each position is asked for itself.",
        lambda model, ids: model(ids, labels=ids.roll(-1, 1)).loss,
        "`roll` shifts them, too, so they are shifted twice in all.",
        lambda model, ids: model(ids, labels=ids.roll(1, 1)).loss,
        "They are shifted back first, and the model shifts them on: each position is asked for itself.",
        lambda model, ids: model(ids, labels=ids),
        "This is the whole output. The number is in `.loss`.",
        lambda model, ids: model(ids).loss,
        "Without labels there is no loss: it is None.",
    ),
)


def next_token(logits: Tensor) -> Tensor:
    """logits [B, T, V] -> probabilities [B, V] of what follows the last token."""
    return logits[:, -1].softmax(-1)


TIME = FindError(
    name="program 7.5",
    title="a softmax over time",
    task="logits [B, T, V] -> probabilities [B, V] of what follows the last token.",
    program=(
        "def next_token(logits):                    # [B, T, V]",
        "    p = logits.softmax(dim=1)",
        "    return p[:, -1]                        # [B, V]",
    ),
    line=2,
    found="`dim=1` is time: the positions of the text share each token among them, and the row that is returned does "
    "not sum to 1. The tokens of the vocabulary should compete at each position: `dim=-1`.",
    innocent={
        1: "it only names what comes in: batch, time, vocabulary.",
        3: "what follows the last position is what will be written.",
    },
    reference=next_token,
    cases=lambda: [
        Case({"logits": torch.tensor([[[0.0, 1, 2], [3, 1, 0]]])}, shown=True),
        Case({"logits": some_numbers(2, 4, 5, seed=1730)}),
        Case({"logits": 2 * some_numbers(3, 3, 3, seed=1732)}),
    ],
    returns=("probabilities",),
    properties=(rows_sum_to_one(what="probabilities"), rows_are_independent("logits")),
    hints=(
        "What does the row of each text sum to, and what should it sum to?",
        "You choose between tokens. Which axis are they on?",
        "The axes are batch, time and vocabulary, `dim` 0, 1 and 2. Which is it, counted from the end?",
    ),
    minutes=2,
    difficulty=1,
    wrong=wrong_answers(
        lambda logits: logits.softmax(1)[:, -1],
        "The softmax still runs over time.",
        lambda logits: logits.softmax(0)[:, -1],
        "Now it runs over the batch: texts that have nothing to do with each other compete.",
        lambda logits: logits[:, -1],
        "This is the last position, but its logits: the softmax is missing.",
        lambda logits: logits.softmax(-1)[:, 0],
        "The softmax is right. But this is the first position, and what follows the first token is known.",
        lambda logits: logits.softmax(-1)[:, :, -1],
        "The softmax is right. But `[:, :, -1]` is the last *token of the vocabulary*, at all positions.",
        lambda logits: logits.softmax(-1).mean(1),
        "This is the mean over all positions, which says what follows any token. It should be what follows the last.",
        lambda logits: logits.softmax(-1),
        "This is a distribution at each position; only that of the last is needed: `[:, -1]`.",
    ),
)
