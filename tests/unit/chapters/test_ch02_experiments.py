"""The study of the scores: tasks with a known answer, counts against formulas, recorded results that hold."""

import json

import pytest
import torch

from chapters.ch02 import experiments
from chapters.ch02.experiments import (
    TASKS,
    kernel_errors,
    numbers_kept,
    share_right,
    task_batch,
    train_chooser,
)
from chapters.ch02.scores import SCORES
from course_kit import results
from course_kit.clock import slope
from course_kit.views.table import Table
from course_tools.recipes import results as making


@pytest.mark.parametrize("task", TASKS)
def test_tasks_are_the_same_each_time_and_every_key_can_be_right(task):
    one, two = (task_batch(task, 2000, torch.Generator().manual_seed(3)) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))
    queries, keys, right = one
    assert queries.shape == (2000, 1, 4) and keys.shape == (2000, 8, 4)
    assert torch.bincount(right, minlength=8).min() > 100


def test_rules_of_the_tasks_by_their_words():
    queries, keys, right = task_batch("length", 100, torch.Generator().manual_seed(0))
    assert torch.equal(keys.norm(dim=-1).argmax(-1), right)
    queries, keys, right = task_batch("direction", 100, torch.Generator().manual_seed(0))
    assert torch.equal(torch.cosine_similarity(queries, keys, dim=-1).argmax(-1), right)
    queries, keys, right = task_batch("reach", 100, torch.Generator().manual_seed(0))
    assert torch.equal(torch.einsum("bqd,bkd->bk", queries, keys).argmax(-1), right)
    with pytest.raises(ValueError):
        task_batch("colour", 1, torch.Generator())


def test_training_tells_direction_from_reach_and_does_not_touch_the_global_generator():
    state = torch.get_rng_state()
    cosine, dot = (train_chooser(name, "direction", steps=60) for name in ("similarity", "dot"))
    assert torch.equal(state, torch.get_rng_state())
    assert share_right(cosine, "direction") > 0.98
    assert share_right(dot, "direction") < 0.65


def test_slope_of_known_curves():
    xs = [128, 256, 1024]
    assert slope(xs, [3 * x for x in xs]) == pytest.approx(1)
    assert slope(xs, [x * x for x in xs]) == pytest.approx(2)


def test_error_of_the_kernel_falls_like_one_over_the_root_of_the_features():
    errors = kernel_errors((64, 1024), seeds=range(3))
    assert -0.65 < slope(list(errors), list(errors.values())) < -0.35


def test_numbers_kept_for_the_backward_pass():
    queries, keys = torch.randn(2, 1, 10, 4)
    assert numbers_kept(SCORES["dot"](4, 4), queries, keys) == 0
    concat = numbers_kept(SCORES["concat"](4, 4, hidden_size=3), queries, keys)
    assert concat == 100 * (8 + 3)  # the pairs side by side, and their tanh
    assert numbers_kept(SCORES["additive"](4, 4, hidden_size=3), queries, keys) == 100 * 3


def test_table_as_text_and_html():
    table = Table([{"name": "a<b", "n": 1234, "x": 0.12345}], "two < three")
    assert repr(table).splitlines() == ["two < three", "name  n      x", "a<b   1,234  0.123"]
    assert '<td style="text-align:left">a&lt;b</td>' in table._repr_html_() and "two &lt; three" in table._repr_html_()


def test_the_results_command_writes_what_a_recipe_gives(tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    monkeypatch.setattr(results, "course_folder", lambda: tmp_path)
    monkeypatch.setattr(experiments, "record_costs", lambda: {"seeds": [0]})
    with pytest.raises(FileNotFoundError):
        results.load("scores_cost")
    assert making.run(["scores_c"]) == 0
    written = json.loads((tmp_path / "data/results/scores_cost.json").read_text())
    assert set(written) == {"command", "date", "device", "versions", "minutes", "seeds"}
    assert results.load("scores_cost")["seeds"] == [0]
    with pytest.raises(FileNotFoundError):
        results.load("nothing")
    with pytest.raises(ValueError):
        making.run(["nothing"])
