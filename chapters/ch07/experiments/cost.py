"""What attention costs against the length of the text, in time and in memory: the definition, and torch's fused form.

    cost_table(lengths := (128, 256, 512, 1024), costs(lengths))          # a few seconds

Both give the same numbers. The definition keeps all T × T weights for the backward pass; the fused form goes through
them tile by tile, keeps one number for each query, and computes the weights again when it needs them.
Sources: Rabe & Staats 2021, Self-attention does not need O(n²) memory; Dao et al. 2022, FlashAttention.
"""

import math
import time
import timeit
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from chapters.ch02.experiments.costs import kept_for_backward
from course_kit.i18n import mark, t
from course_kit.views.table import Table
from course_utils.attention import causal_mask, scaled_dot_product_attention

LENGTHS = (128, 256, 512, 1024, 2048)


def definition(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Causal attention with all weights at once: q, k, v [B, H, T, d] -> [B, H, T, d]."""
    return scaled_dot_product_attention(q, k, v, causal_mask(q.shape[-2], q.device))[0]


def fused(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """The same by torch's fused kernel."""
    return F.scaled_dot_product_attention(q, k, v, is_causal=True)


FORMS = {mark("definition"): definition, mark("fused"): fused}


def inputs(length: int, heads: int = 4, size: int = 32) -> list[Tensor]:
    """Random q, k and v [1, heads, length, size] that want gradients."""
    source = torch.Generator().manual_seed(0)
    return [torch.randn(1, heads, length, size, generator=source).requires_grad_() for _ in range(3)]


def time_of(form: Callable, given: list[Tensor], repeats: int = 3) -> float:
    """Seconds for forward and backward, the best of some after one to warm up.

    It is processor time of all threads, which other programs hardly disturb where there is one thread.
    """
    spent = timeit.repeat(
        lambda: torch.autograd.grad(form(*given).sum(), given), number=1, repeat=1 + repeats, timer=time.process_time
    )
    return min(spent[1:])


def kept_by(form: Callable, given: list[Tensor]) -> int:
    """Bytes that autograd keeps from the forward pass until the backward pass, q, k and v not counted."""
    return sum(x.untyped_storage().nbytes() for x in kept_for_backward(lambda: form(*given), given))


def costs(lengths: Sequence[int] = LENGTHS, repeats: int = 3) -> dict:
    """{form: {"seconds": […], "bytes": […]}}, one number for each length; see `time_of` and `kept_by`."""
    found: dict = {name: {mark("seconds"): [], "bytes": []} for name in FORMS}
    for length in lengths:
        given = inputs(length)
        for name, form in FORMS.items():
            found[name]["seconds"].append(time_of(form, given, repeats))
            found[name]["bytes"].append(kept_by(form, given))
    return found


def growth(lengths: Sequence[int], values: Sequence[float]) -> float:
    """By how much a cost is multiplied when the text gets twice as long, over the last two lengths."""
    return 2 ** math.log(values[-1] / values[-2], lengths[-1] / lengths[-2])


def cost_table(lengths: Sequence[int], found: dict) -> Table:
    """What `costs` has found, as a table: milliseconds and MB of both forms."""
    rows = []
    for i, length in enumerate(lengths):
        row: dict = {mark("tokens"): length}
        row |= {t("{name}, ms", name=t(name)): round(1e3 * found[name]["seconds"][i], 2) for name in FORMS}
        row |= {t("{name}, MB kept", name=t(name)): round(found[name]["bytes"][i] / 1e6, 2) for name in FORMS}
        rows.append(row)
    return Table(rows, t("Forward and backward of one layer's attention, 4 heads of 32 features, one text"))


def record_costs(lengths: Sequence[int] = (*LENGTHS, 4096)) -> dict:
    """On one thread; the figures behind data/results/gpt_attention_cost.json."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    found = costs(lengths)
    torch.set_num_threads(threads)
    twice = {n: {w: round(growth(lengths, v), 2) for w, v in both.items()} for n, both in found.items()}
    return {
        "heads": 4,
        "size": 32,
        "threads": 1,
        "lengths": list(lengths),
        "forms": found,
        mark("twice as long"): twice,
    }
