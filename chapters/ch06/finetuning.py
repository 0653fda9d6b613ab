"""Fine-tuning, four ways: a label for a text, a pair or each word, and where an answer is.

    task = task_of("sentiment", tokenizer)
    model = task.model(pretrained.bert)                    # its encoder is a copy; task.model(config): from scratch
    task.train(model, steps=100)
    task.measure(model, "test")                            # {"accuracy": …}
    task.predict(model, ["The soup was not bad ."])

Sizes: B batch, T time, C labels. Source: Devlin et al. 2019, section 4 and figure 4.
"""

import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from chapters.ch06.pairs import Batch, Input, Judged, best_span, collate, draw, encode_all
from course_kit.contexts import evaluating, seeded
from course_kit.data import stories
from course_kit.models.fused import fuse
from course_kit.programs import arguments
from course_kit.text.subwords import WordPiece
from course_kit.training import Run, fit, warm_then_fall
from course_utils import bert_heads
from course_utils.loss import IGNORED

from .span_metrics import Span, entity_scores, spans

STEPS, LR, BATCH = 100, 1e-3, 32


class Labelling(NamedTuple):
    """What a classifier says of a text or pair: label, and the probability of each."""

    label: str
    probabilities: dict[str, float]


class Tagging(NamedTuple):
    """What a tagger says: words, a tag for each, the entities they make up, and probabilities [words, C]."""

    words: list[str]
    tags: list[str]
    spans: list[Span]
    probabilities: Tensor


class Answer(NamedTuple):
    """What a model says of a question: text ("" for none), tokens of question and text, how probable each is as the
    first and as the last of the answer [T], and the two that are chosen."""

    text: str
    tokens: tuple[str, ...]
    starts: Tensor
    ends: Tensor
    first: int
    last: int


