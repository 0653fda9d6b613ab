"""Tries the texts of files in a process of its own, where only Python and torch are."""

import subprocess
import sys
import tempfile
from pathlib import Path

PATIENCE = 60  # seconds for a process, which has to load torch first
OURS = ("course_utils", "course_kit", "course_tools", "chapters", "jaxtyping")
PROGRAM = f"""
import importlib, pathlib, sys
sys.path.insert(0, sys.argv[1])
sys.modules.update(dict.fromkeys({OURS}))  # importing one of them is an error
for name in sys.argv[2:]:
    try:
        importlib.import_module(name).check()
        trouble = ""
    except Exception as error:
        trouble = f"{{type(error).__name__}}: {{error}}".splitlines()[0].rstrip(": ")
    pathlib.Path(sys.argv[1], name + ".said").write_text(trouble, encoding="utf-8")
"""


def tried(texts: dict[str, str]) -> dict[str, str]:
    """Run `check()` of each text, by its name -> the name, and what went wrong, "" if nothing did."""
    with tempfile.TemporaryDirectory() as folder:
        files = {f"file_{number}": name for number, name in enumerate(texts)}
        for file, name in files.items():
            (Path(folder) / f"{file}.py").write_text(texts[name], encoding="utf-8")
        command = [sys.executable, "-I", "-X", "utf8", "-c", PROGRAM, folder, *files]
        try:
            done = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False)
            ended = f"it ends with exit status {done.returncode}"
        except subprocess.TimeoutExpired:
            ended = f"it takes more than {PATIENCE} s"
        said = {name: Path(folder) / f"{file}.said" for file, name in files.items()}
        return {name: path.read_text("utf-8") if path.exists() else ended for name, path in said.items()}
