"""How good a checkpoint is: measured on held-out sentences of the corpus it was trained on."""

from collections import defaultdict
from pathlib import Path

import torch

from . import checkpoints, decoding, metrics, tatoeba, text

LENGTHS = ((1, 4), (5, 7), (8, 10), (11, 14), (15, 19), (20, 99))


def measure(name: str, recipe) -> Path:
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
        result[f"test_bleu_beam_{beam}"] = round(metrics.bleu(written, references, lowercase=True), 2)
    result["test_chrf"] = round(metrics.chrf([w.lower() for w in written], references), 2)
    result["test_exact_match"] = round(metrics.exact_match(written, references), 4)
    groups = defaultdict(list)
    for s, w, r in zip(asked, written, references, strict=True):
        count = len(s.split()) if recipe.pair.startswith("en") else len(loaded.source.cut(s))
        groups[next(g for g in LENGTHS if g[0] <= count <= g[1])].append((w, r))
    result["test_bleu_by_length"] = {
        f"{a}-{b}": round(metrics.bleu(*zip(*group, strict=True), lowercase=True), 1)
        for (a, b), group in sorted(groups.items()) if len(group) >= 20
    }  # fmt: skip
    if recipe.corpus == "grammar" and loaded.model.config.attention:
        result["test_aer"] = round(alignment_error(loaded, recipe), 4)
    every = max(1, len(asked) // 12)  # in even steps: the corpus is sorted by length
    samples = [[s, w, r[0]] for s, w, r in zip(asked[::every], written[::every], references[::every], strict=True)]
    card = loaded.card | {"metrics": loaded.card["metrics"] | result, "samples_not_selected": samples}
    vocabularies = {"source": loaded.source, "target": loaded.target}
    print(card["metrics"], flush=True)
    return checkpoints.save_checkpoint(loaded.model, name, card, **vocabularies, seen=loaded.seen)


def sentences(recipe, split: str) -> list[tuple[str, str]]:
    """(source, target) of a split."""
    if recipe.corpus == "tatoeba":
        return tatoeba.load(recipe.pair, split)
    languages = recipe.pair.split("-")
    return [tuple(map(text.as_text, pair[:2], languages)) for pair in gold(recipe, split)]


def held_out_bleu(model, source, target, recipe) -> float:
    """BLEU of greedy translations of the first `recipe.valid` sentences of the validation split."""
    found = tatoeba.references(sentences(recipe, "valid"))
    asked = list(found)[: recipe.valid]
    loaded = checkpoints.Loaded(model, {}, source, target)
    written = [t.text for t in decoding.translate(loaded, asked, beam=1, batch=128)]
    references = [found[s] for s in asked]
    return float(metrics.bleu(written, references, lowercase=True))


def gold(recipe, split: str) -> list[tuple[tuple, tuple, set]]:
    """(source, target, links (target, source)) of our own corpus, in the direction of the recipe."""
    from . import corpora

    forward = recipe.pair.startswith("en")
    other = recipe.pair[-2:] if forward else recipe.pair[:2]
    found = []
    for pair in corpora.load_parallel(f"en-{other}", split):
        links = {(t, s) for t, s in pair.alignment}
        source, target = tuple(w.lower() for w in pair.source), tuple(w.lower() for w in pair.target)
        found.append((source, target, links) if forward else (target, source, {(s, t) for t, s in links}))
    return found


def alignment_error(loaded, recipe) -> float:
    """AER of the attention weights under teacher forcing against the gold links of the test sentences."""
    pairs, predicted, sure = gold(recipe, "test"), [], []
    for at in range(0, len(pairs), 64):
        rows = pairs[at : at + 64]
        batch = text.collate([(loaded.source.encode(a), loaded.target.encode(b)) for a, b, _ in rows])
        with torch.no_grad():
            (weights,) = loaded.model(batch.source, batch.target_in, batch.source_mask, need_weights=True).weights
        for (a, b, links), w in zip(rows, weights, strict=True):
            aligned = {t for t, _ in links}
            found = metrics.links_of(w[0, : len(b), : len(a)])
            predicted.append({(t, s) for t, s in found if t in aligned})
            sure.append(links)
    return metrics.alignment_error_rate(predicted, sure)
