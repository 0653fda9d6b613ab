"""The command `course notebooks`: builds notebooks, or checks them: drift with `--check`, the rules with `--lint`."""

from collections.abc import Sequence

from . import building, sources
from .rules.check import problems_of
from .rules.notebook import syntax_errors


def run(names: Sequence[str] = (), check: bool = False, lint: bool = False, text: bool = False) -> int:
    """The command -> exit status, the worse if there are two."""
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
