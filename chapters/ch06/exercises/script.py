"""Chapter 6, find-the-errors: a fine-tuning script that circulates, with its five errors in one function."""

from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_kit.exercises.compare import same
from course_kit.exercises.define import Case, FindError, Property, named, normal, variants, wrong_answers
from course_kit.i18n import mark, t

PAD = 0
TEXTS = ("a good film", "a bad film , and a long one", "good", "not bad at all")
WORDS = ["[PAD]", *sorted({word for text in TEXTS for word in text.split()})]


class Output(NamedTuple):
    """What a model gives back: an object with names, no tensor. logits [N, 2]"""

    logits: Tensor


class Reader(nn.Module):
    """Reader(input_ids [N, T], attention_mask [N, T] or None) -> Output: the mean of the words' vectors, projected."""

    def __init__(self, seed: int):
        super().__init__()
        self.table = nn.Parameter(normal(len(WORDS), 4, seed=seed))
        self.head = nn.Parameter(normal(4, 2, seed=seed + 1))

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> Output:
        words = F.embedding(input_ids, self.table)
        real = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        mean = (words * real[..., None]).sum(1) / real.sum(1, keepdim=True)
        return Output(mean @ self.head)


class Encoded(dict):
    """What a tokenizer gives: a dict, of which one may also ask `.input_ids`."""

    def __getattr__(self, name: str) -> Tensor:
        if name in self:
            return self[name]
        raise AttributeError(name)


def tokenizer(texts: list[str], **options: Any) -> Encoded:
    """N texts -> {"input_ids": [N, T], "attention_mask": [N, T], 1 = a real token}; unknown words are an error. It pads
    and gives tensors by itself, so that options, such as return_tensors="pt", change nothing."""
    texts = [texts] if isinstance(texts, str) else texts
    rows = [torch.tensor([WORDS.index(word) for word in text.split()]) for text in texts]
    ids = nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=PAD)
    return Encoded(input_ids=ids, attention_mask=(ids != PAD).long())


_given = named(
    *("model", "tokenizer", "texts", "labels"),
    model=t("a classifier: model(input_ids, attention_mask) -> an output with .logits [N, 2]"),
    tokenizer="tokenizer(texts) -> {input_ids [N, T], attention_mask [N, T]}",
)


def classify(model, tokenizer, texts: list[str], labels: Tensor) -> tuple[Tensor, Tensor]:
    """N texts, labels [N] -> the mean cross-entropy over the first three quarters, the accuracy over the others."""
    cut = 3 * len(texts) // 4
    logits = model(**tokenizer(texts)).logits
    return F.cross_entropy(logits[:cut], labels[:cut]), (logits[cut:].argmax(-1) == labels[cut:]).float().mean()


def _texts(labels: list[int], seed: int, shown: bool = False) -> Case:
    texts = [TEXTS[n % 4] for n in range(len(labels))]
    said = {"texts": ", ".join(map(repr, texts))} if shown else {}
    return _given(Reader(seed), tokenizer, texts, torch.tensor(labels), given=said, shown=shown)


def _read(model, tokenizer, texts):
    return model(**tokenizer(texts)).logits


@variants
def _script(
    model,
    tokenizer,
    texts,
    labels,
    *,
    read=_read,
    test=lambda cut: slice(cut, None),
    loss=F.cross_entropy,
    right=lambda logits, labels: logits.argmax(-1) == labels,
):
    """The repaired script with one thing done differently."""
    cut = 3 * len(texts) // 4
    logits = read(model, tokenizer, texts)
    learned, judged = slice(0, cut), test(cut)
    return loss(logits[learned], labels[learned]), right(logits[judged], labels[judged]).float().mean()


def _which_figure(run, case, mine, want):
    """Which of the two is another one, and what it is of."""
    model, _, texts, labels = case.args.values()
    right, cut = [same(x, y) for x, y in zip(mine, want, strict=True)], 3 * len(texts) // 4
    logits = _read(*list(case.args.values())[:3])
    if not right[0] and same(mine[0], F.cross_entropy(logits, labels)):
        return t("The loss is that of all texts. Only those of the first three quarters are for training.")
    if not right[0] and same(mine[0], F.cross_entropy(logits[cut:], labels[cut:])):
        return t(
            "The loss is that of the test's texts. It belongs to the first three quarters, which are for training."
        )
    if not right[0]:
        return t(
            "The loss is another one. It is the mean cross-entropy of the training's logits and the training's labels, "
            "and their texts go into the model with `input_ids` and `attention_mask`."
        )
    return not right[1] and t(
        "The loss is right, the accuracy is not. It is the share of the test's texts whose largest logit is that of "
        "their own label."
    )


