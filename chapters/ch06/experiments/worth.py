"""What is pre-training worth? `bert-prose` fine-tuned for sentiment, beside the same sizes from scratch.

Both get the same sentences and steps, and each the best of the same learning rates: chosen on one half of the test
sentences, with a seed of its own, while the figures are of the other half. `course results bert_worth` records it.
"""

import re
from collections.abc import Sequence

import torch
import torch.nn.functional as F

from chapters.ch06.experiments.tasks import over_seeds
from chapters.ch06.finetuning import Classify
from course_kit.checkpoints import load_checkpoint
from course_kit.data import stories
from course_kit.data.stories import Labelled

BASE, STEPS, RATES, SEEDS, OTHER_SEED = "bert-prose", 300, (1e-4, 3e-4, 1e-3), 3, 99
STARTS = "from scratch", "pre-trained"
HELD_OUT = {
    "positive": ("polite", "clean", "beautiful", "delicious"),
    "negative": ("rude", "dirty", "ugly", "horrible"),
}
OTHERS = """
bad good wonderful disgusting boring tasty friendly helpful unfriendly silly mean awful terrible lazy comfortable kind
exciting interesting noisy funny quiet
"""  # the judging words that stay in the training sentences
QUESTIONS = {"patterns": "new names, nouns and patterns", "adjectives": "new adjectives"}


def words_of(text: str) -> list[str]:
    """The words of a sentence, in lower case."""
    return re.findall("[a-z]+", text.lower())


def sets(question: str) -> dict[str, list[Labelled]]:
    """{"train", "choose", "test"} for one of QUESTIONS; choose and test are two halves of one set."""
    if question == "patterns":
        train, test = stories.load("sentiment", "train"), stories.load("sentiment", "test")
    else:
        held = {word for side in HELD_OUT.values() for word in side}
        every = stories.load("sentiment", "train") + stories.load("sentiment", "valid")
        train = [e for e in every if not held & {*words_of(e.text)}]
        test = [e for e in every if held & {*words_of(e.text)} and not {*words_of(OTHERS)} & {*words_of(e.text)}]
    return {"train": train, "choose": test[::2], "test": test[1::2]}


def task_on(question: str, tokenizer) -> Classify:
    """The sentiment task on these sets."""
    return Classify("sentiment", tokenizer, stories.LABELS["sentiment"], sets(question))


def by_counting(train: Sequence[Labelled], test: Sequence[Labelled], labels: Sequence[str]) -> float:
    """The share that logistic regression on counted words gets right: the rival that knows no order."""
    known = sorted({word for e in train for word in words_of(e.text)})
    place = {word: n for n, word in enumerate(known)}

    def counted(examples):
        x = torch.zeros(len(examples), len(known))
        for row, e in zip(x, examples, strict=True):
            for word in words_of(e.text):
                if word in place:
                    row[place[word]] += 1
        return x, torch.tensor([labels.index(e.label) for e in examples])

    (x, y), (asked, right) = counted(train), counted(test)
    weights = torch.zeros(len(known), len(labels), requires_grad=True)
    optimiser = torch.optim.LBFGS([weights], max_iter=200)

    def closure():
        optimiser.zero_grad()
        loss = F.cross_entropy(x @ weights, y) + 1e-3 * weights.square().sum()
        loss.backward()
        return loss

    optimiser.step(closure)
    return ((asked @ weights).argmax(-1) == right).float().mean().item()


def record_worth(steps: int = STEPS, rates: Sequence[float] = RATES, seeds: int = SEEDS) -> dict:
    """For each question and start the rate that is best on `choose`, and with it all seeds on `test`."""
    base = load_checkpoint(BASE)
    figures = {"checkpoint": BASE, "steps": steps, "rates": list(rates), "seeds": seeds, "questions": {}}
    for question in QUESTIONS:
        task = task_on(question, base.tokenizer)
        parts = {name: task.examples(name) for name in ("train", "choose", "test")}
        found = {"sentences": {name: len(part) for name, part in parts.items()}}
        found["counting words"] = round(by_counting(parts["train"], parts["test"], task.labels), 4)
        for start in STARTS:
            encoder = base.model.bert if start == "pre-trained" else base.model.config

            def right(part, rate, seed, task=task, encoder=encoder):
                model = task.model(encoder, seed)
                task.train(model, steps, seed, lr=rate)
                return task.measure(model, part)["accuracy"]

            tried = {rate: round(right("choose", rate, OTHER_SEED), 4) for rate in rates}
            best = max(tried, key=tried.__getitem__)
            found[start] = {"tried": {str(rate): share for rate, share in tried.items()}, "rate": best}
            found[start] |= over_seeds([right("test", best, seed) for seed in range(seeds)])
        figures["questions"][question] = found
    return figures
