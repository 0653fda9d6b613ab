"""What the parts of BERT's pre-training are worth: without one of them, then fine-tuned on the four tasks.

Every way has the same model, steps, first weights, text and chosen tokens; only what is named differs.
`course results bert_pretraining` records it. Source of the questions: Devlin et al. 2019, section 5.1 and appendix
C.2; Liu et al. 2019, RoBERTa, section 4.2.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from chapters.ch06 import lesson
from chapters.ch06.experiments.tasks import STEPS, over_seeds
from chapters.ch06.finetuning import KINDS, task_of
from chapters.ch06.lesson import BertLesson
from chapters.ch06.pairs import Masked, special_mask
from course_kit import results
from course_kit.checkpoints import load_checkpoint
from course_kit.contexts import evaluating
from course_kit.training import fit, warm_then_fall
from course_utils.bert import BertForPreTraining


def mlm_alone(model: BertForPreTraining, batch: Masked) -> Tensor:
    """The loss of the masked words, without next sentences."""
    chosen = batch.labels != -100
    logits = model(batch.ids, batch.segments, batch.mask).mlm_logits[chosen]
    return F.cross_entropy(logits, batch.labels[chosen])


def always_masked(batch: Masked, mask_id: int) -> Masked:
    """The same batch with [MASK] at every chosen token."""
    return batch._replace(ids=batch.ids.masked_fill(batch.labels != -100, mask_id))


def ways(words: BertLesson) -> dict[str, tuple[Callable, Callable]]:
    """name -> (what is done to a batch, the loss)."""
    return {
        "as in the paper": (lambda batch: batch, lesson.loss),
        "always [MASK]": (lambda batch: always_masked(batch, words.tokenizer.mask), lesson.loss),
        "without NSP": (lambda batch: batch, mlm_alone),
    }


def pretrain(words: BertLesson, way: str, steps: int, seed: int) -> BertForPreTraining:
    """A model of class size, pre-trained in one of the `ways`; the seed decides first weights and batches."""
    change, loss = ways(words)[way]
    model = words.model(seed)
    fit(model, lambda generator: change(words.batch(generator)), loss, steps=steps, seed=seed, lr=lesson.LR, clip=1.0,
        schedule=warm_then_fall(steps, lesson.WARM_UP), optimizer=lesson.adam, show=False)  # fmt: skip
    return model


@torch.no_grad()
def words_right(words: BertLesson, model: BertForPreTraining, split: str = "valid", count: int = 512) -> dict:
    """The share of tokens that the model names rightly where the input is [MASK], and where the token itself stands
    there and was not chosen; special tokens don't count."""
    generator, right, asked = torch.Generator().manual_seed(1), torch.zeros(2), torch.zeros(2)
    with evaluating(model):
        for _ in range(0, count, 64):
            batch = words.batch(generator, 64, split)
            said = model(batch.ids, batch.segments, batch.mask).mlm_logits.argmax(-1)
            hidden = batch.ids == words.tokenizer.mask
            visible = (batch.labels == -100) & ~special_mask(words.tokenizer, batch)
            true = torch.where(batch.labels == -100, batch.ids, batch.labels)
            for n, places in enumerate((hidden, visible)):
                right[n], asked[n] = right[n] + (said == true)[places].sum(), asked[n] + places.sum()
    return dict(zip(("at [MASK]", "at visible words"), (right / asked).tolist(), strict=True))


def record_pretraining(steps: int = 4 * lesson.STEPS, seeds: int = 3, tasks=KINDS) -> dict:
    """Each way, several seeds: masked words, next sentences, and the four tasks fine-tuned from there.

    Learning rates of the tasks as data/results/bert_tasks.json has them for the pre-trained start.
    """
    words = BertLesson(load_checkpoint("bert-stories").tokenizer)
    rates = {name: found["pre-trained"]["lr"] for name, found in results.load("bert_tasks")["tasks"].items()}
    figures = {"steps": steps, "seeds": seeds, "rates": rates, "ways": {}}
    for way in ways(words):
        runs = []
        for seed in range(seeds):
            model = pretrain(words, way, steps, seed)
            found = words_right(words, model)
            if way != "without NSP":
                found["next sentence"] = words.measure(model)["NSP accuracy"]
            for name in tasks:
                task = task_of(name, words.tokenizer)
                tuned = task.model(model.bert, seed)
                task.train(tuned, STEPS[name], seed, lr=rates[name])
                found |= {f"{name}, {split}": task.measure(tuned, split)[task.main] for split in ("valid", "test")}
            runs.append({name: round(value, 3) for name, value in found.items()})
        figures["ways"][way] = {name: over_seeds([run[name] for run in runs]) for name in runs[0]}
    return figures
