"""What the judges of problems share: a reader's file, numbers that are not on the page, how a failure is said."""

import functools
import importlib.util
import os
import random
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from course_kit.i18n import t

FILE = "COURSE_PROBLEM"  # the file that is judged; not set: problem.py beside its judge
SEED = "COURSE_SEED"


def beside(judge: str) -> ModuleType:
    """The module that a judge judges. judge: the judge's own __file__."""
    path = Path(os.environ.get(FILE) or Path(judge).with_name("problem.py")).resolve()
    name = f"problem_of_{path.parent.name}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ValueError(f"{path} is no file of Python")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@functools.cache
def seed() -> int:
    """A new one in each run, the same for all its tests; COURSE_SEED gives an old one again."""
    return int(os.environ.get(SEED) or random.SystemRandom().randrange(10**6))


def fail(message: Any) -> None:
    """Ends a test with these words alone, in pytest as well, and says how to draw the same again."""
    import pytest

    again = t("The same again: COURSE_SEED={seed}", seed=seed())
    pytest.fail(f"{message}\n{again}", pytrace=False)
