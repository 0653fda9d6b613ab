"""All rules, applied to one notebook or to all: `course notebooks --lint`; with `--check`, drift as well."""

from course_tools.authoring import building

from . import imports, names, numbers, order, outputs, pattern, text
from .notebook import Notebook, syntax_errors


def problems_of(name, folder=None):
    """Every Problem of one notebook, as a list; empty if all is well. What is no Python is said alone."""
    if broken := syntax_errors(name, folder):
        return broken
    notebook = Notebook(name, folder)
    of_its_kind = pattern.RULES if notebook.by_pattern else order.RULES if notebook.is_chapter else ()
    rules = [*text.RULES, *names.RULES, *numbers.RULES, *of_its_kind]
    problems = [notebook.problem(*found) for rule in rules for found in rule(notebook)]
    return problems + [notebook.problem(*found, built=True) for rule in outputs.RULES for found in rule(notebook)]


def run(names=(), check=False, lint=False, text=False):
    """The command `course notebooks` -> exit status, the worse if there are two."""
    if not (check or lint):
        return building.run(names, text=text)
    status = max((_checked(name, check, lint) for name in building.names(names)), default=0)
    missing = imports.missing() if lint else []
    print("\n".join(map(str, missing)) if missing else "all that is imported from the course is there")
    return max(status, int(bool(missing)))


def _checked(name, check, lint):
    """Say what is wrong with one notebook -> exit status. Drift cannot be told while its source is no Python."""
    broken = syntax_errors(name)
    status = building.run([name], check=True) if check and not broken else 0
    if lint or broken:
        problems = problems_of(name)
        print("\n".join(map(str, problems)) if problems else f"notebooks/{name}: its anatomy is in order")
        status = max(status, int(bool(problems)))
    return status
