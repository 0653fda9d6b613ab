"""Chapter 7: what goes in and what should come out, and three ways to ask for something else."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.exercises.definition import Case, Exercise, FindError, wrong_answers
from course_utils.exercises.inputs import integers, named, normal, some_numbers

# ---- next token targets ---------------------------------------------------------------------------------------------


def next_token_targets(ids: Tensor) -> tuple[Tensor, Tensor]:
    """ids [B, T + 1] -> inputs [B, T], targets [B, T]: what follows each of the inputs. GPT.loss begins like this."""
    return ids[:, :-1], ids[:, 1:]


TARGETS = Exercise(
    name="next token targets",
    task="Cut a text into what goes in and what should come out: ids [B, T + 1] -> inputs [B, T], targets [B, T]; the "
    "target of each place is the token that follows it.",
    why="A text of T + 1 tokens asks T questions at once, and nobody had to write down an answer.",
    reference=next_token_targets,
    cases=lambda: [
        Case({"ids": torch.tensor([[5, 6, 7, 8]])}, shown=True),
        Case({"ids": integers(10, 3, 6, seed=1700)}),
        Case({"ids": integers(10, 2, 2, seed=1701)}),
    ],
    returns=("inputs", "targets"),
    hints=(
        "After the last token nothing is known. So it cannot go in: what should come out?",
        "Both are the text without one token: one lacks the last, the other the first.",
        "`return ids[:, :-1], ids[:, 1:]`",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        lambda ids: (ids[:, :-1], ids[:, :-1]),
        "The target of each place is the token that stands there. To copy it needs no model: it should say what "
        "comes *next*.",
        lambda ids: (ids[:, 1:], ids[:, :-1]),
        "The wrong way round: each place is asked for the token *before* it, which it has seen.",
        lambda ids: (ids, ids[:, 1:]),
        "The inputs are one longer than the targets: what should follow the last?",
        lambda ids: (ids, ids.roll(-1, 1)),
        "`roll` brings the first token to the end: the last place is asked for the beginning of the text. It has "
        "no target, so leave it out.",
        lambda ids: (ids[:, :-2], ids[:, 2:]),
        "Moved by two: this asks for the token after the next.",
        lambda ids: (ids[:-1], ids[1:]),
        "The first axis is the batch: this takes the next *text* for the answer. Time is the second axis.",
        lambda ids: (ids[:, :-1], ids[:, -1:]),
        "One question for each text, about its last token. Under a causal mask every place can be asked.",
    ),
)

# ---- a target that is the input -------------------------------------------------------------------------------------


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


def _asked(inputs, target):
    return lambda model, ids: F.cross_entropy(model(ids[inputs]).flatten(0, 1), ids[target].flatten())


_ALL, _FIRST, _NEXT = (slice(None), slice(None)), (slice(None), slice(-1)), (slice(None), slice(1, None))

SAME = FindError(
    name="a target that is the input",
    task="write the loss again: ids [B, T + 1], model(inputs [B, T]) -> logits [B, T, V]; -> the mean cross-entropy of "
    "each next token.",
    why="The loss falls to nearly 0 and looks like a triumph. The model has learnt to say what it just read.",
    program=(
        "def loss(model, ids):                      # ids [B, T + 1]",
        "    inputs = ids[:, :-1]",
        "    target = ids[:, :-1]",
        "    rows = model(inputs).flatten(0, 1)     # [B · T, V]",
        "    return torch.nn.functional.cross_entropy(rows, target.flatten())",
    ),
    line=3,
    found="the target is the input itself. A causal mask hides what comes after a place, not the place: each token "
    "sees itself, and copies. The targets are one step on, `ids[:, 1:]`.",
    innocent={
        2: "all tokens but the last, behind which nothing is known.",
        4: "a row of logits for each place.",
        5: "cross-entropy of all places at once. What are they asked for?",
    },
    reference=next_token_loss,
    cases=lambda: [
        _lesson(Small(10, 1710), torch.tensor([[5, 6, 7, 8]]), shown=True),
        _lesson(Small(10, 1712), integers(10, 3, 6, seed=1711)),
        _lesson(Small(10, 1716), integers(10, 2, 9, seed=1714)),
    ],
    returns=("loss",),
    hints=(
        "What does place t see under a causal mask, and what is it asked for?",
        "Put a text in: “h e l l o”. Write what stands in `inputs`, and below it what stands in `target`.",
        "`target = ids[:, 1:]`",
    ),
    minutes=2,
    difficulty=1,
    wrong=wrong_answers(
        _asked(_FIRST, _FIRST),
        "The target is the input still: copying is all that is learnt.",
        _asked(_ALL, _ALL),
        "The whole text now, and each place is asked for itself again.",
        _asked(_NEXT, _FIRST),
        "The other way round: now each place is asked for the token before it, which it has seen.",
        _asked(_ALL, _NEXT),
        "The inputs are one longer than the targets: the last token has none.",
        lambda model, ids: F.cross_entropy(model(ids).flatten(0, 1), ids.roll(-1, 1).flatten()),
        "`roll` asks the last place for the first token of the text.",
        lambda model, ids: F.cross_entropy(model(ids[:, :-2]).flatten(0, 1), ids[:, 2:].flatten()),
        "Moved by two: this asks for the token after the next.",
    ),
)

# ---- shifted twice --------------------------------------------------------------------------------------------------


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
    name="shifted twice",
    task="write the loss again: ids [B, T], model(ids, labels=…) -> an output with `.loss` and `.logits`, a causal "
    "model of `transformers`; -> the mean cross-entropy of each next token.",
    why="It runs, it trains, and the model learns the token after the next. In its samples every other word seems to "
    "be missing.",
    program=(
        "def loss(model, ids):                      # model: GPT2LMHeadModel",
        "    labels = torch.full_like(ids, -100)    # −100: nothing is asked here",
        "    labels[:, :-1] = ids[:, 1:]            # what follows each token",
        "    output = model(ids, labels=labels)",
        "    return output.loss",
    ),
    line=3,
    found="a causal model of `transformers` moves its labels by itself: it wants them the same as the inputs. Moved "
    "beforehand, they are moved twice. A model that gives logits only, as ours, moves nothing.",
    innocent={
        1: "it only names what comes in. What does this model do with labels?",
        2: "a row to be filled. What stays −100 does not count.",
        4: "ids and labels of the same length, as it wants them.",
        5: "the mean over all places that have a label.",
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
        "`return model(ids, labels=ids).loss`",
    ),
    minutes=4,
    difficulty=2,
    wrong=wrong_answers(
        lambda model, ids: model(ids[:, :-1], labels=ids[:, 1:]).loss,
        "The labels are moved still before the model moves them: it learns the token after the next.",
        lambda model, ids: model(ids[:, :-1], labels=ids[:, :-1]).loss,
        "Inputs and labels are the same now: right. But the last token is gone, and with it one question.",
        lambda model, ids: F.cross_entropy(model(ids).logits.flatten(0, 1), ids.flatten()),
        "A loss of your own moves nothing: each place is asked for itself.",
        lambda model, ids: model(ids, labels=ids.roll(-1, 1)).loss,
        "`roll` moves them, too: twice in all.",
        lambda model, ids: model(ids, labels=ids.roll(1, 1)).loss,
        "Moved back first, and the model moves them on: each place is asked for itself.",
        lambda model, ids: model(ids, labels=ids),
        "This is the whole output. The number is in `.loss`.",
        lambda model, ids: model(ids).loss,
        "Without labels there is no loss: it is None.",
    ),
)

# ---- a softmax over time --------------------------------------------------------------------------------------------


def next_token(logits: Tensor) -> Tensor:
    """logits [B, T, V] -> probabilities [B, V] of what follows the last token."""
    return logits[:, -1].softmax(-1)


TIME = FindError(
    name="a softmax over time",
    task="write it again: logits [B, T, V] -> probabilities [B, V] of what follows the last token.",
    why="Every number lies between 0 and 1. What is written depends on how the places compete with each other.",
    program=(
        "def next_token(logits):                    # [B, T, V]",
        "    p = logits.softmax(dim=1)",
        "    return p[:, -1]                        # [B, V]",
    ),
    line=2,
    found="`dim=1` is time: the places of the text share each token among them, and the row that is returned does not "
    "sum to 1. The tokens of the vocabulary compete at one place: `dim=-1`.",
    innocent={
        1: "it only names what comes in: batch, time, vocabulary.",
        3: "the last place: what follows it is what shall be written.",
    },
    reference=next_token,
    cases=lambda: [
        Case({"logits": torch.tensor([[[0.0, 1, 2], [3, 1, 0]]])}, shown=True),
        Case({"logits": some_numbers(2, 4, 5, seed=1730)}),
        Case({"logits": 2 * some_numbers(3, 3, 3, seed=1732)}),
    ],
    returns=("probabilities",),
    hints=(
        "What does the row of each text sum to, and what should it?",
        "Which axis holds the tokens between which one is chosen?",
        "`p = logits.softmax(dim=-1)`",
    ),
    minutes=2,
    difficulty=1,
    wrong=wrong_answers(
        lambda logits: logits.softmax(1)[:, -1],
        "The softmax runs over time still.",
        lambda logits: logits.softmax(0)[:, -1],
        "Now it runs over the batch: texts that have nothing to do with each other compete.",
        lambda logits: logits[:, -1],
        "The last place, but its logits: the softmax is gone.",
        lambda logits: logits.softmax(-1)[:, 0],
        "Over the vocabulary: right. But this is the first place: what follows the first token is known.",
        lambda logits: logits.softmax(-1)[:, :, -1],
        "Over the vocabulary: right. But `[:, :, -1]` is the last *token of the vocabulary* at all places.",
        lambda logits: logits.softmax(-1).mean(1),
        "The mean over all places: it asks what follows any token. Asked for is what follows the last.",
        lambda logits: logits.softmax(-1),
        "A distribution at each place; only that of the last is asked for: `[:, -1]`.",
    ),
)
