"""Chapter 5's experiments: a Transformer trained in class beside chapter 3's, the number of heads, what masks cost.

    model = small_model(lesson)
    learn(lesson, model)                                       # about a minute on two cores
    compare(lesson, {"GRU with attention": before, "Transformer": model})
    zoo_table(length=64)

What "it" means is measured in `twins`, heads are ablated in `heads`, norms compared in `norms`; `race` compares
trainings under the conditions of `fair`, `speed` times layers.
`course results transformer` records what takes longer than a lesson in data/results/.
"""

import itertools
import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from chapters.ch02.linear import local_mask
from chapters.ch03.lesson import Lesson, loss
from chapters.ch05.variants import LayerWise, with_key_heads
from course_kit.clock import seconds
from course_kit.contexts import seeded
from course_kit.fused import fuse
from course_kit.training import Run, fit, warm_then_fall
from course_kit.views.table import Table
from course_utils.attention import MultiHeadAttention, causal_mask, split_heads
from course_utils.seq2seq import AttentiveDecoder
from course_utils.transformer import Transformer, TransformerConfig

from .fair import same_batches

SIZES = {"size": 128, "layers": 2, "heads": 4, "hidden": 256, "dropout": 0.0}
STEPS, LR = 1000, 3e-3


def small_model(
    lesson: Lesson, seed: int = 0, key_heads: int | None = None, memory_layers: Sequence[int] | None = None, **config
) -> Transformer | LayerWise:
    """A fresh Transformer for the lesson's corpus, small enough to be trained in class, with fused attention.

    config: as TransformerConfig; key_heads: so many heads of keys and values, which the other heads share;
    memory_layers: the encoder layer that each decoder layer reads, from 1. The global random state is left alone.
    """
    sizes = TransformerConfig(len(lesson.source), len(lesson.target), **(SIZES | config))
    with seeded(seed):
        model = fuse(Transformer(sizes) if key_heads is None else with_key_heads(sizes, key_heads))
    return model if memory_layers is None else LayerWise(model, memory_layers)


def learn(
    lesson: Lesson, model: nn.Module, steps: int = STEPS, seed: int = 0, show: bool = False, loss=loss, **options
) -> Run:
    """fit() with settings for a short training: forty steps of warm-up, then a falling rate. options: any of fit's."""
    settings = {"lr": LR, "clip": 1.0, "schedule": warm_then_fall(steps)} | options
    return fit(model, lesson.batches, loss, steps=steps, seed=seed, show=show, **settings)


def compare(lesson: Lesson, models: dict[str, nn.Module], count: int | None = None) -> Table:
    """Each model: parameters, tokens per second in training and in translating, BLEU, alignment error of each layer.

    count: only the first so many test sentences. Speeds are measured here and now, one model after the other.
    """
    rows = []
    for name, model in models.items():
        start = time.perf_counter()
        bleu = lesson.bleu(model, count=count)
        took = time.perf_counter() - start
        words = sum(len(e.target) for e in lesson.examples("test")[:count])
        errors = [lesson.alignment_error(model, count=count, layer=n) for n in range(layers_of(model))]
        rows.append({
            "model": name, "parameters": sum(p.numel() for p in model.parameters()),
            "tokens/s, learning": speed(lesson, model), "words/s, writing": round(words / took),
            "BLEU": round(bleu, 1), "AER by layer": ", ".join(f"{e:.2f}" for e in errors) or "no attention",
        })  # fmt: skip
    return Table(rows, "Held-out sentences; speeds on this machine, just now")


def layers_of(model: nn.Module) -> int:
    """How many layers of a translator attend to the source."""
    blocks = model.decoder
    return len(blocks) if isinstance(blocks, nn.ModuleList) else isinstance(blocks, AttentiveDecoder)


def speed(lesson: Lesson, model: nn.Module, batches: int = 8) -> int:
    """Real tokens per second, both languages, forward and backward; the weights are left as they are."""
    first, *chosen = same_batches(lesson, batches + 1)
    _gradients(model, first)  # to warm up
    start = time.perf_counter()
    for batch in chosen:
        _gradients(model, batch)
    took = time.perf_counter() - start
    return round(sum(int(b.source_mask.sum() + b.target_mask.sum()) for b in chosen) / took)


def clock(advance: Callable[[int], object], steps: int = 128) -> list[float]:
    """Seconds of one processor since the start, after each of the steps advance(0), advance(1), …"""
    threads, after = torch.get_num_threads(), []
    torch.set_num_threads(1)
    with torch.no_grad():
        started = time.process_time()
        for n in range(steps):
            advance(n)
            after.append(time.process_time() - started)
    torch.set_num_threads(threads)
    return after


def _gradients(model: nn.Module, batch) -> None:
    """Forward and backward as in training, with nothing changed afterwards."""
    training, _ = model.training, model.train()
    with torch.random.fork_rng(devices=[]):
        torch.autograd.grad(loss(model, batch), list(model.parameters()), allow_unused=True)
    model.train(training)


