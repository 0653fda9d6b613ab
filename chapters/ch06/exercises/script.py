"""Chapter 6, find-the-errors: a fine-tuning script that circulates. What it gives to the model, and to the loss."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.exercises.definition import Case, FindError, variants, wrong_answers
from course_utils.exercises.inputs import named, normal

PAD = 0
TEXTS = ("a good film", "a bad film , and a long one", "good", "not bad at all")
WORDS = ["[PAD]", *sorted({word for text in TEXTS for word in text.split()})]


class Output(NamedTuple):
    """What a model gives back: an object with names, no tensor. logits [B, 2]"""

    logits: Tensor


class Reader(nn.Module):
    """Reader(input_ids [B, T], attention_mask [B, T] or None) -> Output: the mean of the words' vectors, projected."""

    def __init__(self, seed: int):
        super().__init__()
        self.table = nn.Parameter(normal(len(WORDS), 4, seed=seed))
        self.head = nn.Parameter(normal(4, 2, seed=seed + 1))

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> Output:
        words = F.embedding(input_ids, self.table)
        real = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        mean = (words * real[..., None]).sum(1) / real.sum(1, keepdim=True)
        return Output(mean @ self.head)


def tokenizer(texts: list[str]) -> dict[str, Tensor]:
    """B texts -> {"input_ids": [B, T], "attention_mask": [B, T], 1 = a real token}; unknown words are an error."""
    texts = [texts] if isinstance(texts, str) else texts
    rows = [torch.tensor([WORDS.index(word) for word in text.split()]) for text in texts]
    ids = nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=PAD)
    return {"input_ids": ids, "attention_mask": (ids != PAD).long()}


_given = named(
    *("model", "tokenizer", "texts"),
    model="a classifier: model(input_ids, attention_mask) -> an output with .logits [B, 2]",
    tokenizer="tokenizer(texts) -> {input_ids [B, T], attention_mask [B, T]}",
)


def predict(model, tokenizer, texts: list[str]) -> Tensor:
    """A list of B texts -> probabilities [B, 2]."""
    return model(**tokenizer(texts)).logits.softmax(-1)


def _texts(*texts, seed, shown=False) -> Case:
    return _given(Reader(seed), tokenizer, list(texts), given={"texts": ", ".join(map(repr, texts))}, shown=shown)


STRINGS = FindError(
    name="program 6.11",
    title="strings for a model",
    task="a list of B texts -> probabilities [B, 2].",
    why="This is from a fine-tuning script that circulates. Its tokenizer is loaded, but never called.",
    program=(
        "def predict(model, tokenizer, texts):          # a list of B texts",
        "    with torch.no_grad():",
        "        output = model(texts)",
        "    return output.logits.softmax(dim=-1)       # [B, 2]",
    ),
    line=3,
    found="a model reads numbers. The tokenizer turns the texts into ids, and makes the mask that says where each one "
    "ends.",
    innocent={
        1: "it only names what comes in. Are all of them used?",
        2: "for a prediction no gradient is needed.",
        4: "it gives a probability for each of the two classes.",
    },
    reference=predict,
    cases=lambda: [
        _texts("a good film", "good", seed=1400, shown=True),
        _texts(TEXTS[1], seed=1402),
        _texts(*TEXTS, seed=1404),
    ],
    returns=("probabilities",),
    hints=(
        "Run it, and read the last line of the message. What was needed, and what came?",
        "`tokenizer(texts)` gives a dict with two tensors. The texts have different lengths: which of the two says so?",
        "The model needs both tensors, under their names. In Python `**` gives a function what is in a dict.",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        lambda model, tokenizer, texts: model(texts).logits.softmax(-1),
        "The model still gets strings. It has a vector for each *number* of the vocabulary: call the tokenizer first.",
        lambda model, tokenizer, texts: model(tokenizer(texts)).logits.softmax(-1),
        "The tokenizer gives a dict, and the model wants what is in it: `model(**tokenizer(texts))`, or the two "
        "tensors one after the other.",
        lambda model, tokenizer, texts: model(*tokenizer(texts)).logits.softmax(-1),
        "One star passes on the *names* in the dict; two pass on what is stored under them: "
        "`model(**tokenizer(texts))`.",
        lambda model, tokenizer, texts: model(tokenizer(texts)["input_ids"]).logits.softmax(-1),
        "The ids are there, but the mask is not passed on, so short texts are read with their padding.",
        lambda model, tokenizer, texts: model(**tokenizer(texts[:1])).logits.softmax(-1),
        "Only the first text is read. The tokenizer takes the whole list.",
        lambda model, tokenizer, texts: model(**tokenizer(texts)).logits,
        "These are logits: the softmax is missing.",
        lambda model, tokenizer, texts: model(**tokenizer(texts)).logits.softmax(0),
        "The softmax runs over the texts, so they share each class. It belongs to the classes, `dim=-1`.",
        lambda model, tokenizer, texts: model(**tokenizer(texts)).logits.sigmoid(),
        "Two sigmoids need not sum to 1. A choice between two classes is one softmax.",
    ),
)


