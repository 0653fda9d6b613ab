"""How long notebooks take: measured once (`course results notebook_times`), scaled to this machine."""

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


def record():
    """Run every notebook and time it -> {"calibration": seconds, "seconds": {name: seconds}} for data/results/."""
    from course_tools.authoring import building

    seconds = {}
    for name in building.names():
        notebook = building.read_source(name)
        work = lambda notebook=notebook, name=name: building.execute(notebook, name, building.folder())  # noqa: E731
        seconds[name] = round(timeit.timeit(work, number=1), 1)
    return {"calibration": round(calibrate(), 4), "seconds": seconds}


def estimate():
    """{notebook: minutes on this machine}, {} if nothing was recorded."""
    from course_kit import results

    try:
        recorded = results.load("notebook_times")
    except FileNotFoundError:
        return {}
    scale = calibrate() / recorded["calibration"]
    return {name: seconds * scale / 60 for name, seconds in recorded["seconds"].items()}
