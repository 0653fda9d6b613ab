"""How long notebooks take, in seconds, on the machine of the record: `course results notebook_times`.

course results notebook_times --notebook 05_transformer     times only this one again
"""

import functools
import timeit
from collections.abc import Sequence
from typing import Any


def record(names: Sequence[str] = ()) -> dict[str, Any]:
    """Run every notebook and time it -> {"seconds": {name: seconds}} for data/results/.

    names: beginnings of names. With them only those are run, and their seconds go into what is recorded, whose date,
    device and minutes stay those of the run of all.
    """
    from course_kit import results
    from course_tools.authoring import sources

    took = {name: round(timeit.timeit(functools.partial(_run, name), number=1), 1) for name in sources.names(names)}
    before = results.load("notebook_times") if names else {}
    known = before.get("seconds", {}) | took
    return before | {"seconds": {name: known[name] for name in sources.names() if name in known}}


def _run(name: str) -> None:
    from course_tools.authoring import building, filling, sources

    building.execute(filling.read_source(name), name, sources.folder())
