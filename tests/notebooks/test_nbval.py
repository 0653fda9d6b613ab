"""nbval compares what it is told to compare: a control that the stage "nbval" of `make test` can fail."""

import json
import subprocess
import sys

import pytest
import run
from nbval_notebooks import with_asserts

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


ASSERTING = """\
    # %%
    score = 0.9667

    # %% jupyter={"source_hidden": true} tags=["asserts"]
    assert score > 0.9
    assert abs(score - 0.9667) < 0.005

    # %% tags=["nbval-check-output"]
    print("rows add up to one")
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


@pytest.mark.slow
def test_a_wrong_assert_of_the_source_makes_the_stage_red(course):
    """Readers' notebooks have none, and are the same whether it holds or not."""
    folder = course("01_small", ASSERTING)
    building.build("01_small", folder)
    readers, stage = folder / "01_small.ipynb", folder / "stage"
    assert "assert" not in readers.read_text("utf-8")

    def run_again():
        stage.mkdir(exist_ok=True)
        (stage / "01_small.ipynb").write_text(written.dumps(with_asserts("01_small", folder)), encoding="utf-8")
        return nbval(stage)

    right = run_again()
    assert right.returncode == 0, right.stdout
    assert "3 passed" in right.stdout

    source = folder / "source" / "01_small.py"
    source.write_text(source.read_text("utf-8").replace("score - 0.9667", "score - 0.98"), encoding="utf-8")
    assert building.drift("01_small", folder) == []
    wrong = run_again()
    assert wrong.returncode == 1
    assert "1 failed, 2 passed" in wrong.stdout
    assert "score = 0.9667" in wrong.stdout, "it shows what it compared"

    readers.write_text(readers.read_text("utf-8").replace("up to one", "up to two"), encoding="utf-8")
    source.write_text(source.read_text("utf-8").replace("score - 0.98", "score - 0.9667"), encoding="utf-8")
    compared = run_again()
    assert "1 failed, 2 passed" in compared.stdout, "tagged outputs are compared with the committed ones"
