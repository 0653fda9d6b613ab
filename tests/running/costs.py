"""Core-seconds of every test: of its process and of all that it started. tests/run.py loads this plugin.

COURSE_COSTS names a folder; each process that runs tests writes a file there, a line for each test: core-seconds, tab,
name. What a fixture costs counts for the test that was the first to ask for it.
"""

import os
from pathlib import Path

import pytest


class Costs:
    """Notes what has been spent since the test before."""

    def __init__(self, folder: str):
        self.file = open(Path(folder) / f"{os.getpid()}.tsv", "w", encoding="utf-8")  # noqa: SIM115 - to the last test
        self.before = total()

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        now = total()
        print(f"{max(0, now - self.before):.2f}", nodeid, sep="\t", file=self.file, flush=True)
        self.before = now


def pytest_configure(config: pytest.Config) -> None:
    controls = bool(config.getoption("numprocesses", None)) and not hasattr(config, "workerinput")
    if (folder := os.environ.get("COURSE_COSTS")) and not controls:
        config.pluginmanager.register(Costs(folder))


def total() -> float:
    """Core-seconds of this process, of its children that have ended, and (on Linux) of those that live."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system + living(os.getpid())


def living(pid: int | str) -> float:
    """Core-seconds of the living processes below this one, with those of their own children that have ended."""
    spent = 0.0
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                ticks = Path(f"/proc/{child}/stat").read_text().rsplit(")", 1)[1].split()[11:15]
                spent += sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK") + living(child)
    except OSError:  # it has ended meanwhile, or this is not Linux
        pass
    return spent


def dearest(folder: str, number: int = 30) -> list[tuple[float, str]]:
    """The tests that cost most -> [(core-seconds, name)], the dearest first."""
    lines = [line for path in Path(folder).glob("*.tsv") for line in path.read_text(encoding="utf-8").splitlines()]
    costs = [(float(cost), name) for cost, _, name in (line.partition("\t") for line in lines)]
    return sorted(costs, reverse=True)[:number]