def classification_loss(model, ids: Tensor, labels: Tensor) -> Tensor:
    """ids [B, T], labels [B] -> mean cross-entropy."""
    return F.cross_entropy(model(ids).logits, labels)


def _batch(batch, time, seed, shown=False) -> Case:
    draw = torch.Generator().manual_seed(seed)
    ids = torch.randint(1, len(WORDS), (batch, time), generator=draw)
    labels = torch.tensor([0, 1, 1, 0, 1][:batch])
    args = {"model": Reader(seed), "ids": ids, "labels": labels}
    return Case(args, given={"model": "a classifier: model(ids) -> an output with .logits [B, 2]"}, shown=shown)


@variants
def _binary(model, ids, labels, *, chance, labels_as=lambda labels: labels):
    """BCELoss of whatever `chance(output)` is."""
    return nn.BCELoss()(chance(model(ids)), labels_as(labels))


@variants
def _entropy(model, ids, labels, *, read=lambda output: output.logits, reduction="mean"):
    return F.cross_entropy(read(model(ids)), labels, reduction=reduction)


OBJECT = FindError(
    name="program 6.12",
    title="a loss on an object",
    task="ids [B, T], labels [B], each 0 or 1 -> the mean cross-entropy, a scalar.",
    why="This is the training step of the same script. It stops at once. The repairs that people try first do run, and "
    "are wrong.",
    program=(
        "def loss(model, ids, labels):          # ids [B, T], labels [B]: 0 or 1",
        "    output = model(ids)",
        "    return torch.nn.BCELoss()(output, labels)",
    ),
    line=3,
    found="the model returns an object, with a row of two logits for each text in `.logits`. BCELoss wants one "
    "probability for each label; for logits of classes there is `cross_entropy`.",
    innocent={2: "ids go in, and an output with names comes back. What is in it?"},
    reference=classification_loss,
    cases=lambda: [_batch(2, 2, 1410, shown=True), _batch(3, 4, 1412), _batch(5, 3, 1414)],
    returns=("loss",),
    hints=(
        "What does `model(ids)` return: a tensor? Print its type.",
        "`output.logits` is [B, 2], and the labels [B] are numbers of classes. Which loss takes that?",
        "`torch.nn.functional.cross_entropy` takes logits and numbers of classes. Which of the two are the logits?",
    ),
    minutes=4,
    difficulty=2,
    wrong=wrong_answers(
        _binary(chance=lambda output: output),
        "The loss still gets the whole output, an object with names. The numbers are in `output.logits`.",
        _binary(chance=lambda output: output.logits),
        "These are logits, a row of two for each text. BCELoss wants as many numbers as labels, and they must be "
        "probabilities. `cross_entropy` takes logits and numbers of classes.",
        _binary(chance=lambda output: output.logits.softmax(-1)[:, 1]),
        "BCELoss wants the labels as decimal numbers, too: `labels.float()`. "
        "`cross_entropy` on the logits is shorter, and safer.",
        _entropy(read=lambda output: output.logits.softmax(-1)),
        "There are two softmaxes: cross-entropy makes probabilities of the logits itself. Give it the logits as they "
        "are.",
        lambda model, ids, labels: F.binary_cross_entropy_with_logits(model(ids).logits[:, 1], labels.float()),
        "Only the second logit is used. With two logits, the chance of class 1 depends on how much larger it is "
        "than the first.",
        lambda model, ids, labels: F.binary_cross_entropy_with_logits(model(ids).logits, F.one_hot(labels, 2).float()),
        "These are two separate yes-or-no questions for each text. The classes exclude each other: use one softmax, "
        "`cross_entropy`.",
        _entropy(read=lambda output: output),
        "This is the right loss, but it gets the whole output. The numbers are in `output.logits`.",
        _binary(chance=lambda output: output.logits.softmax(-1)[:, 0], labels_as=torch.Tensor.float),
        "This is the probability of class 0, and the labels are 1 where it is class 1.",
        _binary(chance=lambda output: output.logits.argmax(-1).float(), labels_as=torch.Tensor.float),
        "`argmax` decides between 0 and 1, and such a loss has no slope to learn from. It needs logits, or "
        "probabilities.",
        lambda model, ids, labels: F.nll_loss(model(ids).logits, labels),
        "`nll_loss` wants log-probabilities, and gets logits. `cross_entropy` takes logits.",
        _entropy(reduction="sum"),
        "This is the sum over the batch; it should be the mean.",
        lambda model, ids, labels: F.mse_loss(model(ids).logits.softmax(-1)[:, 1], labels.float()),
        "This is a squared error. It hardly punishes a model that is sure and wrong; a cross-entropy does.",
    ),
)
