"""Other packages than the locked ones: what is asked of pip, what failed, and which package is named for it."""

import subprocess
import sys
import tomllib

import pytest
import tomorrow
import yaml
from packaging.requirements import Requirement

from course_kit import runtime, shell

PROJECT = tomllib.loads((tomorrow.ROOT / "pyproject.toml").read_text("utf-8"))["project"]
COLAB = tomorrow.read_lock((tomorrow.ROOT / "tests" / "colab.txt").read_text("utf-8"))
SAID = """\
----> 3 model(x)
File ~/course/.venv/lib/python3.12/site-packages/torch/nn/modules/module.py:1773, in Module(self)
File ~/course/.venv/lib/python3.12/site-packages/transformers/models/gpt2.py:12, in forward(self)
AttributeError: 'GPT2' object has no attribute 'wte'"""


def test_the_newest_are_asked_for_without_the_lock():
    asked = tomorrow.wanted("newest", PROJECT, COLAB)
    assert set(PROJECT["dependencies"]) <= set(asked) and "nbval>=0.11" in asked
    assert not any("==" in one for one in asked)


def test_colab_keeps_what_is_new_enough_and_gets_the_rest_as_its_first_cell_does():
    asked = {Requirement(one).name: one for one in tomorrow.wanted("colab", PROJECT, COLAB)}
    assert asked["numpy"] == "numpy==2.0.2" and asked["torch"] == "torch==2.9.0"
    assert asked["transformers"] == "transformers>=5", "Colab's is too old, so it is replaced"
    assert asked["ipywidgets"] == "ipywidgets==7.7.1", "the page is Colab's own"
    assert "jupyterlab" in runtime.FRONT_END and "jupyterlab" not in asked


@pytest.mark.parametrize(("which", "colab"), [("colab", True), ("newest", False)])
def test_the_course_takes_colabs_packages_for_colab(monkeypatch, which, colab):
    monkeypatch.delenv("COLAB_RELEASE_TAG", raising=False)
    seen = {}
    monkeypatch.setattr(
        tomorrow.subprocess, "run", lambda *_, env, **__: seen.update(env) or subprocess.CompletedProcess([], 0)
    )
    assert tomorrow.run_stage(sys.executable, "no-such-stage", which) == []
    monkeypatch.setattr(runtime.os, "environ", seen)
    assert shell.on_colab() == colab  # so it does not ask for a newer JupyterLab there


def test_the_only_test_left_out_is_the_one_that_compares_with_the_lock():
    file, name = tomorrow.LOCKED.split("::")
    assert f"def {name}(locked):" in (tomorrow.ROOT / file).read_text("utf-8")


@pytest.fixture(scope="module")
def failed(tmp_path_factory):
    """What a run of pytest with a failing and a broken test leaves."""
    tmp_path = tmp_path_factory.mktemp("failed")
    (tmp_path / "test_x.py").write_text(
        "import pytest\n@pytest.fixture\ndef broken(): raise OSError('no disk')\n"
        "def test_fine(): pass\ndef test_wrong(): raise AttributeError('numpy has no in1d')\n"
        "def test_late(broken): pass\n"
    )
    path = tmp_path / "result.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={path}", "test_x.py"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 1
    return tomorrow.failures(path)


def test_what_failed_is_found(failed):
    assert [where for where, _ in failed] == ["test_x test_wrong", "test_x test_late"]
    assert "numpy has no in1d" in failed[0][1] and "no disk" in failed[1][1]


def test_the_innermost_changed_package_is_named():
    changed = {"torch": ("2.13.0", "2.14.0"), "transformers": ("5.23.0", "5.24.0")}
    assert tomorrow.suspect(SAID, changed) == "transformers"
    assert tomorrow.suspect(SAID, {"torch": changed["torch"]}) == "torch"
    assert tomorrow.suspect(SAID, {}) == ""


def test_the_page_names_cell_package_and_versions(failed):
    changed = {"numpy": ("2.4.6", "2.5.0")}
    page = tomorrow.report("newest", [*failed, ("03_seq2seq.ipynb Cell 7", SAID)], changed)
    assert "- **test_x test_wrong**, package: numpy 2.5.0 (locked: 2.4.6)" in page
    assert "- **03_seq2seq.ipynb Cell 7**, package: not clear which" in page
    assert "`AttributeError: 'GPT2' object has no attribute 'wte'`" in page
    assert "| numpy | 2.4.6 | 2.5.0 |" in page
    assert "Everything passed." in tomorrow.report("colab", [], {})


def test_the_workflow_runs_both_and_opens_an_issue():
    text = (tomorrow.ROOT / ".github" / "workflows" / "tomorrow.yml").read_text("utf-8")
    flow = yaml.safe_load(text)
    job = flow["jobs"]["packages"]
    assert {row["options"] for row in job["strategy"]["matrix"]["include"]} == {"", "--colab"}
    assert "schedule" in flow[True] and flow["permissions"]["issues"] == "write"  # YAML reads `on` as True
    assert "gh issue create" in text and "python tests/tomorrow.py" in text
    assert "ARGS=weekly" in str(flow["jobs"]["weekly"]["steps"])
