"""Tries modules in a process of its own, where only Python and torch are: what stops, or never ends, stops there."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

PATIENCE = 60  # seconds for a process, which has to load torch first
OURS = ("course_utils", "course_kit", "course_tools", "chapters", "jaxtyping")
PROGRAM = """
import importlib, pathlib, sys
sys.path.insert(0, sys.argv[1])
sys.modules.update(dict.fromkeys(sys.argv[3].split(",") if sys.argv[3] else ()))  # importing one of them is an error
try:
    module = importlib.import_module(f"mine.{sys.argv[2]}")
    getattr(module, "check", bool)()
    said = ""
except BaseException as error:
    said = f"{type(error).__name__}: {error}".split("\\n")[0].rstrip(": ")
pathlib.Path(sys.argv[1], "said").write_text(said, encoding="utf-8", errors="replace")
"""


def tried(name: str, texts: Mapping[str, str], alone: bool = True) -> str:
    """What goes wrong when the module `mine.NAME` is loaded and its `check()` is run, if it has one; "" for nothing.

    texts: the modules of the package, by their names; alone: nothing of the course may be imported
    """
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "mine"
        package.mkdir()
        for module, text in {"__init__": "", **texts}.items():
            (package / f"{module}.py").write_text(text, encoding="utf-8", newline="")
        command = [sys.executable, *["-I"] * alone, "-X", "utf8", "-c", PROGRAM, folder, name, ",".join(OURS * alone)]
        env = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OMP_NUM_THREADS": "1"}
        try:
            done = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False, cwd=folder, env=env)
        except subprocess.TimeoutExpired:
            return f"it takes more than {PATIENCE} s"
        said = Path(folder) / "said"
        return said.read_text("utf-8") if said.exists() else f"it ends with exit status {done.returncode}"
