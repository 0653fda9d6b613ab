"""The workflows run the stages of tests/run.py: all of them on Linux, all but the browser elsewhere."""

import os
import re

import pytest
import yaml
from running.stages import ALWAYS, STAGES

from course_kit import files

ROOT = files.course_folder()
WORKFLOWS = ROOT / ".github" / "workflows"


def jobs(name):
    return yaml.safe_load((WORKFLOWS / f"{name}.yml").read_text("utf-8"))["jobs"]


def commands(job):
    return [line.strip() for step in job["steps"] for line in step.get("run", "").splitlines()]


def test_linux_runs_what_a_maintainer_runs_with_torch_for_cpu():
    linux = jobs("test")["linux"]
    assert commands(linux) == [".ci/run"]
    assert f'PIP_OPTIONS="{linux["env"]["PIP_OPTIONS"]}"' in (ROOT / "README.md").read_text("utf-8")
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK) and script.read_text("utf-8").strip().endswith("exec make test </dev/null")


@pytest.mark.parametrize("system", ["macos", "windows"])
def test_elsewhere_every_stage_but_the_browser_runs(system):
    job = jobs("test")[system]
    stages = re.search(r'(?:ARGS="|tests/run\.py )([a-z ]+)', commands(job)[-1])[1].split()
    assert sorted(stages) == sorted(name for name in ALWAYS if "browser" not in STAGES[name].needs)
    assert job["env"]["CI"] == "true"


def test_the_gpu_waits_for_a_hand():
    text = (WORKFLOWS / "gpu.yml").read_text("utf-8")
    assert "workflow_dispatch" in text and "pull_request" not in text and "push:" not in text
    job = jobs("gpu")["gpu"]
    assert "self-hosted" in job["runs-on"] and commands(job)[-1] == "make test-gpu"
    assert "test-gpu:" in (ROOT / "Makefile").read_text("utf-8")
