"""All rules, applied to one notebook or to all: `course notebooks --lint`; with `--check`, drift as well."""

from collections.abc import Sequence
from pathlib import Path

from course_tools.authoring import building, sources
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


def run(names: Sequence[str] = (), check: bool = False, lint: bool = False, text: bool = False) -> int:
    """The command `course notebooks` -> exit status, the worse if there are two."""
    if not (check or lint):
        return building.run(names, text=text)
    return max((_checked(name, check, lint) for name in sources.names(names)), default=0)


def _checked(name: str, check: bool, lint: bool) -> int:
    """Say what is wrong with one notebook, nothing twice -> exit status."""
    broken = syntax_errors(name)
    drifted = building.drift(name) if check and not broken else []
    problems = problems_of(name) if lint or broken else []
    said = list(dict.fromkeys(map(str, [*drifted, *problems])))
    said += [f"notebooks/{name}.ipynb is what its source says"] if check and not drifted and not broken else []
    said += [f"notebooks/{name}: its anatomy is in order"] if lint and not problems else []
    print("\n".join(said))
    return int(bool(drifted or problems))
