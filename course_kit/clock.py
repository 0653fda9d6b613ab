"""How long something takes, and how that grows."""

import math
import statistics
import time
import timeit
from collections.abc import Callable, Sequence


def seconds(run: Callable[[], object], repeats: int = 5, clock: Callable[[], float] = time.perf_counter) -> float:
    """The shortest of some runs, after one to warm up. clock: time.process_time counts the processor's time alone."""
    run()
    return min(timeit.repeat(run, number=1, repeat=repeats, timer=clock))


def slope(xs: Sequence[float], ys: Sequence[float]) -> float:
    """Least-squares slope of log y over log x: 1 = linear, 2 = quadratic."""
    return statistics.linear_regression(list(map(math.log, xs)), list(map(math.log, ys))).slope
