"""nbval compares what it is told to compare: a control that the stage "nbval" of `make test` can fail."""

import json
import subprocess
import sys

import pytest
import run

from course_tools.authoring import building, written

SOURCE = """\
    # %% tags=["nbval-check-output"]
    print("rows add up to one")

    # %%
    import time
    time.time()

    # %% tags=["nbval-check-output"]
    object()
"""


PATIENT = """\
    # %%
    import time
    try:
        time.sleep(60)
    except KeyboardInterrupt:
        pass

    # %%
    1
"""


def nbval(folder, *options):
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(folder),
        *run.NBVAL_OPTIONS,
    ]
    command += [*options, str(folder / "01_small.ipynb")]
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


@pytest.mark.slow
def test_a_cell_that_is_too_slow_fails_even_if_it_ends_quietly_when_it_is_interrupted(course):
    folder = course("01_small", PATIENT)
    notebook = building.read_source("01_small", folder)
    (folder / "01_small.ipynb").write_text(written.dumps(notebook), encoding="utf-8")
    slow = nbval(folder, "--nbval-cell-timeout", "3")
    assert slow.returncode == 1, slow.stdout
    assert "Previous cell timed out" in slow.stdout
