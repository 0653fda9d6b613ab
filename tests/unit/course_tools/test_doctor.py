"""The doctor: every line OK here; each fault named, with what to do, and an exit status for scripts."""

import shutil
import sys
from importlib import metadata
from pathlib import Path

import nbclient
import nbformat
import pytest

from course import main
from course_kit import files, results
from course_tools.authoring import building
from course_tools.classroom import doctor


def examine(quick=True):
    """(exit status, {what: line}) of a run."""
    said = []
    status = doctor.run(quick=quick, out=said.append)
    return status, said


def test_everything_is_in_order_here():
    """The whole of it: a notebook of one cell is really run, in a kernel of its own."""
    status, said = examine(quick=False)
    assert status == 0, "\n".join(said)
    assert said[-1] == "Everything is in order."
    assert len(said) == len(doctor.CHECKS) + len(doctor.SLOW_CHECKS) + 1
    assert all(line.startswith("OK") for line in said[:-1])
    assert any("a cell was run in a kernel of this environment" in line for line in said)


def test_a_missing_package_is_named_and_the_other_lines_still_come(monkeypatch):
    real = metadata.version

    def version(name):
        if name == "anywidget":
            raise metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(metadata, "version", version)
    status, said = examine()
    assert status == 1
    assert len(said) == len(doctor.CHECKS) + 1
    (line,) = [line for line in said if line.startswith("TO DO packages")]
    assert "anywidget>=" in line
    assert "not installed" in line
    assert "make lab" in line


def test_a_damaged_table_is_named(damaged):
    assert main(["doctor", "--quick"]) == 0
    (damaged / "data" / "co2_weekly.csv").write_text("")
    assert main(["doctor", "--quick"]) == 1
    assert any("data/co2_weekly.csv is damaged" in line and files.RESTORE in line for line in examine()[1])


@pytest.fixture
def checkpoints(damaged):
    """A folder with one sound checkpoint, written as those of the course are."""
    from course_kit.runs.checkpoint_writer import save_checkpoint
    from course_utils import gpt

    folder = damaged / "data" / "checkpoints"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    small = gpt.GPT(gpt.GPTConfig(5, size=4, layers=1, heads=1, context=4))
    save_checkpoint(small, folder / "toy", {})
    return folder


FAULTS = {
    "toy is damaged (": lambda folder: (folder / "toy.safetensors").write_bytes(b"half a file"),
    "toy has no weights": lambda folder: (folder / "toy.safetensors").unlink(),
    "toy has no card": lambda folder: (folder / "toy.json").unlink(),
    "toy is broken (": lambda folder: (folder / "toy.json").write_text("{"),
}


@pytest.mark.parametrize("said", FAULTS)
def test_a_broken_checkpoint_is_named(checkpoints, said):
    FAULTS[said](checkpoints)
    line = doctor.check_checkpoints()
    assert said in line.finding
    assert line.todo == files.RESTORE
    assert examine()[0] == 1


def test_a_device_that_is_not_there_is_named(monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setenv("COURSE_DEVICE", "cuda")
    line = doctor.check_device()
    assert "COURSE_DEVICE=cuda was asked for" in line.todo


def test_a_plugin_that_is_older_than_the_course_is_named(monkeypatch, tmp_path):
    for folder in ("share/jupyter", "etc/jupyter/jupyter_server_config.d"):
        shutil.copytree(Path(sys.prefix) / folder, tmp_path / folder)
    monkeypatch.setattr(doctor.sys, "prefix", str(tmp_path))
    assert doctor.check_jupyter().todo == ""
    (tmp_path / "share/jupyter/labextensions/attention-course/static/keys.js").write_text("// of last year")
    line = doctor.check_jupyter()
    assert "keys.js" in line.finding and line.todo == doctor.REPAIR


def test_a_kernel_of_another_python_is_named(monkeypatch):
    def execute(client):
        client.nb.cells[0].outputs = [nbformat.v4.new_output("stream", text="/another/environment 3.0\n")]

    monkeypatch.setattr(nbclient.NotebookClient, "execute", execute)
    line = doctor.check_notebook()
    assert "the kernel is another Python" in line.finding
    assert line.todo == doctor.REPAIR


def test_a_damaged_notebook_of_the_workbook_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_WORKBOOK", str(tmp_path))
    (tmp_path / "01_cut.ipynb").write_text('{"cells": [')
    (tmp_path / "02_whole.ipynb").write_text('{"cells": []}')
    line = doctor.check_workbook()
    assert "01_cut.ipynb" in line.finding and "02_whole" not in line.finding and "make lab" in line.todo


def test_a_check_that_breaks_is_an_answer_too(monkeypatch):
    def check_something():
        raise RuntimeError("on fire")

    monkeypatch.setattr(doctor, "CHECKS", [check_something, doctor.check_python])
    status, said = examine()
    assert status == 1
    assert "something" in said[0]
    assert "RuntimeError: on fire" in said[0]
    assert said[1].startswith("OK")


def test_the_seconds_of_every_notebook_are_known():
    """Of those that the first page names: a chapter that is new need not have been timed."""
    known = results.load("notebook_times")["seconds"]
    first = (files.course_folder() / "notebooks" / "source" / "00_start_here.py").read_text("utf-8")
    assert [name for name in building.names() if name not in known and name.removesuffix("_annex") in first] == []
