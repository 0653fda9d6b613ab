"""Real names in real posts: MiniLM in our classes, fine-tuned on WNUT-17, whose test names occur in no training post.

    task = names(found.tokenizer)                          # found: of `published`
    model = task.model(from_huggingface(found.model))
    minilm.tune(task, model, steps=STEPS)
    task.measure(model, "test")                            # {"F1": …, "precision": …, "recall": …, "accuracy": …}

`course results minilm_wnut17` records it. Source: Derczynski et al. 2017, WNUT-17, section 2.
"""

from chapters.ch06 import real_text
from chapters.ch06.finetuning import Tag
from chapters.ch06.published import MINILM

from . import minilm

STEPS, BATCH, LR, LENGTH = 200, 16, 3e-4, 48


def names(tokenizer, max_length: int = LENGTH) -> Tag:
    """WNUT-17 as a task of tagging. tokenizer: WordPiece, or one of `transformers`.

    Raises FetchError where the corpus cannot be had.
    """
    return minilm.real_task(Tag, "wnut17", tokenizer, real_text.WNUT_TAGS, max_length)


def record_wnut17(steps: int = STEPS) -> dict:
    """The figures behind data/results/minilm_wnut17.json. Needs MiniLM and WNUT-17 (COURSE_DATA_DIR or a network)."""
    task, model = minilm.begun(names)
    time_taken = minilm.timed(task, model, steps, size=BATCH, lr=LR)
    known = {word for e in task.examples("train") for word, tag in zip(e.words, e.tags, strict=True) if tag != "O"}
    tagged = [word for e in task.examples("test") for word, tag in zip(e.words, e.tags, strict=True) if tag != "O"]
    return {
        "model": MINILM[0], "steps": steps, "batch": BATCH, "lr": LR, "max_length": LENGTH, "seed": 0,
        "train": len(task.examples("train")), "test": len(task.examples("test")), **time_taken,
        "words of test names known": round(sum(word in known for word in tagged) / len(tagged), 4),
        **{name: round(value, 4) for name, value in task.measure(model, "test").items()},
    }  # fmt: skip
