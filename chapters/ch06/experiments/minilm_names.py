"""Real names in real posts: MiniLM in our classes, fine-tuned on WNUT-17, whose test names occur in no training post.

    task = names(found.tokenizer)                          # found: of `published`
    model = task.model(Bert.from_huggingface(found.model))
    minilm.tune(task, model, steps=STEPS)
    task.measure(model, "test")                            # {"F1": …, "precision": …, "recall": …, "accuracy": …}

`course results minilm_wnut17` records it. Source: Derczynski et al. 2017, WNUT-17, section 2.
"""

import time

from chapters.ch06 import real_text
from chapters.ch06.finetuning import Tag
from chapters.ch06.published import MINILM, published
from course_utils.models.bert import Bert
from course_utils.text import WordPiece

from . import minilm

STEPS, BATCH, LR, LENGTH = 200, 16, 3e-4, 48


def names(tokenizer, max_length: int = LENGTH) -> Tag:
    """WNUT-17 as a task of tagging. tokenizer: WordPiece, or one of `transformers`.

    Raises FetchError where the corpus cannot be had.
    """
    if not isinstance(tokenizer, WordPiece):
        tokenizer = WordPiece(tokenizer.backend_tokenizer)
    examples = {split: real_text.load("wnut17", split) for split in real_text.SPLITS}
    return Tag("wnut17", tokenizer, real_text.WNUT_TAGS, examples, max_length)


def record_wnut17(steps: int = STEPS) -> dict:
    """The figures behind data/results/minilm_wnut17.json. Needs MiniLM and WNUT-17 (COURSE_DATA_DIR or a network)."""
    found = published(*MINILM)
    if found is None:
        raise FileNotFoundError(f"{MINILM[0]} is needed: name its folder in {MINILM[1]}, or go online")
    task, start = names(found.tokenizer), time.process_time()
    model = task.model(Bert.from_huggingface(found.model))
    minilm.tune(task, model, steps, size=BATCH, lr=LR)
    used = time.process_time() - start
    known = {word for e in task.examples("train") for word, tag in zip(e.words, e.tags, strict=True) if tag != "O"}
    tagged = [word for e in task.examples("test") for word, tag in zip(e.words, e.tags, strict=True) if tag != "O"]
    return {
        "model": MINILM[0], "steps": steps, "batch": BATCH, "lr": LR, "max_length": LENGTH, "seed": 0,
        "train": len(task.examples("train")), "test": len(task.examples("test")), "cpu seconds": round(used),
        "words of test names known": round(sum(word in known for word in tagged) / len(tagged), 4),
        **{name: round(value, 4) for name, value in task.measure(model, "test").items()},
    }  # fmt: skip
