"""`setup()`: the first line of each notebook. It picks the device, seeds everything, and says so in one line."""

import os
import platform
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any

from course_kit import shell
from course_kit.i18n import t

DEVICES = ("auto", "cpu", "cuda", "mps")
PROFILES = ("class", "full")
DISTRIBUTION = "attention-course"
FRONT_END = {"jupyterlab", "jupyter-server", "ipykernel", "ipywidgets", "jupytext", "nbclient"}  # Colab has its own


@dataclass(frozen=True)
class Runtime:
    """What a notebook runs on."""

    device: Any  # torch.device; tensors and models go there
    profile: str  # "class" (short trainings, the default and what CI runs) or "full" (a GPU, or a long evening)
    seed: int  # of Python's, numpy's and torch's global generators
    versions: dict = field(default_factory=dict, repr=False)  # {"Python": "3.11.7", "torch": "2.13.0", …}

    def __str__(self) -> str:
        versions = " · ".join(f"{name} {version}" for name, version in self.versions.items())
        return t(
            "{versions} · device {device} · profile {profile} · seed {seed}",
            versions=versions,
            device=self.device,
            profile=self.profile,
            seed=self.seed,
        )

    __repr__ = __str__


class EnvironmentProblem(RuntimeError):
    """This environment cannot run the course. The message says what to do."""

    def _render_traceback_(self) -> list[str]:
        """IPython shows this instead of a traceback: the message is all that helps."""
        return [f"{type(self).__name__}: {self}"]


def setup(seed: int = 0) -> Runtime:
    """Prepare a notebook and print one line saying on what it runs.

    seed: a whole number; the same seed gives the same random draws.
    Environment: COURSE_DEVICE=auto|cpu|cuda|mps, COURSE_PROFILE=class|full, COURSE_LANGUAGE=en or one of locale/.
    Raises EnvironmentProblem if a package is missing or too old, or if the device asked for is not there,
    ValueError for a wrong setting.
    """
    problems = missing_packages()
    if problems:
        raise EnvironmentProblem(_misfit(problems))
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**32:
        raise ValueError(f"seed is {seed!r}; it must be a whole number from 0 to {2**32 - 1}, as in setup(seed=0).")
    profile = choice("COURSE_PROFILE", "class", PROFILES)
    import numpy as np
    import torch

    from course_kit import training
    from course_kit.callbacks import Display
    from course_kit.mine import lookup
    from course_kit.models import earlier
    from course_kit.programs import definitions, explain
    from course_kit.runs.store import Keeping
    from course_kit.views import picture, program

    device = pick_device(choice("COURSE_DEVICE", "auto", DEVICES))
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - libraries that a student calls may still draw from the global generator
    torch.manual_seed(seed)
    picture.use_style()
    training.ALWAYS[:] = [Keeping, Display]
    explain.install(shell.ipython())
    lookup.install()
    earlier.accept()
    definitions.install(shell.ipython())
    versions = {"Python": platform.python_version(), "torch": torch.__version__.split("+")[0], "numpy": np.__version__}
    runtime = Runtime(device, profile, seed, versions)
    for stream in (sys.stdout, sys.stderr):  # a pipe, or a console on Windows, may know no · and no 注意力
        if getattr(stream, "errors", "") in ("strict", "surrogateescape") and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    print(runtime)
    if shell.in_notebook() and (script := program.with_setup()):
        shell.ipython().display_pub.publish({"text/html": script, "text/plain": ""})
    return runtime


def how_to_get(extra: str) -> str:
    """What to type for optional packages of pyproject.toml: extra, such as "serve"."""
    return t(
        "In the course's folder type, once:\n  make lab EXTRA={extra}\nor, without make:\n  .venv/bin/python -m pip "
        'install -e ".[{extra}]" -c requirements.lock',
        extra=extra,
    )


def pick_device(name: str = "auto") -> Any:
    """The torch.device for `name` ("auto": CUDA, else CPU). Raises EnvironmentProblem if absent.

    Apple's GPU is taken only when it is asked for, by "mps": no test of the course has run there.
    """
    import torch

    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        name = "cuda" if there["cuda"] else "cpu"
    if not there[name]:
        if name == "cuda":
            why = t(
                "COURSE_DEVICE=cuda was asked for, but torch sees no CUDA device: there is none, its driver is "
                "missing, or this torch is a CPU build (it is {version}).",
                version=torch.__version__,
            )
        else:
            why = t("COURSE_DEVICE={name} was asked for, but torch sees no Apple GPU here.", name=name)
        todo = t(
            "Available here: {kinds}. Set COURSE_DEVICE=cpu, or leave it away and the course takes the best there is; "
            "then restart the kernel.",
            kinds=", ".join(kind for kind, is_there in there.items() if is_there),
        )
        raise EnvironmentProblem(f"{why}\n{todo}")
    return torch.device(name)


def has_bfloat16(device: Any) -> bool:
    """Can this torch.device multiply in bfloat16 (on a CPU: avx512_bf16, AMX)? Others only pretend to, slowly."""
    import torch

    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    return device.type == "cpu" and bool(getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)())


def missing_packages(distribution: str = DISTRIBUTION) -> list[tuple[str, str | None]]:
    """What this environment lacks: a list of (requirement, version found or None); empty if it fits."""
    from packaging.requirements import Requirement

    try:
        requirements = metadata.requires(distribution) or []
    except metadata.PackageNotFoundError:
        return [(distribution, None)]
    problems: list[tuple[str, str | None]] = []
    for requirement in map(Requirement, requirements):
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        if shell.on_colab() and requirement.name in FRONT_END:
            continue
        try:
            found = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            found = None
        if found is None or not requirement.specifier.contains(found, prereleases=True):
            problems.append((str(requirement), found))
    return problems


def _misfit(problems: list[tuple[str, str | None]]) -> str:
    lines = "".join(
        t(
            "  needs {need}: {value}\n",
            need=need,
            value=t("found {found}", found=found) if found else t("not installed"),
        )
        for need, found in problems
    )
    return t(
        "this environment does not fit the course (Python {python_version} at {prefix}).\n{lines}What to do: close "
        "JupyterLab and start it with `make lab`, which repairs this. Without make, run\n  python -m pip install "
        "-e . -c requirements.lock\nin the course's folder, with the Python that runs JupyterLab, and restart the "
        "kernel.",
        python_version=platform.python_version(),
        prefix=sys.prefix,
        lines=lines,
    )


def choice(variable: str, default: str, allowed: Sequence[str]) -> str:
    """The setting in an environment variable, lower-cased. Raises ValueError if it is not one of `allowed`."""
    value = os.environ.get(variable, "").strip().lower() or default
    if value not in allowed:
        raise ValueError(f"{variable} is {value!r}; it must be one of {', '.join(allowed)} (or unset: {default}).")
    return value
