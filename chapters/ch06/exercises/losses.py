"""Chapter 6: the loss of the masked language model."""

import torch
import torch.nn.functional as F

from course_kit.exercises.define import Case, Exercise, named, some_numbers, tensors, variants, wrong_answers
from course_kit.exercises.properties import shift_changes_nothing
from course_utils.bert import mlm_loss


def _of_the_asked(logits, labels):
    asked = labels != -100
    log_p = logits[asked].log_softmax(-1)  # [N, V]: the N places that are asked
    return -log_p.gather(-1, labels[asked][:, None]).mean()


_labelled = named("logits", "labels")


def _asked(batch: int, time: int, words: int, share: float, seed: int) -> Case:
    draw = torch.Generator().manual_seed(seed)
    labels = torch.randint(words, (batch, time), generator=draw)
    chosen = torch.rand(batch, time, generator=draw) < share
    chosen[:, 0], chosen[:, 1] = True, False
    labels[0, 0] = 0  # a word like any other
    return _labelled(2 * some_numbers(batch, time, words, seed=seed), labels.masked_fill(~chosen, -100))


@variants
def _loss(
    logits,
    labels,
    *,
    score=lambda logits: logits.log_softmax(-1),
    asked=lambda labels: labels != -100,
    mean=lambda losses, asked: losses[asked].mean(),
):
    """The loss with one thing done differently. Where nothing is asked, −100 is read as word 0."""
    losses = -score(logits).gather(-1, labels.clamp(min=0)[..., None])[..., 0]
    return mean(losses, asked(labels))


MLM_LOSS = Exercise(
    name="masked language model loss",
    task="Compute the mean of −log p(right word) over the positions that are asked: logits [B, T, V], labels [B, T], "
    "−100 where nothing is asked -> a scalar.",
    reference=mlm_loss,
    shown=_of_the_asked,
    cases=lambda: [
        _labelled(*tensors([[[0.0, 2, 0, 0], [3, 0, 0, 0], [0, 0, 1, 0]]], [[1, -100, 3]]), shown=True),
        _asked(2, 4, 5, 0.4, 1530),
        _asked(3, 6, 7, 0.3, 1532),
        _asked(2, 3, 4, 0.0, 1534),
        _labelled(*tensors([[[0.0, 200, 0], [150, 0, -100], [0, 0, 160]]], [[0, 2, 2]])),
    ],
    returns=("loss",),
    properties=(shift_changes_nothing("logits"),),
    hints=(
        "−100 is not a word. It marks where nothing is asked, so `labels != -100` says where something is.",
        "Cross-entropy wants rows: `logits.flatten(0, 1)` is [B · T, V]. What do the labels have to look like then?",
        "`torch.nn.functional.cross_entropy(rows, labels)` leaves out what is −100, in the sum and in what it is "
        "divided by. Which `rows`, and which `labels`?",
    ),
    minutes=4,
    difficulty=2,
    wrong=wrong_answers(
        _loss(mean=lambda losses, asked: (losses * asked).mean()),
        "The positions that are not asked are 0 in the sum, but they still count in the number it is divided by. "
        "Divide by how many are asked.",
        _loss(asked=lambda labels: labels > 0),
        "Word 0 is left out, though it is a word like any other. Something is asked where `labels != -100`.",
        _loss(mean=lambda losses, asked: losses[asked].sum()),
        "This is the sum over the asked words. Take their mean, or long texts count more than short ones.",
        _loss(score=lambda logits: logits.softmax(-1).log_softmax(-1)),
        "There are two softmaxes: cross-entropy takes logits, and makes probabilities of them itself.",
        _loss(score=lambda logits: logits.softmax(-1)),
        "These are probabilities. The loss is −log of them: `log_softmax`.",
        lambda logits, labels: F.cross_entropy(logits.reshape(len(logits), -1, labels.shape[1]), labels),
        "torch wants [B, V, T]. A reshape gets the shape but not the order: it mixes words with positions. Write "
        "`logits.transpose(1, 2)`, or `logits.flatten(0, 1)`.",
    ),
)
