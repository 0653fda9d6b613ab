"""The example of an exercise, as a task's card shows it."""

from __future__ import annotations

import re

from course_kit.exercises.registry import find

MOST, WIDEST = 12, 60  # lines, above which an array of fewer characters than this is written in one line


def example_text(name: str) -> str:
    """What the exercise gives on its shown case: inputs, then results, one array below the other. Raises LookupError
    for a name that no exercise has."""
    from course_kit.exercises.diagnose import example
    from course_kit.exercises.guard import plain_torch
    from course_kit.exercises.judge import expected
    from course_kit.exercises.show import array

    task = find(name)
    with plain_torch():
        case = next(one for one in task.cases() if one.shown)
        arrays = example(task, case, expected(task, case), label="")
    written = {key: re.sub(r"\n *\n", "\n", array(x)) for key, x in arrays.items()}
    if sum(text.count("\n") + 1 for text in written.values()) > MOST:
        written = {key: _in_one_line(text) for key, text in written.items()}
    width = max(map(len, written)) + 2
    return "\n".join(f"{key:<{width}}" + text.replace("\n", "\n" + " " * width) for key, text in written.items())


def _in_one_line(text: str) -> str:
    """The rows of an array beside each other, where that is short enough."""
    line = re.sub(r"(?<=[\[ ]) +", "", text.replace("\n", " "))
    return line if "\n" in text and len(line) <= WIDEST else text
