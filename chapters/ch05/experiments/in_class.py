"""Chapter 5's experiments: shapes of eight heads, and what masks and caches cost: zoo_table(length=64).

What "it" means is measured in `twins`, heads are ablated in `heads`, norms compared in `norms`; `race` compares
trainings, `speed` counts what layers multiply.
`course results transformer` records what takes longer than a lesson in data/results/.
"""

import time
from collections.abc import Callable

import torch
from torch import Tensor

from chapters.ch02.linear import local_mask
from course_kit.i18n import mark, t
from course_kit.views.table import Table
from course_utils.attention import MultiHeadAttention, causal_mask, split_heads


def clock(advance: Callable[[int], object]) -> list[float]:
    """Seconds of one processor since the start, after each of 128 steps: advance(0), advance(1), …"""
    threads, after = torch.get_num_threads(), []
    torch.set_num_threads(1)
    with torch.no_grad():
        started = time.process_time()
        for n in range(128):
            advance(n)
            after.append(time.process_time() - started)
    torch.set_num_threads(threads)
    return after


def eight_heads() -> Table:
    """Two random words on their way through eight heads of 64: each step with its tensor's shape."""
    x = torch.randn(1, 2, 512, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        attention = MultiHeadAttention(512, 8, bias=False)
        q, k, v = (split_heads(part(x), 8) for part in (attention.query, attention.key, attention.value))
        output, weights = attention(x, x)
        heads = weights @ v
    steps = [
        ("x", x, t("two words, “deep” and “learning”, 512 features each")),
        (
            "q, k, v",
            torch.stack([q, k, v]),
            t("x times a matrix each, then cut: every head has both words, 64 features"),
        ),
        ("weights", weights, t("one map per head: 2 queries by 2 keys")),
        ("heads", heads, t("each head's weighted average of its own values")),
        ("joined", heads.transpose(1, 2).flatten(2), t("the eight pieces of a word side by side")),
        ("output", output, t("mixed by the last matrix; again the shape of the input")),
    ]
    rows = [
        {mark("step"): name, mark("shape"): str(list(part.shape)), mark("what it is"): words}
        for name, part, words in steps
    ]
    return Table(rows, t("[batch, words, features] or [batch, heads, words, features]; “q, k, v” are three tensors"))


def zoo(length: int) -> dict[str, Tensor]:
    """Masks of attention variants, name -> [T, T] bool, True = may be attended. Local ones see about as far as the root
    of the length, as Child et al. 2019 chose."""
    w = round(length**0.5)
    row, column = torch.arange(length)[:, None], torch.arange(length)
    causal = causal_mask(length)
    near, first = local_mask(length, w, causal=False), (row == 0) | (column == 0)
    return {
        t("full (encoder)"): torch.ones(length, length, dtype=torch.bool),
        t("causal (decoder)"): causal,
        t("local"): near,
        t("local, causal"): local_mask(length, w),
        t("strided, causal"): causal & ((row - column < w) | ((row - column) % w == 0)),
        t("local and one global word"): near | first,
    }


def hops(mask: Tensor) -> int:
    """How many layers it takes until the last word can know of every word that the mask lets it know of at all."""
    reach, count = mask, 1
    while not torch.equal(further := reach.float() @ mask.float() > 0, reach):
        if torch.equal(further[-1], reach[-1]):
            break
        reach, count = further, count + 1
    return count


def zoo_table(length: int = 64) -> Table:
    """What each mask of the zoo costs: pairs that are attended, their share, layers from the first word to the last."""
    rows = []
    for name, mask in zoo(length).items():
        share = round(mask.float().mean().item(), 3)
        rows.append(
            {mark("attention"): name, mark("pairs"): int(mask.sum()), mark("share"): share, mark("layers"): hops(mask)}
        )
    return Table(
        rows, t("{length} words; layers: how many it takes until the last word depends on all before it", length=length)
    )


def cache_table(length: int = 1024, size: int = 512, heads: int = 8) -> Table:
    """Numbers that a layer keeps for a text that is being written: keys and values of all heads, of groups, of one."""
    w, size = round(length**0.5), size // heads
    kinds = {
        t("every head its own"): (heads, length),
        t("two heads share (grouped-query)"): (heads // 2, length),
        t("all share one (multi-query)"): (1, length),
        t("every head its own, the last {w} words", w=w): (heads, w),
    }
    rows = [{mark("keys and values"): name, mark("numbers kept"): 2 * n * size * k} for name, (n, k) in kinds.items()]
    return Table([row | {mark("share"): round(row["numbers kept"] / rows[0]["numbers kept"], 3)} for row in rows],
                 t("One layer, {length} words, {heads} heads of {size} features",
                   length=f"{length:,}", heads=heads, size=size))  # fmt: skip
