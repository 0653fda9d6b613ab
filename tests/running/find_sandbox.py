"""The sandbox of the tests: an installed bubblewrap. `python tests/prepare.py` gets one where that is possible."""

import functools
import os
import sys

import pytest


@functools.cache
def why_not() -> str:
    """Why there is no sandbox; "" if there is one."""
    from course_tools.classroom.grading import sandbox

    return sandbox.why_not()


def needed() -> None:
    """Skips the test where there is none; fails it in CI on Linux."""
    if why := why_not():
        pytest.fail(why) if os.environ.get("CI") == "true" and sys.platform == "linux" else pytest.skip(why)
