"""Trainings on disk: which are kept, and what is said of one that has to be run again."""

import math

import pytest
import torch
from torch import nn

from course_kit.keeping import kept, state
from course_utils.training import fit


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder for what is kept, and trainings taken from it."""
    monkeypatch.setenv("COURSE_KEPT_DIR", str(tmp_path))
    monkeypatch.setenv("COURSE_KEPT", "use")
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


@pytest.mark.parametrize(("shown", "back"), [("a\nb", "a\nb"), ([1, 2], None), (None, None)])
def test_samples_come_back_where_they_are_text(tmp_path, shown, back):
    run = small(steps=2, evaluate=lambda m: 1.0, samples=lambda m: shown)
    (tmp_path / "x").write_bytes(state.pack(run))
    assert run.samples == shown and state.unpack(tmp_path / "x", run.model)[0].samples == back
