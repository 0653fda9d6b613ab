"""What is pre-training worth? Two models on film reviews, each beside the same sizes from scratch.

The reviews are SST-2's: 6,920 sentences to learn from, 872 to be judged on. `bert-prose` has read 29 novels, MiniLM
a billion pairs of sentences. A model from scratch gets the same tokenizer, sentences and steps. `course results
bert_worth` records it, in about ten minutes of one core.
"""

import re
from collections.abc import Sequence

import torch
import torch.nn.functional as F

from chapters.ch06.experiments.minilm import BATCH, STEPS, reviews
from chapters.ch06.finetuning import Classify, Passes
from chapters.ch06.published import require_minilm
from course_kit.checkpoints import load_checkpoint
from course_kit.convert import from_huggingface
from course_kit.data.stories import Labelled
from course_kit.runtime import has_bfloat16
from course_utils.bert import Bert, BertConfig

BASE, BASE_STEPS, RATE = "bert-prose", 300, 3e-4  # of 1e-4 and 3e-4 the better one for both starts
STARTS = "from scratch", "pre-trained"


def words_of(text: str) -> list[str]:
    """The words of a sentence, in lower case."""
    return re.findall("[a-z]+", text.lower())


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


def learned(task: Classify, start: Bert | BertConfig, steps: int, **options) -> float:
    """The share of the test that a model gets right after so many steps, all of it trained."""
    model = task.model(start, seed=0)
    task.train(model, steps, 0, lr=RATE, **options)
    return round(task.measure(model, "test")["accuracy"], 4)


def record_worth(steps: int = BASE_STEPS, minilm_steps: int = STEPS) -> dict:
    """For both models each start, one seed. MiniLM pre-trained is in data/results/minilm_sst2.json.

    Needs MiniLM (the package or COURSE_MINILM) and SST-2 (COURSE_DATA_DIR or a network).
    """
    base, found = load_checkpoint(BASE), require_minilm()
    task, theirs = reviews(base.tokenizer), reviews(found.tokenizer)
    encoders = {"from scratch": base.model.config, "pre-trained": base.model.bert}
    figures = {
        "train": len(task.examples("train")), "test": len(task.examples("test")), "seeds": 1, "lr": RATE,
        "counting words": round(by_counting(task.examples("train"), task.examples("test"), task.labels), 4),
        BASE: {"steps": steps},
        "MiniLM": {"steps": minilm_steps},
    }  # fmt: skip
    for start, encoder in encoders.items():
        figures[BASE][start] = learned(task, encoder, steps)
    config, passes = from_huggingface(found.model).config, Passes(theirs, BATCH)
    half = has_bfloat16(torch.device("cpu"))  # as MiniLM was fine-tuned
    figures["MiniLM"]["from scratch"] = learned(theirs, config, minilm_steps, batches=passes, half=half)
    return figures
