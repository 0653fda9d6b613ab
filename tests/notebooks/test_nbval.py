"""nbval compares what it is told to compare: a control that the stage "nbval" of `make test` can fail."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from course_tools.authoring import building

HERE = Path(__file__).parent

SOURCE = """\
    # %% tags=["nbval-check-output"]
    print("rows add up to one")

    # %%
    import time
    time.time()

    # %% tags=["nbval-check-output"]
    object()
"""


def nbval(folder):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval-lax", "--rootdir", str(folder)]
    command += ["--nbval-sanitize-with", str(HERE / "sanitise.cfg"), str(folder / "01_small.ipynb")]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=folder, check=False)


@pytest.mark.slow
def test_equal_outputs_pass_and_another_text_fails(course):
    folder = course("01_small", SOURCE)
    building.build("01_small", folder)
    right = nbval(folder)
    assert right.returncode == 0, right.stdout

    path = folder / "01_small.ipynb"
    notebook = json.loads(path.read_text("utf-8"))
    notebook["cells"][0]["outputs"][0]["text"] = ["rows add up to two\n"]
    path.write_text(json.dumps(notebook), encoding="utf-8")
    wrong = nbval(folder)
    assert wrong.returncode == 1
    assert "1 failed" in wrong.stdout
