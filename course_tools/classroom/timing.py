"""How long notebooks take: measured once (`course results notebook_times`), scaled to this machine.

course results notebook_times --notebook 05_transformer     times only this one again
"""

import functools
import timeit


def calibrate():
    """Seconds this machine takes for a fixed piece of work like a lesson's: Python, small and medium-sized tensors."""
    import torch

    from course_kit.clock import seconds

    generator = torch.Generator().manual_seed(0)
    small, large = torch.randn(50, 50, generator=generator), torch.randn(512, 512, generator=generator)

    def work():
        total = 0
        for number in range(300_000):
            total += number % 7
        for _ in range(500):
            torch.softmax(small @ small, dim=-1)
        for _ in range(5):
            large @ large

    return seconds(work, 3)


def record(names=()):
    """Run every notebook and time it -> {"calibration": seconds, "seconds": {name: seconds}} for data/results/.

    names: beginnings of names. With them only those are run, and their seconds, as the machine of the record would have
    taken them, go into what is recorded.
    """
    from course_kit import results
    from course_tools.authoring import building

    chosen = building.names(names)
    took = {name: timeit.timeit(functools.partial(_run, name), number=1) for name in chosen}
    recorded = results.load("notebook_times") if names else {"calibration": round(calibrate(), 4), "seconds": {}}
    scale = recorded["calibration"] / calibrate() if names else 1
    known = recorded["seconds"] | {name: round(seconds * scale, 1) for name, seconds in took.items()}
    return recorded | {"seconds": {name: known[name] for name in building.names() if name in known}}


def _run(name):
    from course_tools.authoring import building

    building.execute(building.read_source(name), name, building.folder())


def estimate():
    """{notebook: minutes on this machine}, {} if nothing was recorded."""
    from course_kit import results

    try:
        recorded = results.load("notebook_times")
    except FileNotFoundError:
        return {}
    scale = calibrate() / recorded["calibration"]
    return {name: seconds * scale / 60 for name, seconds in recorded["seconds"].items()}
