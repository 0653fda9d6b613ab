"""Schedules of the learning rate: step -> factor, as `fit(schedule=…)` takes them."""


def warm_then_fall(steps: int, warm_up: int = 40):
    """step -> factor of the learning rate: up in a line, then down in a line to 3 %."""
    return lambda step: min((step + 1) / warm_up, max(1.03 - step / steps, 0.03))
