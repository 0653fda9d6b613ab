"""All rules, applied to one notebook or to all: `course notebooks --lint`."""

from course_tools.authoring import building

from . import names, order, outputs, text
from .notebook import Notebook


def problems_of(name, folder=None):
    """Every Problem of one notebook, as a list; empty if all is well."""
    notebook = Notebook(name, folder)
    rules = [*text.RULES, *names.RULES, *(order.RULES if notebook.is_chapter else ())]
    problems = [notebook.problem(*found) for rule in rules for found in rule(notebook)]
    return problems + [notebook.problem(*found, built=True) for rule in outputs.RULES for found in rule(notebook)]


def run(names=(), check=False, lint=False, text=False):
    """The command `course notebooks` -> exit status."""
    if not lint:
        return building.run(names, check, text)
    status = 0
    for name in building.names(names):
        problems = problems_of(name)
        print("\n".join(map(str, problems)) if problems else f"notebooks/{name}: its anatomy is in order")
        status = status or int(bool(problems))
    return status
