"""Real weights, fine-tuned in a lesson: MiniLM, in our own classes, learns whether a film review is kind.

    task, encoder = reviews(found.tokenizer), from_huggingface(found.model)       # found: of `published`
    model = task.model(encoder)
    tune(task, model, batches=Passes(task))                # two passes, some four minutes of one busy core
    task.measure(model, "test")                            # {"accuracy": …} on SST-2's development set

`course results minilm_sst2` records it. Sources: Socher et al. 2013 (SST); Wang et al. 2020 (MiniLM).
"""

import os
import time

import torch
from torch import nn

from chapters.ch06 import real_text
from chapters.ch06.finetuning import Classify, Passes
from chapters.ch06.published import MINILM, require_minilm
from course_kit.convert import from_huggingface
from course_kit.runtime import has_bfloat16
from course_kit.text import WordPiece
from course_kit.training import Run

STEPS, BATCH, LR, LENGTH = 432, 32, 1.5e-4, 48  # two passes; chosen on 800 sentences held out of the training set


def reviews(tokenizer, max_length: int = LENGTH) -> Classify:
    """SST-2 as a task: reviews cut at max_length tokens. tokenizer: WordPiece, or one of `transformers`.

    Raises FetchError where the corpus cannot be had.
    """
    if not isinstance(tokenizer, WordPiece):
        tokenizer = WordPiece(tokenizer.backend_tokenizer)
    examples = {split: real_text.load(split) for split in real_text.FILES}
    return Classify("sst2", tokenizer, ("negative", "positive"), examples, max_length)


def tune(task: Classify, model: nn.Module, steps: int = STEPS, seed: int = 0, **options) -> Run:
    """Fine-tune all but the embeddings, in bfloat16 where the processor has it. options: any of `task.train`."""
    model.bert.embeddings.requires_grad_(False)
    half = has_bfloat16(next(model.parameters()).device)
    return task.train(model, steps, seed, **({"lr": LR, "size": BATCH, "half": half} | options))


def record_minilm_sst2(steps: int = STEPS) -> dict:
    """The figures behind data/results/minilm_sst2.json: accuracy before and after, seconds, and the majority's share.

    Needs MiniLM (COURSE_MINILM or a network) and SST-2 (COURSE_DATA_DIR or a network).
    """
    found = require_minilm()
    task = reviews(found.tokenizer)
    model = task.model(from_huggingface(found.model))
    before = task.measure(model, "test")["accuracy"]
    clock, cpu = time.perf_counter(), time.process_time()
    tune(task, model, steps, batches=Passes(task, BATCH))
    took, used = time.perf_counter() - clock, time.process_time() - cpu
    labels = [e.label for e in task.examples("test")]
    return {
        "model": MINILM[0], "steps": steps, "batch": BATCH, "lr": LR, "max_length": LENGTH, "seed": 0,
        "train": len(task.examples("train")), "test": len(labels), "seconds": round(took),
        "cpu seconds": round(used), "load": round(os.getloadavg()[0], 1),
        "half precision": has_bfloat16(torch.device("cpu")),
        "before": round(before, 4), "accuracy": round(task.measure(model, "test")["accuracy"], 4),
        "always the same answer": round(max(labels.count(x) for x in task.labels) / len(labels), 4),
    }  # fmt: skip
