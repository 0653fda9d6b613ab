"""What words alone reach on the labelled sets, without order or context: the figures that a model has to beat.

measure("sentiment")        # {"valid": 0.5, "test": 0.49}: accuracy of a logistic regression on word counts
"""

import re
from collections import Counter

import torch
from torch import nn

from course_kit import checks
from course_kit.data.stories import LABELS, load

STEPS, LR = 300, 0.05
LONGEST = 4  # words of an answer


def measure(name):
    """{"valid": …, "test": …} for a labelled set, by counting words and nothing else.

    sentiment, pairs  accuracy. Logistic regression on word counts; for pairs on those of each sentence, and of the
                      words that both have
    entities          F1 of whole entities. Each word gets the tag it had most often in training, an unknown one "O"
    questions         exact match. For each word of the context, two logistic regressions (does the answer begin, end
                      here?) on the word, its neighbours and the question's first word: what kind of answer is wanted is
                      known to them, whom the question is about is not
    Raises ValueError for a set without labels.
    """
    measures = {"sentiment": _classify, "pairs": _classify, "entities": _tag, "questions": _answer}
    score = measures[checks.one_of("name", name, measures)](name)
    return {split: score(load(name, split)) for split in ("valid", "test")}


def tokens(text):
    return re.findall(r"\w+(?:'\w+)?|[^\w\s]", text.lower())


def _fit(examples, answers, classes):
    """Logistic regression on bags (lists of features) -> a function from bags to log-odds [N, classes]."""
    known = {feature: number for number, feature in enumerate(sorted({f for bag in examples for f in bag}))}

    def flat(bags):
        numbers = [[known[f] for f in bag if f in known] for bag in bags]
        ends = torch.tensor([0, *(len(n) for n in numbers)]).cumsum(0)[:-1]
        return torch.tensor([i for n in numbers for i in n], dtype=torch.long), ends

    weights, bias = nn.EmbeddingBag(len(known), classes, mode="sum"), nn.Parameter(torch.zeros(classes))
    nn.init.zeros_(weights.weight)
    parameters = [weights.weight, bias]
    optimizer, inputs, target = torch.optim.Adam(parameters, lr=LR), flat(examples), torch.tensor(answers)
    for _ in range(STEPS):
        optimizer.zero_grad()
        penalty = 1e-5 * weights.weight.pow(2).sum()
        (nn.functional.cross_entropy(weights(*inputs) + bias, target) + penalty).backward()
        optimizer.step()
    return lambda bags: (weights(*flat(bags)) + bias).detach()


def _classify(name):
    """Learn from a set's training split -> a function from records to their score, as `_tag` and `_answer` do."""

    def bag(record):
        if name == "sentiment":
            return tokens(record.text)
        first, second = tokens(record.first), tokens(record.second)
        both = set(first) & set(second)
        words = [f"{where} {w}" for where, found in (("1", first), ("2", second), ("both", both)) for w in found]
        return words + ["shared"] * len(both)

    def labels(records):
        return [LABELS[name].index(r.label) for r in records]

    def accuracy(records):
        right = log_odds([bag(r) for r in records]).argmax(-1) == torch.tensor(labels(records))
        return right.float().mean().item()

    train = load(name, "train")
    log_odds = _fit([bag(r) for r in train], labels(train), len(LABELS[name]))
    return accuracy


def _tag(name):
    from chapters.ch06.span_metrics import entity_scores

    counts = {}
    for record in load(name, "train"):
        for word, tag in zip(record.words, record.tags, strict=True):
            counts.setdefault(word, Counter())[tag] += 1
    best = {word: found.most_common(1)[0][0] for word, found in counts.items()}

    def f1(records):
        guesses = [[best.get(word, "O") for word in record.words] for record in records]
        return entity_scores(guesses, [record.tags for record in records]).f1

    return f1


def _places(record):
    """(start, end, word) of each word of the context."""
    return [(m.start(), m.end(), m[0]) for m in re.finditer(r"\w+(?:'\w+)?|[^\w\s]", record.context)]


def _bags(record):
    """One bag for each word of the context."""
    asked, found = record.question.split()[0], ["", *(word for *_, word in _places(record)), ""]
    near = zip(found, found[1:], found[2:], strict=False)
    return [
        [f"{asked} {w}", f"{asked} after {before}", f"{asked} before {after}", f"{asked} capital {w.istitle()}"]
        for before, w, after in near
    ]


def _answer(name):
    train = [record for record in load(name, "train")[:1000] if record.start >= 0]
    bags = [bag for record in train for bag in _bags(record)]
    scores = []
    for begin in (True, False):
        spans = ((r, start, end) for r in train for start, end, _ in _places(r))
        right = [int(start == r.start if begin else end == r.start + len(r.answer)) for r, start, end in spans]
        scores.append(_fit(bags, right, 2))

    def exact_match(records):
        records = [record for record in records if record.start >= 0]
        return sum(_best(record, *scores) == record.answer for record in records) / len(records)

    return exact_match


def _best(record, begins, ends):
    """The span with the highest sum of both log-odds."""
    places, bags = _places(record), _bags(record)
    starts, stops = ((s[:, 1] - s[:, 0]).tolist() for s in (begins(bags), ends(bags)))
    spans = [(i, j) for i in range(len(bags)) for j in range(i, min(i + LONGEST, len(bags)))]
    first, last = max(spans, key=lambda span: starts[span[0]] + stops[span[1]])
    return record.context[places[first][0] : places[last][1]]
