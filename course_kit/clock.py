"""How long something takes, and how that grows."""

import math
import statistics
import time
import timeit


def seconds(run, repeats: int = 5, clock=time.perf_counter) -> float:
    """The shortest of some runs, after one to warm up. clock: time.process_time counts the processor's time alone."""
    run()
    return min(timeit.repeat(run, number=1, repeat=repeats, timer=clock))


def slope(xs, ys) -> float:
    """Least-squares slope of log y over log x: 1 = linear, 2 = quadratic."""
    return statistics.linear_regression(list(map(math.log, xs)), list(map(math.log, ys))).slope
