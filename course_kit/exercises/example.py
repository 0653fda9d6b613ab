"""The example of an exercise, as a task's card shows it."""

from __future__ import annotations

from course_kit.exercises.define import find


def example_text(name: str) -> str:
    """What the exercise gives on its shown case: inputs, then results, one array below the other. Raises LookupError
    for a name that no exercise has."""
    from course_kit.exercises.diagnose import example
    from course_kit.exercises.judge import expected
    from course_kit.exercises.show import table

    task = find(name)
    case = next(one for one in task.cases() if one.shown)
    want = expected(task, case)
    return "\n".join(line.removeprefix("  ") for line in table(example(task, case, want, label=""))[1].splitlines())
