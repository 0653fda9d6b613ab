"""Trainings on disk: which are kept, and what is said of one that has to be run again."""

import importlib
import math
import os
import sys
import time

import pytest
import torch
from torch import nn

from course_kit.callbacks import Budget, Samples
from course_kit.keeping import kept
from course_utils import training
from course_utils.training import Callback, fit


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder for what is kept, and trainings taken from it."""
    monkeypatch.setenv("COURSE_KEPT_DIR", str(tmp_path))
    monkeypatch.setenv("COURSE_KEPT", "use")
    monkeypatch.setattr(training, "ALWAYS", [kept.Keeping])
    return tmp_path


def small(steps=6, factor=1.0, resume=None, **more):
    torch.manual_seed(3)
    model = resume.model if resume else nn.Linear(2, 1)
    loss = more.pop("loss", lambda m, b: m(b).pow(2).mean() * factor)
    return fit(model, [torch.ones(4, 2)], loss, steps=steps, resume=resume, show=False, **more)


def test_a_training_that_diverged_is_not_kept(folder):
    assert small(factor=math.nan).stopped == "diverged" and not list(folder.iterdir())
    assert small().stopped is None and len(list(folder.iterdir())) == 1


def test_a_file_may_be_as_large_as_the_largest_and_not_a_byte_larger(folder, monkeypatch):
    small()
    (path,) = folder.iterdir()
    size = path.stat().st_size
    for largest, there in ((size - 1, False), (size, True)):
        path.unlink(missing_ok=True)
        monkeypatch.setattr(kept, "LARGEST", largest)
        small()
        assert path.exists() == there


@pytest.mark.parametrize(("shown", "back"), [("a\nb", "a\nb"), ([1, 2], "[1, 2]")])
def test_samples_come_back(folder, shown, back):
    def trained():
        return small(steps=2, evaluate=lambda m: 1.0, callbacks=[Samples(lambda m: shown)])

    assert trained().samples == back == trained().samples


def test_a_callback_that_changes_the_training_counts_and_one_that_watches_does_not(folder):
    class Smaller(Callback):
        def __init__(self, factor):
            self.factor = factor

        def after_backward(self, run):
            run.model.weight.grad *= self.factor

    small()
    assert "Kept from" in small(callbacks=[Samples(lambda m: "x"), Budget(60)]).message
    halved = small(callbacks=[Smaller(0.5)], optimizer=torch.optim.SGD)
    whole = small(callbacks=[Smaller(1.0)], optimizer=torch.optim.SGD)
    assert "Kept" not in halved.message + whole.message
    assert not torch.equal(halved.model.weight, whole.model.weight)
    assert "Kept from" in small(callbacks=[Smaller(0.5)], optimizer=torch.optim.SGD).message


def test_a_helper_edited_before_a_restart_is_trained_again(folder, tmp_path_factory, monkeypatch):
    """As the notebook's own cells: what lies beside it in the workbook."""
    beside = tmp_path_factory.mktemp("workbook")
    monkeypatch.syspath_prepend(beside)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def after_a_restart(factor):
        text = f"def loss(model, batch):\n    return model(batch).pow(2).mean() * {factor}\n"
        (beside / "helper_of_mine.py").write_text(text)
        sys.modules.pop("helper_of_mine", None)
        importlib.invalidate_caches()
        return small(loss=importlib.import_module("helper_of_mine").loss)

    assert ["Kept" in after_a_restart(factor).message for factor in (1, 1, 2, 2, 1)] == [False, True, False, True, True]


def test_weights_that_were_damaged_on_disk_are_trained_again(folder):
    small()
    (path,) = folder.iterdir()
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert "Kept" not in small().message and "Kept from" in small().message


def test_what_was_left_half_written_goes_after_a_day_and_counts_until_then(tmp_path):
    for name in (".a.safetensors.x", ".b.safetensors.y", "c.safetensors", "d.safetensors", ".other"):
        (tmp_path / name).write_bytes(bytes(4000))
    yesterday = time.time() - 90_000
    for name in (".a.safetensors.x", "c.safetensors", ".other"):
        os.utime(tmp_path / name, (yesterday, yesterday))
    kept.trim(tmp_path, limit=8_000)
    assert {path.name for path in tmp_path.iterdir()} == {".b.safetensors.y", "d.safetensors", ".other"}
