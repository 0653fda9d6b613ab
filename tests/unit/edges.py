"""Where what a function takes begins and ends: the outermost values that are right, and the next ones that are not."""

import pytest

REFUSED = (TypeError, ValueError, RuntimeError, LookupError, ArithmeticError, AttributeError)  # ours, Python's, torch's


def holds(call, kept=(), refused=()):
    """call(value) works for each that is kept, and raises a ValueError for each that is refused."""
    for value in kept:
        call(value)
    for value in refused:
        with pytest.raises(ValueError):
            call(value)
