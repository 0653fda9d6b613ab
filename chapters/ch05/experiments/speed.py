"""How fast a recurrent layer and a Transformer layer train, against the length of the sentences and their number.

    speeds(lengths=(16, 1024), sentences=(2,))   # on one thread; device="cuda" on a GPU
    record_speeds()                              # `course results transformer_speed`, on an idle machine

Where lengths are compared the number of sentences is the same: a step of a GRU has a fixed cost, which the sentences of
a batch share, so the fewer they are the slower it is for each.
"""

import os
import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from chapters.ch04.experiments import multiply_adds
from course_kit.contexts import seeded
from course_kit.i18n import mark, t
from course_kit.models.fused import fuse
from course_utils.blocks import EncoderBlock

GRU, FUSED, PAGE = "GRU", t("Transformer, fused"), "Transformer"
LENGTHS = (16, 64, 256, 1024, 4096)
SENTENCES = (2, 32)  # in a batch
SIZE, HEADS = 128, 4
SCORES = 2**27  # the page's block keeps its scores, half a GB of them and as much again for each step: no more of them
IDLE = 0.3  # the largest load at which a record is begun


def layers() -> dict[str, nn.Module]:
    """The layers that are compared, as the pages make them: chapter 3's GRU, chapter 5's block, and the block with
    torch's fused attention."""
    with seeded(0):
        gru = nn.GRU(SIZE, SIZE, batch_first=True)
        page, fused = (EncoderBlock(SIZE, HEADS, 4 * SIZE) for _ in range(2))
        return {GRU: gru, FUSED: fuse(fused), PAGE: page}


def work(length: int) -> dict[str, dict[str, int]]:
    """{layer: how many steps wait for each other ("in a row"), and its "multiplications"}, forward, one sentence.

    A GRU has three gates with a matrix for the word and one for the state: 6 T D². A block has attention with its
    projections, and a network of 8 T D².
    """
    block = multiply_adds("attention", length, SIZE) + 8 * length * SIZE**2
    return {
        GRU: {mark("in a row"): length, "multiplications": 6 * length * SIZE**2},
        PAGE: {mark("in a row"): 1, "multiplications": block},
    }


def gradients(layer: nn.Module, x: Tensor) -> None:
    """Forward and backward through a layer, down to its input x [B, T, D]; nothing is changed."""
    output = layer(x)
    y = output[0] if isinstance(output, tuple) else output  # nn.GRU gives its last state as well
    torch.autograd.grad(y.square().mean(), [x, *layer.parameters()])
    if x.is_cuda:
        torch.cuda.synchronize()


def in_turns(runs: dict[str, Callable[[], None]], budget: float) -> dict[str, float]:
    """The fewest seconds that each of the runs takes, timed in turns: twice, then for `budget` seconds, at most 15."""
    best, start = dict.fromkeys(runs, float("inf")), time.perf_counter()
    for round in range(15):
        if round >= 2 and time.perf_counter() - start > budget:
            break
        for name, run in runs.items():
            begun = time.perf_counter()
            run()
            best[name] = min(best[name], time.perf_counter() - begun)
    return best


def speeds(
    lengths: Sequence[int] = LENGTHS,
    sentences: Sequence[int] = SENTENCES,
    budget: float = 4.0,
    device: str = "cpu",
) -> list[dict]:
    """Tokens per second of forward and backward, a row for each number of sentences and length.

    budget: seconds for a row. The page's block is None where it would keep more than SCORES scores.
    """
    threads, rows = torch.get_num_threads(), []
    torch.set_num_threads(1)
    models = {name: layer.to(device) for name, layer in layers().items()}
    for count in sentences:
        for length in lengths:
            x = torch.randn(count, length, SIZE, device=device, requires_grad=True)
            fitting = models if count * HEADS * length**2 <= SCORES else {name: models[name] for name in (GRU, FUSED)}
            runs = {name: lambda layer=layer, x=x: gradients(layer, x) for name, layer in fitting.items()}
            rate = {name: round(count * length / s) for name, s in in_turns(runs, budget).items()}
            rows.append({"sentences": count, "length": length, PAGE: None} | rate)
    torch.set_num_threads(threads)
    return rows


def record_speeds(**options) -> dict:
    """The figures behind data/results/transformer_speed.json. Raises RuntimeError on a machine that is busy."""
    load = round(os.getloadavg()[0], 2)
    if load > IDLE:
        raise RuntimeError(f"the load of this machine is {load}; needed: at most {IDLE}. Stop other programs, wait")
    figures = {"size": SIZE, "heads": HEADS, "load": load, "rows": speeds(**options)}
    if torch.cuda.is_available():
        figures["GPU"] = {"name": torch.cuda.get_device_name(), "rows": speeds(**options, device="cuda")}
    return figures