SCRIPT = FindError(
    name=mark("program 6.4"),
    title=t("a script for fine-tuning"),
    task=t(
        "a list of N texts, labels [N], each 0 or 1 -> the mean cross-entropy over the first three quarters of the "
        "texts, which are for training, and the share of right answers among the others, which are for the test."
    ),
    program=(
        "def translate(model, tokenizer, texts, labels):     # N texts, labels [N]: 0 or 1",
        "    cut = 3 * len(texts) // 4",
        "    train, test = slice(0, None), slice(cut, None)",
        "    output = model(texts)                           # an object with .logits [N, 2]",
        "    loss = torch.nn.BCELoss()(output, labels[train])",
        "    predicted = output.logits[test].argmax(dim=-1)",
        "    accuracy = (predicted == 1).float().mean()",
        "    return loss, accuracy",
    ),
    line=(1, 3, 4, 5, 7),
    found=t(
        "two logits for a whole text classify it; a translation needs a distribution over the vocabulary for each "
        "word that it writes. What it tests on, it has trained on. A model reads numbers, so the tokenizer must be "
        "called. BCELoss gets an object, with labels that are not its own; logits of classes need `cross_entropy`. "
        "And the accuracy never looks at the labels."
    ),
    innocent={
        2: t("this is where the last quarter begins."),
        6: t("this is the class with the largest logit, for each text of the test."),
        8: t("it returns what was asked for."),
    },
    reference=classify,
    cases=lambda: [
        _texts([1, 0, 1, 0], seed=1400, shown=True),
        _texts([0, 1, 1, 0, 0, 1, 0, 1], seed=1402),
        _texts([1, 1, 0, 0, 1, 0, 0, 0, 1, 1, 0, 1], seed=1404),
        _texts([1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0], seed=1408),
    ],
    returns=("loss", "accuracy"),
    properties=(Property(t("The loss is that of the training, the accuracy that of the test."), _which_figure),),
    hints=(
        t(
            "Which arguments are never used, or only once where they are needed twice? And what comes back for a "
            "text: words in another language, or one of two labels?"
        ),
        t(
            "`tokenizer(texts)` gives a dict with ids and a mask, and in Python `**` gives a function what is in a "
            "dict. Which texts are in both slices?"
        ),
        t(
            "`output.logits` is [N, 2], and labels are numbers of classes: `torch.nn.functional.cross_entropy` takes "
            "both. An answer is right where `predicted` equals … what?"
        ),
    ),
    minutes=8,
    difficulty=2,
    wrong=wrong_answers(
        _script(read=lambda model, tokenizer, texts: model(texts).logits),
        t(
            "The model still gets strings. It has a vector for each *number* of the vocabulary: call the tokenizer "
            "first."
        ),
        _script(read=lambda model, tokenizer, texts: model(tokenizer(texts)).logits),
        t("The tokenizer gives a dict, and the model wants what is in it: `model(**tokenizer(texts))`."),
        _script(test=lambda cut: slice(0, None)),
        t("Now all texts are tested, those of the training included. The test is for the others."),
        _script(loss=lambda logits, labels: nn.BCELoss()(logits, labels)),
        t(
            "These are logits, a row of two for each text. BCELoss wants as many numbers as labels, and they must be "
            "probabilities. `cross_entropy` takes logits and numbers of classes."
        ),
        _script(loss=lambda logits, labels: F.cross_entropy(logits.softmax(-1), labels)),
        t(
            "There are two softmaxes: cross-entropy makes probabilities of the logits itself. Give it the logits as "
            "they are."
        ),
        _script(right=lambda logits, labels: logits.argmax(-1) == 1),
        t("It still counts how often the model says 1: the labels are not used."),
    ),
)
