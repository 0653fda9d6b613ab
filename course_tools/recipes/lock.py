"""`requirements.lock` and `environment.yml`: the versions that were tried together, written from what is installed.

The lock is used as constraints, `pip install -e . -c requirements.lock`: pip may add what another system needs.
"""

from importlib import metadata

from course_utils.runtime import DISTRIBUTION, normalise
from course_utils.support import files

LOCK_HEADER = """\
# Exact versions that were tried together, used as constraints: pip install -e . -c requirements.lock
# Written by `make lock` from the environment in .venv; do not edit by hand.
"""

YML_HEADER = """\
# For conda and its kin: conda env create -f environment.yml && conda activate attention-course
# Written by `make lock`; the packages come from PyPI in the versions of requirements.lock.
name: attention-course
channels:
  - conda-forge
dependencies:
  - python{python}
  - pip
  - pip:
"""


def direct(extra=""):
    """The packages that pyproject.toml names, for a student ("") or for an extra -> list of normalised names."""
    return sorted({name for name, _ in _named(extra)})


def _named(extra):
    """The same with what they are asked for besides: (name, ""), ("transformers", "serving")."""
    from packaging.requirements import Requirement

    chosen = []
    for requirement in map(Requirement, metadata.requires(DISTRIBUTION) or []):
        marker = str(requirement.marker or "")
        if ("extra" in marker) == bool(extra) and (not marker or requirement.marker.evaluate({"extra": extra})):
            chosen += [(normalise(requirement.name), wanted) for wanted in ("", *requirement.extras)]
    return chosen


def closure():
    """Everything that these packages need in turn, as installed here -> {normalised name: (name, version)}.

    Raises ValueError if one of them is not installed, or was not installed from an index.
    """
    from packaging.requirements import Requirement

    found, todo = {}, [*_named(""), *_named("serve"), *_named("test")]
    seen = set()
    while todo:
        name, extra = todo.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            raise ValueError(f"{name} is not installed here, so no lock can be made: run `make test` first.") from None
        found[name] = (distribution.metadata["Name"], distribution.version.split("+")[0])
        for requirement in map(Requirement, distribution.requires or []):
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                todo += [(normalise(requirement.name), wanted) for wanted in ("", *requirement.extras)]
    return found


def lock_text(versions):
    """The text of requirements.lock for {name: (spelling, version)}; local parts (+cpu) are left out."""
    return LOCK_HEADER + "".join(f"{spelling}=={version}\n" for _, (spelling, version) in sorted(versions.items()))


def environment_text(versions, python=">=3.11"):
    """The text of environment.yml: what pyproject.toml names, for students, and the package itself."""
    lines = [f"      - {name}=={versions[name][1]}" for name in direct()]
    lines = ["      - --constraint requirements.lock", *lines, "      - --editable ."]
    return YML_HEADER.format(python=python) + "\n".join(lines) + "\n"


def run():
    """The command `course lock` -> exit status."""
    versions = closure()
    folder = files.course_folder()
    files.write_atomically(folder / "requirements.lock", lock_text(versions))
    files.write_atomically(folder / "environment.yml", environment_text(versions))
    print(f"requirements.lock: {len(versions)} packages; environment.yml: {len(direct())} of them")
    return 0
