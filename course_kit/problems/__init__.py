"""What the judges of problems share: a reader's file, numbers that are not on the page, how a failure is said.

A judge and what it judges share no process: what the one knows is out of the other's reach, and what the other changes
in Python or torch does not change the one. Between them go numbers, texts, tensors, and lists of such.

    apart.py      the judge's end     messages.py   what goes between them     inside.py   the reader's end
"""

import functools
import os
import random
from pathlib import Path
from typing import Any

from course_kit.i18n import t

from .apart import Apart, Checkpoint, Far, Given, Module
from .inside import LIMITED

__all__ = ["Checkpoint", "Far", "Given", "Module", "beside", "fail", "held_back", "kind", "seed"]

FILE = "COURSE_PROBLEM"  # the file that is judged; not set: problem.py beside its judge
SEED = "COURSE_SEED"


def beside(judge: str) -> Apart:
    """The file that a judge judges, in a process of its own: beside(__file__).fit(x) calls its function fit there.

    judge: the judge's own __file__. What goes wrong in there ends a test with a sentence.
    """
    path = Path(os.environ.get(FILE) or Path(judge).with_name("problem.py")).resolve()
    environment = {name: value for name, value in os.environ.items() if name not in (FILE, SEED)}
    return Apart(path, environment, fail)


def held_back(judge: str, name: str) -> str:
    """The text of a file beside the judge, to be read before beside(). In a sandbox, which has a copy, it is empty
    from then on: a hand-in finds nothing there."""
    file = Path(judge).with_name(name)
    text = file.read_text("ascii")
    if LIMITED in os.environ:
        file.write_text("", "ascii")
    return text


@functools.cache
def seed() -> int:
    """A new one in each run, the same for all its tests; COURSE_SEED gives an old one again.

    Of so many that nobody finds by trial the one from which an input was drawn.
    """
    return int(os.environ.get(SEED) or random.SystemRandom().randrange(2**48))


def fail(message: Any, again: bool = True) -> None:
    """Ends a test with these words alone, in pytest as well. again: they say how to draw the same numbers."""
    import pytest

    more = "\n" + t("The same again: COURSE_SEED={seed}", seed=seed()) if again else ""
    pytest.fail(f"{message}{more}", pytrace=False)


def kind(value: Any) -> str:
    """The name of a value's class, as the reader's file knows it."""
    return value.kind if isinstance(value, Far) else type(value).__name__