def eight_heads() -> Table:
    """Two random words on their way through eight heads of 64: each step with its tensor's shape."""
    x = torch.randn(1, 2, 512, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        attention = MultiHeadAttention(512, 8, bias=False)
        q, k, v = (split_heads(part(x), 8) for part in (attention.query, attention.key, attention.value))
        output, weights = attention(x, x)
        heads = weights @ v
    steps = [
        ("x", x, "two words, “deep” and “learning”, 512 features each"),
        ("q, k, v", torch.stack([q, k, v]), "x times a matrix each, then cut: every head has both words, 64 features"),
        ("weights", weights, "one map per head: 2 queries by 2 keys"),
        ("heads", heads, "each head's weighted average of its own values"),
        ("joined", heads.transpose(1, 2).flatten(2), "the eight pieces of a word side by side"),
        ("output", output, "mixed by the last matrix; again the shape of the input"),
    ]
    rows = [{"step": name, "shape": str(list(part.shape)), "what it is": words} for name, part, words in steps]
    return Table(rows, "[batch, words, features] or [batch, heads, words, features]; “q, k, v” are three tensors")


def zoo(length: int, window: int | None = None) -> dict[str, Tensor]:
    """Masks of attention variants, name -> [T, T] bool, True = may be attended.

    window: how far local ones see; by default about the root of the length, as Child et al. 2019 chose
    """
    w = window or max(1, round(length**0.5))
    row, column = torch.arange(length)[:, None], torch.arange(length)
    causal = causal_mask(length)
    near, first = local_mask(length, w, causal=False), (row == 0) | (column == 0)
    return {
        "full (encoder)": torch.ones(length, length, dtype=torch.bool),
        "causal (decoder)": causal,
        "local": near,
        "local, causal": local_mask(length, w),
        "strided, causal": causal & ((row - column < w) | ((row - column) % w == 0)),
        "local and one global word": near | first,
    }


def hops(mask: Tensor) -> int:
    """How many layers it takes until the last word can know of every word that the mask lets it know of at all."""
    reach, count = mask, 1
    while not torch.equal(further := reach.float() @ mask.float() > 0, reach):
        if torch.equal(further[-1], reach[-1]):
            break
        reach, count = further, count + 1
    return count


def zoo_table(length: int = 64, window: int | None = None) -> Table:
    """What each mask of the zoo costs: pairs that are attended, their share, layers from the first word to the last."""
    rows = []
    for name, mask in zoo(length, window).items():
        share = round(mask.float().mean().item(), 3)
        rows.append({"attention": name, "pairs": int(mask.sum()), "share": share, "layers": hops(mask)})
    return Table(rows, f"{length} words; layers: how many it takes until the last word depends on all before it")


def cache_table(length: int = 1024, size: int = 512, heads: int = 8, window: int | None = None) -> Table:
    """Numbers that a layer keeps for a text that is being written: keys and values of all heads, of groups, of one."""
    w, size = window or max(1, round(length**0.5)), size // heads
    kinds = {
        "every head its own": (heads, length),
        "two heads share (grouped-query)": (heads // 2, length),
        "all share one (multi-query)": (1, length),
        f"every head its own, the last {w} words": (heads, w),
    }
    rows = [{"keys and values": name, "numbers kept": 2 * n * size * t} for name, (n, t) in kinds.items()]
    return Table([row | {"share": round(row["numbers kept"] / rows[0]["numbers kept"], 3)} for row in rows],
                 f"One layer, {length} words, {heads} heads of {size} features")  # fmt: skip


def head_counts(lesson: Lesson, counts: Sequence[int] = (1, 2, 4, 8, 16), steps: int = 500, seed: int = 0) -> Table:
    """Models that differ in their number of heads alone: parameters, time of a step, BLEU after so many steps.

    Times are relative to the first: the best of several steps each, in turns, so that a busy moment does not count.
    """
    models = {n: small_model(lesson, seed, heads=n) for n in counts}
    batches, best = same_batches(lesson, 6), dict.fromkeys(counts, float("inf"))
    for _, (n, model) in itertools.product(range(4), models.items()):
        best[n] = min(best[n], seconds(lambda model=model: [_gradients(model, b) for b in batches], 1))
    rows = []
    for n, model in models.items():
        learn(lesson, model, steps, seed)
        size = sum(p.numel() for p in model.parameters())
        ratio = round(best[n] / best[counts[0]], 2)
        rows.append({"heads": n, "parameters": size, "time of a step": ratio, "BLEU": round(lesson.bleu(model), 1)})
    return Table(rows, f"{SIZES['size']} features in all, however many heads; {steps} steps")


def record_head_counts(steps: int = 500) -> dict:
    """The figures behind data/results/transformer_head_counts.json."""
    return {"seed": 0, "steps": steps, "model": SIZES, "rows": list(head_counts(Lesson("en-fr"), steps=steps))}
