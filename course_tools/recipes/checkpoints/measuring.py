"""How good a checkpoint is: measured on held-out sentences of the corpus it was trained on."""

import copy
import functools
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from chapters.ch03 import tatoeba
from chapters.ch03.lesson import Lesson
from course_kit import checkpoints, decoding, metrics, text
from course_kit.runs import checkpoint_writer

LENGTHS = ((1, 4), (5, 7), (8, 10), (11, 14), (15, 19), (20, 99))


def measure(name: str, recipe: Any) -> Path:
    """Measure a checkpoint on the test sentences of its recipe, and write the result into its JSON -> the path of that.

    BLEU as sacrebleu counts it: lower-cased, its default tokenisation, all references of a sentence.
    """
    loaded = checkpoints.load_checkpoint(name)
    found = tatoeba.references(sentences(recipe, "test"))
    asked = list(found)
    references = [found[s] for s in asked]
    result: dict = {"test_sentences": len(asked)}
    for beam in (1, 4):
        written = [t.text for t in decoding.translate(loaded, asked, beam=beam)]
        result[f"test_bleu_beam_{beam}"] = round(bleu(written, references, recipe), 2)
    groups = defaultdict(list)
    for s, w, r in zip(asked, written, references, strict=True):
        count = len(s.split()) if recipe.pair.startswith("en") else len(loaded.source.cut(s))
        groups[next(g for g in LENGTHS if g[0] <= count <= g[1])].append((w, r))
    result["test_bleu_by_length"] = {
        f"{a}-{b}": round(bleu([w for w, _ in group], [r for _, r in group], recipe), 1)
        for (a, b), group in sorted(groups.items()) if len(group) >= 20
    }  # fmt: skip
    if recipe.corpus == "grammar" and getattr(loaded.model.config, "attention", True):
        result["test_aer"] = round(_alignment_error(loaded, recipe), 4)
    every = max(1, len(asked) // 12)  # in even steps: the corpus is sorted by length
    samples = [[s, w, r[0]] for s, w, r in zip(asked[::every], written[::every], references[::every], strict=True)]
    return finish(loaded, name, result, samples_not_selected=samples)


def finish(loaded: checkpoints.Loaded, name: str, result: dict, base: dict | None = None, **more: Any) -> Path:
    """Write the checkpoint again, with results and `more` in its card -> the path of the card. base: of a
    fine-tuned one, as `save_checkpoint` takes it, {"base": name, "rank": rank}."""
    card = loaded.card | {"metrics": loaded.card["metrics"] | result} | more
    one = loaded.tokenizer is not None
    vocabularies = {"tokenizer": loaded.tokenizer} if one else {"source": loaded.source, "target": loaded.target}
    print(card["metrics"], flush=True)
    return checkpoint_writer.save_checkpoint(loaded.model, name, card, **(base or vocabularies), seen=loaded.seen)


def sentences(recipe: Any, split: str) -> list[tuple[str, str]]:
    """(source, target) of a split."""
    if recipe.corpus == "tatoeba":
        return tatoeba.load(recipe.pair, split)
    return _texts(_lesson(recipe.pair).examples(split), recipe.pair)


def _texts(examples: Any, pair: str) -> list[tuple[str, str]]:
    first, second = pair.split("-")
    return [(text.as_text(one[0], first), text.as_text(one[1], second)) for one in examples]


def more_twins(recipe: Any) -> list[tuple[str, str]]:
    """Training twins once more, or several times, so that the rare frames (a ship on a lake) are learned as well as the
    common ones: each frame comes at least about `recipe.twins` times in a pass."""
    twins: list[Any] = [e for e in _lesson(recipe.pair).examples("train") if e.twin] if recipe.twins else []
    frames = Counter(e.twin.frame for e in twins)
    again = (e for e in twins for _ in range(round(recipe.twins / frames[e.twin.frame]) - 1))
    return _texts(again, recipe.pair)


def threads(recipe: Any) -> list[tuple[str, str]]:
    """The course's own sentences in the training split, such as "I am a student."."""
    kept = (e for e in _lesson(recipe.pair).examples("train") if e.kind in ("thread", "companion"))
    return _texts(kept, recipe.pair)


def bleu(written: list[str], references: list[list[str]], recipe: Any) -> float:
    """As sacrebleu counts it, lower-cased; Chinese by its own tokenisation."""
    tokenize = "zh" if recipe.pair.endswith("zh") else "13a"
    return float(metrics.bleu(written, references, lowercase=True, tokenize=tokenize))


def held_out_bleu(model: Any, source: Any, target: Any, recipe: Any) -> float:
    """BLEU of greedy translations of the first `recipe.valid` sentences of the validation split."""
    found = tatoeba.references(sentences(recipe, "valid"))
    asked = list(found)[: recipe.valid]
    loaded = checkpoints.Loaded(model, {}, source, target)
    written = [t.text for t in decoding.translate(loaded, asked, beam=1, batch=128)]
    references = [found[s] for s in asked]
    return bleu(written, references, recipe)


@functools.cache
def _lesson(pair: str) -> Lesson:
    return Lesson(pair)


def _alignment_error(loaded: checkpoints.Loaded, recipe: Any) -> float:
    """AER of the attention weights, given the right words so far, against the gold links of the test sentences."""
    lesson = copy.copy(_lesson(recipe.pair))
    lesson.source, lesson.target = loaded.source, loaded.target
    return lesson.alignment_error(loaded.model)
