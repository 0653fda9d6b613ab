"""All rules, applied to one notebook."""

from collections.abc import Sequence
from pathlib import Path

from course_tools.authoring.sources import BuildError

from . import names, numbers, outputs, pattern, text
from .notebook import Notebook, Problem, syntax_errors


def problems_of(name: str, folder: Path | None = None) -> Sequence[Problem | BuildError]:
    """Every Problem of one notebook, as a list; empty if all is well. What keeps it from being read is said alone."""
    if broken := syntax_errors(name, folder):
        return broken
    try:
        notebook = Notebook(name, folder)
    except BuildError as error:
        return [error]
    rules = [*text.RULES, *names.RULES, *pattern.RULES]
    if notebook.is_chapter:
        rules += [*numbers.RULES, *pattern.OF_CHAPTERS]
    problems = [notebook.problem(*found) for rule in rules for found in rule(notebook)]
    return problems + [notebook.problem(*found, built=True) for rule in outputs.RULES for found in rule(notebook)]
