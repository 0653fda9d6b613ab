"""How fast a recurrent layer and a Transformer layer train, against the length of the text.

    speeds(lengths=(16, 1024), threads=1)        # in this process; device="cuda" on a GPU
    record_speeds()                              # `course results transformer_speed`

A batch has the same number of tokens whatever their length, so a GRU has fewer, longer sequences to go through.
"""

import os
import statistics
import time
from collections.abc import Callable, Sequence
from multiprocessing import get_context

import torch
from torch import Tensor, nn

from course_kit.contexts import seeded
from course_utils.blocks import EncoderBlock

GRU, TRANSFORMER = "GRU", "Transformer"
WIDTHS = (128, 256)
LENGTHS = (16, 32, 64, 128, 256, 512, 1024)
TOKENS = 2048  # in a batch
HEADS = 4


def layers(width: int) -> dict[str, nn.Module]:
    """The layers that are compared: a GRU layer, and an encoder block as the page makes it.

    Weights in their matrices: 6 width² in the GRU, 12 width² in the block.
    """
    with seeded(0):
        block = EncoderBlock(width, HEADS, 4 * width)
        return {GRU: nn.GRU(width, width, batch_first=True), TRANSFORMER: block}


def gradients(layer: nn.Module, x: Tensor) -> None:
    """Forward and backward through a layer, down to its input x [B, T, D]; nothing is changed."""
    output = layer(x)
    y = output[0] if isinstance(output, tuple) else output  # nn.GRU gives its last state as well
    torch.autograd.grad(y.square().mean(), [x, *layer.parameters()])
    if x.is_cuda:
        torch.cuda.synchronize()


def in_turns(runs: dict[str, Callable[[], None]], repeats: int) -> dict[str, float]:
    """The median of the seconds that each of the runs takes. They are timed in turns, so another program that is busy
    meanwhile slows all of them."""
    spent: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():  # to warm up
        run()
    for _ in range(repeats):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            spent[name].append(time.perf_counter() - start)
    return {name: statistics.median(times) for name, times in spent.items()}


def speeds(
    widths: Sequence[int] = WIDTHS,
    lengths: Sequence[int] = LENGTHS,
    tokens: int = TOKENS,
    repeats: int = 15,
    threads: int = 1,
    device: str = "cpu",
) -> list[dict]:
    """Tokens per second of forward and backward, a row for each width and length; ratio: GRU / Transformer.

    threads: of torch in this process, from now on
    """
    torch.set_num_threads(threads)
    rows = []
    for width in widths:
        models = {name: layer.to(device) for name, layer in layers(width).items()}
        for length in lengths:
            x = torch.randn(tokens // length, length, width, device=device, requires_grad=True)
            runs = {name: lambda layer=layer, x=x: gradients(layer, x) for name, layer in models.items()}
            rate = {name: round(x[..., 0].numel() / s) for name, s in in_turns(runs, repeats).items()}
            ratio = round(rate[GRU] / rate[TRANSFORMER], 2)
            rows.append({"width": width, "length": length, **rate, "ratio": ratio})
    return rows


def alone(**options) -> list[dict]:
    """`speeds` in a fresh process, in which nothing has chosen a number of threads yet."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(speeds, kwds=options)


def record_speeds(cores: Sequence[int] = (1, 2), **options) -> dict:
    """The figures behind data/results/transformer_speed.json. load: of the machine, before and after."""
    figures: dict = {"tokens": TOKENS, "heads": HEADS, "load": [round(os.getloadavg()[0], 1)]}
    figures["cores"] = {str(n): alone(threads=n, **options) for n in cores}
    figures["load"].append(round(os.getloadavg()[0], 1))
    if torch.cuda.is_available():
        return figures | {"GPU": {"name": torch.cuda.get_device_name(), "rows": alone(device="cuda", **options)}}
    return figures | {"GPU": None, "without GPU": "no GPU was available"}
