"""nbval compares what it is told to compare: a control that the stage "nbval" of `make test` can fail."""

import re
import subprocess
import sys

import pytest
import run
from notebooks.nbval_notebooks import write

SOURCE = """\
    # %% tags=["nbval-check-output"]
    print("rows add up to one")  # cell 0

    # %%
    import time
    print(time.time())

    # %% tags=["nbval-check-output"]
    print(object())

    # %%
    score = 0.9667

    # %% jupyter={"source_hidden": true} tags=["asserts"]
    assert score > 0.9
    assert abs(score - 0.9667) < 0.005

    # %% tags=["nbval-check-output"]
    print("rows add up to one")
    import sys
    print("a newer torch warns", file=sys.stderr)  # which is not stored

    # %% tags=["nbval-check-output"]
    print("another result")  # cell 6

    # %% jupyter={"source_hidden": true} tags=["asserts"]
    assert score > 0.9
    assert abs(score - 0.9667) < 0.005  # cell 7

    # %%
    try:
        time.sleep(99 * ("get_ipython" in globals()))
    except KeyboardInterrupt:
        pass

    # %%
    1  # cell 9
"""


@pytest.mark.weekly
def test_of_a_notebook_the_wrong_cells_fail_and_no_others(course, build, tmp_path):
    """Compared are marked outputs, without addresses and stderr; and asserts, which readers do not have, are run."""
    folder = course("01_small", SOURCE)
    build("01_small", folder)
    readers = folder / "01_small.ipynb"
    assert "assert" not in readers.read_text("utf-8")
    readers.write_text(readers.read_text("utf-8").replace('"another result\\n"', '"another one\\n"'), encoding="utf-8")
    source = folder / "source" / "01_small.py"
    source.write_text(source.read_text("utf-8").replace("- 0.9667) < 0.005  # cell 7", "- 0.98) < 0.005  # cell 7"))
    write(["01_small"], tmp_path / "stage", folder)
    command = [sys.executable, "-m", "pytest", "-rA", "-p", "no:cacheprovider", "--rootdir", str(tmp_path)]
    command += [*run.NBVAL_OPTIONS, "--nbval-cell-timeout", "20", "stage/01_small.ipynb"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, cwd=tmp_path, check=False)
    outcomes = re.findall(r"^(PASSED|FAILED) .*::Cell (\d+)", done.stdout, re.M)
    assert [int(cell) for outcome, cell in sorted(outcomes) if outcome == "PASSED"] == [0, 1, 2, 3, 4, 5, 8], (
        done.stdout
    )
    assert [int(cell) for outcome, cell in sorted(outcomes) if outcome == "FAILED"] == [6, 7, 9], done.stdout
    assert done.returncode == 1
    assert "= abs((0.9667 - " in done.stdout, "it shows what it compared"
    assert "Previous cell timed out" in done.stdout, "though that one, 8, ends quietly when it is interrupted"
