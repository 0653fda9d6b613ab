"""Chapter 6: the loss of the masked language model, and one over words that were never hidden."""

import torch
import torch.nn.functional as F
from torch import Tensor

from chapters.ch03.exercises.measures import each
from course_utils.exercises.definition import Case, Exercise, FindError, wrong_answers
from course_utils.exercises.inputs import named, some_numbers, tensors
from course_utils.models.loss import masked_loss

# ---- masked language model loss -------------------------------------------------------------------------------------


def masked_language_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """logits [B, T, V], labels [B, T], −100 where nothing is asked -> mean cross-entropy over the asked tokens."""
    return masked_loss(logits, labels, labels != -100)


_labelled = named("logits", "labels")


def _asked(batch: int, time: int, words: int, share: float, seed: int) -> Case:
    draw = torch.Generator().manual_seed(seed)
    labels = torch.randint(words, (batch, time), generator=draw)
    chosen = torch.rand(batch, time, generator=draw) < share
    chosen[:, 0], chosen[:, 1] = True, False
    return _labelled(2 * some_numbers(batch, time, words, seed=seed), labels.masked_fill(~chosen, -100))


MLM_LOSS = Exercise(
    name="masked language model loss",
    task="The mean of −log p(right word) over the places that are asked: logits [B, T, V], labels [B, T], −100 where "
    "nothing is asked -> a scalar.",
    why="Only where a word was chosen is there something to guess. All other words stand there to be read.",
    reference=masked_language_loss,
    cases=lambda: [
        _labelled(*tensors([[[0.0, 2, 0, 0], [3, 0, 0, 0], [0, 0, 1, 0]]], [[1, -100, 3]]), shown=True),
        _asked(2, 4, 5, 0.4, 1530),
        _asked(3, 6, 7, 0.3, 1532),
        _asked(2, 3, 4, 0.0, 1534),
    ],
    returns=("loss",),
    hints=(
        "−100 is no word: it marks where nothing is asked. `labels != -100` says where something is.",
        "Cross-entropy wants rows: `logits.flatten(0, 1)` is [B · T, V]. Which of torch's arguments says what to leave "
        "out?",
        "`F.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=-100)`, and −100 is the default.",
    ),
    minutes=4,
    difficulty=2,
    wrong=wrong_answers(
        lambda logits, labels: each(logits, labels).mean(),
        "The unasked places are 0 in the sum, but still count in the number it is divided by: divide by how many "
        "were asked.",
        lambda logits, labels: each(logits, labels.clamp(min=0)).mean(),
        "−100 was turned into word 0: where nothing is asked, the model would learn to say [PAD].",
        lambda logits, labels: -logits.log_softmax(-1).gather(-1, labels[..., None])[..., 0][labels != -100].mean(),
        "−100 is no index: it only marks where nothing is asked. Pick the asked places first, "
        "`logits[labels != -100]`, then the right words.",
        lambda logits, labels: each(logits, labels).sum(),
        "The sum over the asked words; take their mean, or long texts shout.",
        lambda logits, labels: (each(logits, labels).sum(1) / (labels != -100).sum(1)).mean(),
        "The mean of each sentence's mean: a word in a sentence with few masks would count more. Asked for is the "
        "mean over all asked words.",
        lambda logits, labels: F.cross_entropy(logits.softmax(-1).flatten(0, 1), labels.flatten()),
        "Softmax twice: cross-entropy makes probabilities of the logits by itself.",
        lambda logits, labels: F.cross_entropy(logits.reshape(len(logits), -1, labels.shape[1]), labels),
        "torch wants [B, V, T], and a reshape gets the shape, not the order: it mixes words with places. "
        "`logits.transpose(1, 2)`, or `flatten(0, 1)`.",
        lambda logits, labels: F.cross_entropy(logits, labels),
        "torch takes the *second* axis for the vocabulary: flatten both to rows, `logits.flatten(0, 1)` and "
        "`labels.flatten()`.",
        lambda logits, labels: F.cross_entropy(logits[labels != -100], labels),
        "The logits are picked, the labels are not: `labels[labels != -100]`.",
        lambda logits, labels: F.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=0),
        "`ignore_index=0` leaves word 0 out. What is to be left out is marked by −100, which is the default.",
        lambda logits, labels: -F.cross_entropy(logits.flatten(0, 1), labels.flatten()),
        "The sign: cross-entropy has its minus already.",
        lambda logits, labels: -logits[labels != -100].gather(-1, labels[labels != -100][:, None]).mean(),
        "These are logits, not log-probabilities: a `log_softmax` is missing.",
        lambda logits, labels: (logits.argmax(-1) != labels)[labels != -100].float().mean(),
        "This is the share of wrong guesses: good to read, but it has no slope to learn from.",
    ),
)

# ---- a loss over every word -----------------------------------------------------------------------------------------


def asked_loss(logits: Tensor, ids: Tensor, labels: Tensor) -> Tensor:
    """logits [B, T, V], ids [B, T] before masking, labels [B, T], −100 where nothing is asked -> a scalar."""
    return masked_loss(logits, ids, labels != -100)


def _with_ids(case: Case) -> Case:
    labels = case.args["labels"]
    words = torch.randint(case.args["logits"].shape[-1], labels.shape, generator=torch.Generator().manual_seed(3))
    ids = torch.where(labels == -100, words, labels)
    return Case({"logits": case.args["logits"], "ids": ids, "labels": labels}, shown=case.shown)


EVERY_WORD = FindError(
    name="a loss over every word",
    task="write the loss again: logits [B, T, V], ids [B, T] before masking, labels [B, T], −100 where nothing is "
    "asked -> a scalar.",
    why="The loss falls beautifully: six words in seven only have to be copied. Little is learnt.",
    program=(
        "def mlm_loss(logits, ids, labels):     # ids before masking; labels: −100",
        "    rows = logits.flatten(0, 1)",
        "    target = ids.flatten()",
        "    return torch.nn.functional.cross_entropy(rows, target)",
    ),
    line=3,
    found="the target is every word, the visible ones too: what stands in the input need not be guessed. "
    "`labels.flatten()` asks for the chosen ones only.",
    innocent={
        1: "it only names what comes in. Are all of them used?",
        2: "a row for each token.",
        4: "the mean over all targets that are not −100. Are there any?",
    },
    reference=asked_loss,
    cases=lambda: [_with_ids(case) for case in MLM_LOSS.cases()],
    returns=("loss",),
    hints=(
        "In what share of the places can the right answer be read off the input?",
        "Which argument is never used?",
        "`target = labels.flatten()`",
    ),
    minutes=2,
    difficulty=1,
    wrong=wrong_answers(
        lambda logits, ids, labels: F.cross_entropy(logits.flatten(0, 1), ids.flatten()),
        "Every word counts still, the visible ones too.",
        lambda logits, ids, labels: F.cross_entropy(logits[labels == -100], ids[labels == -100]),
        "Now only the *visible* words count.",
        lambda logits, ids, labels: (each(logits, ids) * (labels != -100)).mean(),
        "Only the hidden words are in the sum, but all places in the number it is divided by.",
        lambda logits, ids, labels: F.cross_entropy(logits.flatten(0, 1), labels.flatten().clamp(min=0)),
        "−100 became word 0: where nothing is asked, the model would learn to say [PAD].",
        lambda logits, ids, labels: F.cross_entropy(
            (logits * (labels != -100)[..., None]).flatten(0, 1), ids.flatten()
        ),
        "The logits are set to 0 where nothing is asked, and the loss counts ln V for each of these places.",
    ),
)
