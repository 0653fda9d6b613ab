"""Judges one file by a judge of pytest, in a process of its own: runner.py JUDGE FILE [SECONDS, in the sandbox].

Each test is a line of JSON on the standard output: its title, its state (right, wrong, open), and what was said.
"""

import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any, TextIO

HERE = Path(__file__).resolve()


def main(judge: str, file: str, seconds: str | None = None) -> None:
    sys.path.insert(0, str(HERE.parent if seconds else HERE.parents[3]))
    import torch

    torch.set_num_threads(1)
    for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):  # which somebody has for tests of their own
        os.environ.pop(name, None)
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    for stream in (1, 2):  # what a hand-in prints goes nowhere: kept, it would fill what it may write
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
    if seconds:  # the hand-in's process gives up its rights itself; here is the judge alone
        os.environ["COURSE_LIMITED"] = seconds
        import limits

        limits.LIBC.prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE: nor does the hand-in look into this one
    judged(judge, file, replies)


def judged(judge: str, file: str, replies: TextIO) -> None:
    """Judges in this process."""
    import pytest

    os.environ["COURSE_PROBLEM"] = file
    options = ["--rootdir", str(Path(judge).parent), "-c", os.devnull, "--import-mode=importlib"]
    options += ["-p", "no:terminal", "-p", "no:cacheprovider", "-p", "no:nbval", "-s", judge]
    pytest.main(options, plugins=[Lines(replies, file)])


class Lines:
    def __init__(self, replies: TextIO, file: str):
        self.replies, self.file = replies, file

    def say(self, **line: str) -> None:
        print(json.dumps(line), file=self.replies, flush=True)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.say(begun=nodeid.rpartition("::")[2])

    def pytest_exception_interact(self, call: Any, report: Any) -> None:
        if report.when == "collect":  # the file itself cannot be run
            self.say(title="", state="wrong", said=self.words(call.excinfo.value))

    def pytest_runtest_makereport(self, item: Any, call: Any) -> None:
        if call.when != "call":
            return
        error = call.excinfo and call.excinfo.value
        title = (item.function.__doc__ or item.name).strip().splitlines()[0]
        title += f": {item.callspec.id}" if hasattr(item, "callspec") else ""
        state = "right" if error is None else "open" if type(error).__name__ == "NotWritten" else "wrong"
        self.say(title=title, state=state, said="" if state != "wrong" else self.words(error))

    def words(self, error: BaseException) -> str:
        """What a judge says, as it is; an error of the reader's own with the last line of the file that led to it."""
        if type(error).__name__ == "Failed":
            return str(error)
        if error.__cause__ is not None and type(error).__name__ == "CollectError":
            error = error.__cause__
        from course_kit.i18n import t

        if isinstance(error, AttributeError) and getattr(error.obj, "__file__", "") == self.file:
            return t("the file does not define {name}", name=error.name)
        lines = [one.lineno for one in traceback.extract_tb(error.__traceback__) if one.filename == self.file]
        if isinstance(error, SyntaxError):
            lines = [error.lineno]
        where = t("line {line}: ", line=lines[-1]) if lines else ""
        return f"{where}{type(error).__name__}: {error}"[:600]


if __name__ == "__main__":
    main(*sys.argv[1:])
