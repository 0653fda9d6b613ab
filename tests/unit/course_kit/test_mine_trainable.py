"""Trainings take the course's function where the reader's is right and cannot train, and say so."""

import pytest
import torch
from unit.own_package import ADD, SPLIT, solve

import chapters.ch05  # noqa: F401 - its exercises are known by their names
from course_kit.exercises.registry import find
from course_kit.mine import for_training, lookup, trainable

SLOW = "sum(range(2_000_000))\n    return x"  # computes for about 50 ms


@pytest.fixture
def space(book):
    """The names of a notebook, with both functions right and fast."""
    trainable.KNOWN.clear()
    names = {"torch": torch}
    names["split_heads"] = solve("split heads", SPLIT)["split_heads"]
    names["add_norm"] = solve("residual and norm", ADD)["add_norm"]
    return names


def attempt(space):
    def one_step():
        x = torch.ones(2, 3, 4, requires_grad=True)
        heads = space["split_heads"](x, 2)
        space["add_norm"](heads, torch.tanh, torch.sin).sum().backward()
        sum(range(100_000))  # about 2 ms

    return one_step


def test_what_can_train_stays_and_nothing_is_said(space, capsys):
    capsys.readouterr()
    before = dict(space)
    for_training(attempt(space), space)
    assert space == before and not capsys.readouterr().out


def test_with_nothing_solved_nothing_is_run(space):
    space.update({name: find(task).reference for name, task in zip(("split_heads", "add_norm"), TASKS, strict=True)})
    for_training(lambda: pytest.fail("it was run"), space)


TASKS = "split heads", "residual and norm"


def test_what_is_slow_gives_way_and_the_rest_stays(space, capsys):
    slow = SPLIT.replace("return x", SLOW)
    space["split_heads"] = solve("split heads", slow)["split_heads"]
    own = space["add_norm"]
    capsys.readouterr()
    for_training(attempt(space), space)
    assert space["split_heads"] is find("split heads").reference and space["add_norm"] is own
    said = capsys.readouterr().out
    assert (
        said.startswith("Training takes the course's `split_heads` (yours is right, but takes ")
        and "add_norm" not in said
    )
    assert lookup.owned("split_heads")[1] == "yours, from chapter 5", "the package keeps it"


def test_what_takes_for_ever_is_stopped(space, capsys, monkeypatch):
    monkeypatch.setattr(trainable, "SHORTEST", 0.2)
    slow = SPLIT.replace("return x", "while len(x) > 1 and x.shape[2] > 7: pass\n    return x")
    space["split_heads"] = solve("split heads", slow)["split_heads"]
    for_training(lambda: space["split_heads"](torch.ones(2, 3, 8), 2), space)
    assert space["split_heads"] is find("split heads").reference
    assert "takes far longer" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [("return x.", "return x.detach().", "lets no gradient through"),
     ("return x.", "x = torch.tensor(x.tolist())\n    return x.", "lets no gradient through"),
     ("return x.", "assert len(x) != 5\n    return x.", "AssertionError")],
)  # fmt: skip
def test_what_lets_no_gradient_through_or_stops_gives_way(space, capsys, old, new, why):
    space["split_heads"] = solve("split heads", SPLIT.replace(old, new))["split_heads"]
    capsys.readouterr()

    def one_step():
        x = torch.ones(5, 3, 4, requires_grad=True)
        assert space["split_heads"](x, 2).requires_grad

    for_training(one_step, space)
    assert space["split_heads"] is find("split heads").reference and why in capsys.readouterr().out


def test_an_error_that_is_not_the_readers_is_raised(space):
    def broken():
        raise ZeroDivisionError

    before = dict(space)
    with pytest.raises(ZeroDivisionError):
        for_training(broken, space)
    assert space == before
