"""Where what a function takes begins and ends: the outermost values that are right, and the next ones that are not."""

import pytest


def holds(call, kept=(), refused=()):
    """call(value) works for each that is kept, and for each that is refused says what is needed, as a ValueError."""
    for value in kept:
        call(value)
    for value in refused:
        with pytest.raises(ValueError, match="needed: a"):
            call(value)
