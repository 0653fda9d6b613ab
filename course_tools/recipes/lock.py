"""`requirements.lock`: the versions that were tried together, written from what is installed.

The lock is used as constraints, `pip install -e . -c requirements.lock`: pip may add what another system needs.
"""

from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name as normalise

from course_kit import files
from course_kit.runtime import DISTRIBUTION

LOCK_HEADER = """\
# Exact versions that were tried together, used as constraints: pip install -e . -c requirements.lock
# Written by `make lock` from the environment in .venv; do not edit by hand.
"""


def _named(extra):
    """The packages that pyproject.toml names, for a student ("") or for an extra, with the extras of their own:
    (normalised name, ""), ("transformers", "serving")."""
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


def run():
    """The command `course lock` -> exit status."""
    versions = closure()
    files.write_atomically(files.course_folder() / "requirements.lock", lock_text(versions))
    print(f"requirements.lock: {len(versions)} packages")
    return 0
