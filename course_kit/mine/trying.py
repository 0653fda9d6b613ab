"""Tries modules in a process of its own, where only Python and torch are: what stops, or never ends, stops there."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from course_kit.i18n import t

PATIENCE = 60  # seconds of computing, or of doing nothing at all, for a process, which has to load torch first
LONGEST = 900  # seconds by the clock, where it cannot count its own
OURS = ("course_utils", "course_kit", "course_tools", "chapters", "jaxtyping")
SHARED = ("builtins", "math", "os", "random", "sys")  # of what all code of a kernel has in common, each value
TORCHES = ("torch", "torch.nn", "torch.nn.functional", "torch.Tensor", "torch.nn.Module")
PROGRAM = (Path(__file__).parent / "in_a_process.py").read_text("utf-8")


def why_it_fails(name: str, texts: Mapping[str, str], alone: bool = True) -> str:
    """What goes wrong when the module `mine.NAME` is loaded, or several, with blanks between them; "" for nothing.

    texts: the modules of the package, by their names; alone: nothing of the course may be imported, and its `check()`
    is run, if it has one
    """
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "mine"
        package.mkdir()
        for module, text in {"__init__": "", **texts}.items():
            (package / f"{module}.py").write_text(text, encoding="utf-8", newline="")
        shared = SHARED + (TORCHES if any("torch" in text for text in texts.values()) else ())
        command = [sys.executable, "-I" if alone else "-P", "-X", "utf8", "-c", PROGRAM]
        patience = str(PATIENCE if alone else PATIENCE // 3)
        said = t("it takes more than {seconds} s", seconds=patience), t("it changes {name}")
        command += [folder, name, ",".join(OURS if alone else ()), patience, *said, *shared]
        options: Any = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)  # a child would hold a pipe
        where = [] if alone else [os.getcwd()]
        env = {"PYTHONPATH": os.pathsep.join([*filter(None, sys.path), *where]), "OMP_NUM_THREADS": "1"}
        options |= {"cwd": folder if alone else None, "env": os.environ | env}
        try:
            done = subprocess.run(command, timeout=LONGEST, check=False, **options)
        except subprocess.TimeoutExpired:
            return t("it never ends")
        heard = Path(folder) / "said"
        if done.returncode or not heard.exists():
            return t("it ends with exit status {returncode}", returncode=done.returncode)
        return heard.read_text("utf-8")
