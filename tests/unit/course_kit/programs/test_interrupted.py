"""What a cell says that was stopped: how far, what is there, what is not."""

import linecache
import math
from unittest.mock import Mock

import pytest
from torch import nn

from course_kit.programs import further_training, interrupted
from course_utils import post_training

TRAIN = """\
def train(steps=400):
    for step in range(steps):
        for _ in range(1):
            pass
        if step == 177:
            raise KeyboardInterrupt

layer = 1
share = train()
later, _ = 2, 3
"""


def said(source, **names):
    """What is said of a cell that is interrupted, in a notebook with these names."""
    linecache.cache["<cell>"] = len(source), None, source.splitlines(keepends=True), "<cell>"
    names |= {"__name__": "__main__"}
    with pytest.raises(KeyboardInterrupt) as caught:
        exec(compile(source, "<cell>", "exec"), names)
    return " ".join(interrupted.message(caught.value, names))


def test_says_the_round_and_which_names_are_there():
    words = said(TRAIN)
    assert words.startswith("Stopped by hand, in round 178 of 400 of `for step in range(steps)`.")
    assert "restarts: `layer`." in words and "Not there yet: `share`, `later`." in words
    assert "Still as an earlier run left it: `share`." in said(TRAIN, share=0.5)


def test_names_what_goes_on_of_other_cells():
    source = "for _ in range(9):\n    model\n    losses.append(mine)\n    adam.step()\n    raise KeyboardInterrupt\n"
    above = {"model": nn.Linear(1, 1), "losses": [], "mine": [1], "adam": Mock(), "kept": {1: {}}}
    words = said(source.replace("mine)", "mine)\n    kept[1]['a'] = kept"), **above)
    assert "These go on as they are now: `model`, `losses`, `kept`, `adam`. To begin anew" in words
    assert "The course’s text is about a finished run." in words
    hidden = "def f(kept):\n    kept.append(1)\n"
    assert "go on as they are now: `losses`, `adam`. To" in said(hidden + source, **above | {"model": nn.Linear})
    assert "go on" not in said("losses = []\n" + source.replace("adam.step()", "1"), **above)


def test_a_cell_that_trains_on_says_so_until_its_model_is_made_anew():
    text, names = "for _ in range(9):\n    model\n    losses.append(1)\n    adam.step()\n", {"losses": [], "adam": 1}
    names["model"] = nn.Linear(1, 1)
    assert further_training.message(text, names) == ""
    further_training.note(text, names)
    assert "has run before" in further_training.message(
        text, names
    ) and "`model`, `losses`, `adam`. To" in further_training.message(text, names)
    names["model"] = nn.Linear(1, 1)
    assert further_training.message(text, names) == ""


def test_a_training_that_a_module_gives_step_by_step_says_its_round():
    def stop():
        raise KeyboardInterrupt

    source = "for step, _ in training(nn.Linear(1, 1), stop, steps=60, rate=1):\n    pass\n"
    words = said(source, training=post_training.training, nn=nn, stop=stop)
    assert words.startswith("Stopped by hand, in round 1 of 60 of `for step in range(steps)`.")


def test_a_second_press_does_not_cut_off_what_is_said_after_the_first(monkeypatch):
    monkeypatch.setattr(interrupted.signal, "signal", lambda *handler: None)
    patience = interrupted.Patience(Mock())
    patience.begin()
    with pytest.raises(KeyboardInterrupt):
        patience.press(2, None)
    patience.press(2, None)


@pytest.mark.parametrize(("heard", "kind"), [(-math.inf, KeyboardInterrupt), (2, type(None))])
def test_a_press_that_only_imports_heard_stops_what_waits(heard, kind):
    patience, result = interrupted.Patience(Mock()), Mock(success=True, error_in_exec=None)
    patience.end(result)  # of the cell that made it
    assert result.error_in_exec is None
    patience.since, patience.heard = 1, heard
    patience.end(result)
    assert isinstance(result.error_in_exec, kind)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("raise KeyboardInterrupt", "Stopped by hand. Run the cell again: it begins at its top. The course’s text"),
        ("for x in [1]:\n    y = x\n    raise KeyboardInterrupt\n",
         "at its top. What it had made by then stays until the kernel restarts: `x`, `y`."),
        ("for i in range(3):\n    raise KeyboardInterrupt", "in round 1 of 3 of `for i in range(3)`"),
        ("for i in range(3):\n    pass\nraise KeyboardInterrupt",
         "Stopped by hand. Run the cell again: it begins at its top. What"),
        ("a = b = c = d = e = f = 1\nraise KeyboardInterrupt", "`a`, `b`, `c`, `d`, `e` … The"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_not_said(source, words):
    assert words in said(source)
