"""Trainings on disk: which are kept, and what is said of one that has to be run again."""

import math
import os

import pytest
import torch
from torch import nn

from course_kit import training
from course_kit.callbacks import Watcher
from course_kit.runs import state, store
from course_kit.training import Callback, fit


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder for what is kept, and trainings taken from it."""
    monkeypatch.setenv("COURSE_KEPT_DIR", str(tmp_path))
    monkeypatch.setenv("COURSE_KEPT", "use")
    monkeypatch.setattr(training, "ALWAYS", [store.Keeping])
    return tmp_path


def small(steps=6, resume=None, factor=1.0, **more):
    torch.manual_seed(3)
    model = resume.model if resume else nn.Linear(2, 1)
    loss = more.pop("loss", lambda m, b: m(b).pow(2).mean() * factor)
    return fit(model, [torch.ones(4, 2)], loss, steps=steps, resume=resume, show=False, **more)


def test_a_training_that_diverged_is_not_kept(folder):
    assert small(factor=math.nan).stopped == "diverged" and not list(folder.iterdir())
    assert small().stopped is None and len(list(folder.iterdir())) == 1


def test_a_training_whose_kernel_was_killed_goes_on_from_where_it_was(folder, monkeypatch):
    class Count(Watcher):
        def __init__(self, last=99):
            self.seen, self.last = 0, last

        def after_evaluation(self, run):
            self.seen += 1
            if self.seen == self.last:
                raise SystemExit

    def trained(count):
        return small(steps=8, every=1, evaluate=lambda m: m.weight.detach().norm().item(), callbacks=[count])

    whole = trained(Count())
    next(folder.iterdir()).unlink()
    monkeypatch.setattr(store, "PERIOD", 0)
    with pytest.raises(SystemExit):
        trained(Count(5))
    run = trained(again := Count())
    assert again.seen == 5, "three steps were done, and kept"
    assert run.history == whole.history and torch.equal(run.model.weight, whole.model.weight)
    assert "Kept" not in run.message and "Kept from" in trained(Count()).message


def test_a_callback_that_changes_the_training_counts_and_one_that_watches_does_not(folder):
    class Smaller(Callback):
        def __init__(self, factor):
            self.factor = factor

        def after_step(self, run):
            run.model.weight.data *= self.factor

    small()
    assert "Kept from" in small(callbacks=[Watcher()]).message
    halved = small(callbacks=[Smaller(0.5)], optimizer=torch.optim.SGD)
    whole = small(callbacks=[Smaller(1.0)], optimizer=torch.optim.SGD)
    assert "Kept" not in halved.message + whole.message
    assert not torch.equal(halved.model.weight, whole.model.weight)
    assert "Kept from" in small(callbacks=[Smaller(0.5)], optimizer=torch.optim.SGD).message


def test_a_stop_does_not_cost_what_was_prepared(folder, monkeypatch):
    monkeypatch.setenv("COURSE_KEPT", "anew")

    class Stops(Watcher):
        at = 0

        def after_step(self, run):
            if run.step == Stops.at:
                raise KeyboardInterrupt

    def kept_after(stop):
        Stops.at = stop
        small(10, callbacks=[Stops()])
        (path,) = folder.glob("*.safetensors")
        return state.unpack(path, nn.Linear(2, 1))[0].step

    assert [kept_after(stop) for stop in (4, 0, 6, 0)] == [4, 10, 10, 10]


def test_what_is_said_of_a_second_run_is_what_it_does(folder, monkeypatch):
    """In class: one that was stopped begins at its top, and a whole one is shown; the longer one stays on disk."""
    monkeypatch.setenv("COURSE_PRESENTING", "1")
    monkeypatch.setattr(store, "_stopped", set())

    class Stops(Watcher):
        def __init__(self, at):
            self.at = at

        def after_step(self, run):
            if run.step == self.at:
                raise KeyboardInterrupt

    def taught(at=0, how=""):
        monkeypatch.setenv("COURSE_KEPT", how)
        run = small(10, callbacks=[Stops(at)])
        (path,) = folder.glob("*.safetensors")
        return run, state.unpack(path, nn.Linear(2, 1))[0].step

    run, kept = taught(4, "anew")
    assert "begins at its top" in run.message and "resume" not in run.message and kept == 4
    run, kept = taught(3)
    assert (run.step, kept) == (3, 4), "it began at its top, and the longer one is kept"
    monkeypatch.setattr(store, "_stopped", set())  # a fresh kernel
    run, _ = taught()
    assert run.step == 4 and "Kept from" in run.message and "begins at its top" in run.message
    run, kept = taught()
    assert (run.step, kept) == (10, 10) and "Kept" not in run.message
    run, kept = taught(6, "anew")
    assert "it shows the training kept from" in run.message and "Shift T" in run.message and kept == 10
    run, _ = taught()
    assert run.step == 10 and "Kept from" in run.message and "Shift T" in run.message


def test_a_training_run_by_hand_is_trained_again_and_one_that_is_presented_is_taken_as_kept(folder, monkeypatch):
    monkeypatch.delenv("COURSE_KEPT")
    monkeypatch.delenv("COURSE_PRESENTING", raising=False)
    assert not any("Kept" in small(6).message for _ in range(2))
    monkeypatch.setenv("COURSE_PRESENTING", "1")
    assert "Kept from" in small(6).message


def test_a_continuation_depends_on_what_it_continues(folder):
    """The same continuation of two different beginnings is two trainings."""
    ends = [small(6, small(3, lr=lr), lr=0.1) for lr in (0.1, 0.5)]
    assert not any("Kept" in run.message for run in ends)
    assert not torch.equal(*(run.model.weight for run in ends))
    again = small(6, small(3, lr=0.5), lr=0.1)
    assert "Kept from" in again.message and torch.equal(again.model.weight, ends[1].model.weight)


def test_a_run_in_two_parts_is_kept_where_the_run_in_one_is(folder):
    small(6, small(3))
    assert "Kept from" in small(6).message


def test_a_stopped_run_resumes_and_is_not_brought_back_again(folder):
    def pressed(model, batch):
        if pressed.at == 2:
            raise KeyboardInterrupt
        pressed.at += 1
        return model(batch).pow(2).mean()

    pressed.at = 0
    stopped = small(5, loss=pressed)
    assert stopped.stopped == "by hand" and stopped.step == 2
    pressed.at = -9
    with store.brought_back() as trainings:
        assert small(5, stopped, loss=pressed).step == 5
    assert trainings == [("trained", "")]


def test_stop_ends_a_training_that_is_brought_back_and_the_cells_after_it(folder):
    def pressed(model, batch):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), store.brought_back() as trainings:
        small(5, loss=pressed)
    assert trainings == [("trained", "")] and not list(folder.glob("*"))


def test_what_cannot_be_identified_is_trained_again_and_said(folder):
    with store.brought_back() as trainings, open(__file__) as file:
        small(2, loss=lambda m, b, given=file: m(b).pow(2).mean(), title="odd")
    assert trainings == [("trained", "odd")] and not list(folder.glob("*"))


def test_your_own_optimizer_is_brought_back_too(folder):
    """As chapter 6's, a function: the training is found, and goes on with it."""
    own = {"optimizer": lambda parameters, lr: torch.optim.AdamW(parameters, lr=lr, fused=True)}
    first, again = small(5, **own), small(5, **own)
    assert "Kept from" in again.message and "Kept from" not in first.message
    del again.model.last_run
    assert small(8, resume=again).make is not torch.optim.Adam


@pytest.mark.parametrize("content", [b"damaged", None])
def test_a_file_that_was_damaged_is_trained_again(folder, content):
    small()
    (path,) = folder.iterdir()
    good = path.read_bytes()
    path.write_bytes(content or good[:-1] + bytes([good[-1] ^ 1]))
    assert "Kept" not in small().message and "Kept from" in small().message


def test_the_folder_is_bounded(tmp_path):
    for number in range(4):
        (tmp_path / f"{number}.safetensors").write_bytes(bytes(4000))
        os.utime(tmp_path / f"{number}.safetensors", (number, number))
    os.utime(tmp_path / "0.safetensors")  # used just now
    store.trim(tmp_path, limit=10_000)
    assert sorted(path.stem for path in tmp_path.glob("*.safetensors")) == ["0", "3"]
