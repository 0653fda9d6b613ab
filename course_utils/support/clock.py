"""How long something takes, and how that grows."""

import time

import torch


def seconds(run, repeats: int = 5, clock=time.perf_counter) -> float:
    """The shortest of some runs, after one to warm up. clock: time.process_time counts the processor's time alone."""
    run()
    best = float("inf")
    for _ in range(repeats):
        start = clock()
        run()
        best = min(best, clock() - start)
    return best


def slope(xs, ys) -> float:
    """Least-squares slope of log y over log x: 1 = linear, 2 = quadratic."""
    x, y = (torch.tensor(list(v), dtype=torch.float64).log() for v in (xs, ys))
    x = x - x.mean()
    return ((x * (y - y.mean())).sum() / x.square().sum()).item()