class Task:
    """A set with labels and all that is done with it: inputs, batches, a model, its loss, how it is judged.

    name      of a set of `stories`, or your own; tokenizer: WordPiece; labels: in the order of their numbers
    examples  {"train": […], "valid": […], "test": […]} of your own, in the form of `stories`
    """

    labels: tuple[str, ...] = ()
    main = "accuracy"  # what decides which state is the best

    def __init__(self, name: str, tokenizer: WordPiece, labels=(), examples: dict | None = None, max_length: int = 64):
        self.name, self.tokenizer, self.labels, self.max_length = name, tokenizer, tuple(labels), max_length
        self.given, self._prepared = dict(examples or {}), {}

    def examples(self, split: str) -> list:
        """The examples of a split, as `stories.load` gives them."""
        return self.given[split] if split in self.given else stories.load(self.name, split)

    def prepared(self, split: str) -> tuple[list[Input], list]:
        """Inputs of a split, and for each its label as a number, or as a list of them."""
        if split not in self._prepared:
            examples = self.examples(split)
            inputs = self.inputs(examples)
            self._prepared[split] = inputs, [self.target(e, i) for e, i in zip(examples, inputs, strict=True)]
        return self._prepared[split]

    def __getstate__(self) -> dict:
        return vars(self) | {"_prepared": {}}  # made again where needed: no part of what the task is

    def model(self, start: Any, seed: int = 0) -> nn.Module:
        """A model for this task with a new head. start: a pre-trained encoder (Bert), which is copied, or a BertConfig
        for one from scratch. The global random state is left alone."""
        with seeded(seed):
            made = fuse(self.fresh(start.config if isinstance(start, nn.Module) else start))
        if isinstance(start, nn.Module):
            made.bert.load_state_dict(start.state_dict())
        return made

    def batch(self, generator: torch.Generator, size: int = BATCH, split: str = "train") -> Judged:
        """A batch of examples of similar length, drawn at random."""
        inputs, targets = self.prepared(split)
        return self.collate([(inputs[i], targets[i]) for i in draw([len(i) for i in inputs], size, generator)])

    def collate(self, rows: Sequence[tuple[Input, Any]], length: int | None = None) -> Judged:
        """(Input, target) pairs -> Judged."""
        inputs, targets = zip(*rows, strict=True)
        batch = collate(inputs, self.tokenizer.pad, length)
        return Judged(batch, self.labels_of(targets, batch.ids.shape[1]))

    def labels_of(self, targets: Sequence, length: int) -> Tensor:
        """Targets of a batch as a tensor."""
        return torch.tensor(targets)

    def train(self, model: nn.Module, steps: int = STEPS, seed: int = 0, show: bool = False, **options) -> Run:
        """fit() on the training split; `evaluate=task.valid()` keeps the state that is best on held-out examples.

        options: any of fit's; size, the examples of a batch. Resumable.
        """
        size = options.pop("size", BATCH)
        settings = {"lr": LR, "clip": 1.0, "schedule": warm_then_fall(steps, max(1, steps // 10)), "every": steps}
        settings |= {"optimizer": functools.partial(torch.optim.AdamW, fused=True), "title": self.name} | options
        device = next(model.parameters()).device

        def loss(model, batch):
            return self.loss(model, batch.to(device))

        drawn = lambda generator: self.batch(generator, size)  # noqa: E731
        return fit(model, drawn, loss, steps=steps, seed=seed, show=show, higher_is_better=True, **settings)

    def valid(self, count: int = 100):
        """`evaluate` for `train`: the main figure on the first `count` held-out sentences of valid."""
        return lambda model: {self.main: self.measure(model, "valid", count)[self.main]}

    @torch.no_grad()
    def outputs(self, model: nn.Module, inputs: Sequence[Input], size: int = 128) -> list:
        """What the model gives for each input, in their order, padding cut off."""
        with evaluating(model):
            found: list = [None] * len(inputs)
            order = sorted(range(len(inputs)), key=lambda i: len(inputs[i]))
            device = next(model.parameters()).device
            for at in range(0, len(order), size):
                rows = order[at : at + size]
                given = self.read(model, collate([inputs[i] for i in rows], self.tokenizer.pad).to(device))
                for row, i in enumerate(rows):
                    found[i] = arguments.finite("logits", self.cut(given, row, len(inputs[i])))
        return found

    def read(self, model: nn.Module, batch: Batch) -> Tensor:
        """Logits."""
        return model(batch.ids, batch.segments, batch.mask)

    def cut(self, given: Tensor, row: int, length: int) -> Tensor:
        """What belongs to one input: its tokens, without padding."""
        return given[row, :length].cpu()

    def loss(self, model: nn.Module, batch: Judged) -> Tensor:
        """Mean cross-entropy of the label, scalar."""
        return F.cross_entropy(self.read(model, batch.inputs).float(), batch.labels)

    def measure(self, model: nn.Module, split: str = "test", count: int | None = None) -> dict[str, float]:
        """Figures from 0 to 1 on the first `count` examples of a split, or all."""
        inputs, targets = (x[:count] for x in self.prepared(split))
        return self.judge(self.outputs(model, inputs), inputs, targets, self.examples(split)[:count])

    def number(self, label: str) -> int:
        """The number of a label. Raises ValueError for one that is not in the set."""
        if label not in self.labels:
            raise ValueError(f"label {label!r} is not one of {', '.join(self.labels)}: name it in labels=")
        return self.labels.index(label)


class Classify(Task):
    """A label for a text, or for a pair."""

    def fresh(self, config):
        return bert_heads.BertForSequenceClassification(config, len(self.labels))

    def inputs(self, examples) -> list[Input]:
        return encode_all(self.tokenizer, [_texts(e) for e in examples], self.max_length)

    def target(self, example, found: Input) -> int:
        return self.number(example.label)

    def cut(self, given, row: int, length: int) -> Tensor:
        return given[row].cpu()

    def judge(self, outputs, inputs, targets, examples) -> dict[str, float]:
        right = sum(int(logits.argmax()) == target for logits, target in zip(outputs, targets, strict=True))
        return {"accuracy": right / len(targets)}

    def predict(self, model, texts: Sequence[str | tuple[str, str]]) -> list[Labelling]:
        """What the model says of texts, or of pairs (first, second)."""
        found = []
        for logits in self.outputs(model, encode_all(self.tokenizer, texts, self.max_length)):
            p = dict(zip(self.labels, logits.softmax(-1).tolist(), strict=True))
            found.append(Labelling(max(p, key=p.__getitem__), p))
        return found


class Tag(Task):
    """A tag for each word; the first piece of a word speaks for it."""

    main = "F1"

    def fresh(self, config):
        return bert_heads.BertForTokenClassification(config, len(self.labels))

    def inputs(self, examples) -> list[Input]:
        return encode_all(self.tokenizer, [list(e.words) for e in examples], self.max_length)

    def target(self, example, found: Input) -> list[int]:
        if len(example.words) != len(example.tags):
            raise ValueError(f"{len(example.words)} words, {len(example.tags)} tags: each word needs one")
        numbers = [self.number(tag) for tag in example.tags]
        return [numbers[w] if w >= 0 and w != before else IGNORED for w, before in _neighbours(found.words)]

    def labels_of(self, targets, length: int) -> Tensor:
        return torch.tensor([[*t, *[IGNORED] * (length - len(t))] for t in targets])

    def loss(self, model, batch: Judged) -> Tensor:
        """Mean cross-entropy of the tags of all first pieces, scalar."""
        return F.cross_entropy(self.read(model, batch.inputs).float().flatten(0, 1), batch.labels.flatten())

    def tags(self, logits: Tensor, found: Input, count: int) -> tuple[list[str], Tensor]:
        """A tag for each of `count` words, O for those that did not fit, and probabilities [count, C]."""
        probabilities = torch.zeros(count, len(self.labels))
        probabilities[:, self.labels.index("O") if "O" in self.labels else 0] = 1.0
        for at, (word, before) in enumerate(_neighbours(found.words)):
            if word >= 0 and word != before:
                probabilities[word] = logits[at].softmax(-1)
        return [self.labels[i] for i in probabilities.argmax(-1).tolist()], probabilities

    def judge(self, outputs, inputs, targets, examples) -> dict[str, float]:
        said = [self.tags(o, i, len(e.words))[0] for o, i, e in zip(outputs, inputs, examples, strict=True)]
        scores = entity_scores(said, [e.tags for e in examples])
        pairs = [pair for s, e in zip(said, examples, strict=True) for pair in zip(s, e.tags, strict=True)]
        return {"F1": scores.f1, "precision": scores.precision, "recall": scores.recall,
                "accuracy": sum(a == b for a, b in pairs) / len(pairs)}  # fmt: skip

    def predict(self, model, texts: Sequence[str | Sequence[str]]) -> list[Tagging]:
        """The entities of texts, or of lists of words."""
        words = [text.split() if isinstance(text, str) else list(text) for text in texts]
        inputs = encode_all(self.tokenizer, words, self.max_length)
        found = []
        for w, i, logits in zip(words, inputs, self.outputs(model, inputs), strict=True):
            tags, p = self.tags(logits, i, len(w))
            found.append(Tagging(w, tags, spans(tags), p))
        return found


class AnswerTask(Task):
    """Where in a text the answer to a question is: its first and its last token, two softmaxes over all positions.

    Question first, text second; where there is no answer, both are [CLS], as in SQuAD 2.
    """

    main = "exact match"

    def fresh(self, config):
        return bert_heads.BertForQuestionAnswering(config)

    def inputs(self, examples) -> list[Input]:
        return encode_all(self.tokenizer, [(e.question, e.context) for e in examples], self.max_length)

    def target(self, example, found: Input) -> tuple[int, int]:
        if example.start < 0:
            return 0, 0
        begin = found.segments.index(1)
        before = len(self.tokenizer.encode(example.context[: example.start])) if example.start else 0
        last = begin + len(self.tokenizer.encode(example.context[: example.start + len(example.answer)])) - 1
        return (begin + before, last) if last < len(found) - 1 else (0, 0)  # what was cut off is no answer

    def read(self, model, batch: Batch) -> Tensor:
        found = model(batch.ids, batch.segments, batch.mask)
        return torch.stack([found.start_logits, found.end_logits], -1)  # [B, T, 2]

    def answer(self, logits: Tensor, found: Input) -> Answer:
        """The most probable span of the text, in whole words, or none if [CLS] is more probable. logits [T, 2]."""
        starts, ends = logits.softmax(0).unbind(-1)
        inside = torch.tensor([s == 1 and w >= 0 for s, w in zip(found.segments, found.words, strict=True)])
        first, last = best_span(*logits.unbind(-1), inside)
        while found.tokens[first].startswith("##"):  # an answer is made of whole words
            first -= 1
        while found.tokens[last + 1].startswith("##"):
            last += 1
        if starts[0] * ends[0] > starts[first] * ends[last]:
            return Answer("", found.tokens, starts, ends, 0, 0)
        said = self.tokenizer.decode(list(found.ids[first : last + 1]))
        return Answer(said, found.tokens, starts, ends, first, last)

    def judge(self, outputs, inputs, targets, examples) -> dict[str, float]:
        right = 0
        for logits, found, (first, last) in zip(outputs, inputs, targets, strict=True):
            right += self.answer(logits, found).text == (
                self.tokenizer.decode(list(found.ids[first : last + 1])) if first else ""
            )
        return {"exact match": right / len(targets)}

    def predict(self, model, asked: Sequence[tuple[str, str]]) -> list[Answer]:
        """Answers to (question, text)."""
        inputs = encode_all(self.tokenizer, asked, self.max_length)
        return [self.answer(o, i) for o, i in zip(self.outputs(model, inputs), inputs, strict=True)]


KINDS = {"sentiment": Classify, "pairs": Classify, "entities": Tag, "questions": AnswerTask}


def task_of(name: str, tokenizer: WordPiece) -> Task:
    """One of the tasks on our own sets. Raises ValueError for another name."""
    return KINDS[arguments.one_of("name", name, KINDS)](name, tokenizer, stories.LABELS.get(name, ()))


def _texts(example) -> str | tuple[str, str]:
    return (example.first, example.second) if hasattr(example, "second") else example.text


def _neighbours(words: Sequence[int]):
    """(word, the one before it)."""
    return zip(words, (-1, *words[:-1]), strict=True)
