"""The study of the scores: counts against formulas, and the command that records."""

import json

import pytest
import torch

from chapters.ch02.experiments.costs import numbers_kept
from chapters.ch02.scores import SCORES
from chapters.ch07.experiments import cost
from course_kit import results
from course_kit.views.table import Table
from course_tools.recipes import results as making


def test_numbers_kept_for_the_backward_pass():
    queries, keys = torch.randn(2, 1, 10, 4)
    assert numbers_kept(SCORES["dot"](4, 4), queries, keys) == 0
    concat = numbers_kept(SCORES["concat"](4, 4, hidden_size=3), queries, keys)
    assert concat == 100 * (8 + 3)  # the pairs side by side, and their tanh
    assert numbers_kept(SCORES["additive"](4, 4, hidden_size=3), queries, keys) == 100 * 3


def test_table_as_text_and_html():
    table = Table([{"name": "a<b", "n": 1234, "x": 0.12345}], "two < three")
    assert repr(table).splitlines() == ["two < three", "name  n      x", "a<b   1,234  0.123"]
    shares = Table([{"%": 95.0, "odds": -3.83}, {"%": 14.4, "odds": 6.4}, {"%": 0.0, "odds": 5.87}])
    assert repr(shares).splitlines() == ["%     odds", "95.0  −3.83", "14.4  6.40", "0.0   5.87"]  # each one form
    mixed = Table([{"model": "A", "loss": 1, "BLEU": 2}, {"model": "B", "BLEU": 9, "loss": 0.5}])
    assert repr(mixed).splitlines()[2].split() == ["B", "0.5", "9"], "by name"
    with pytest.raises(ValueError, match="row 2 has the columns x, z; needed, as in the first row: x, y"):
        Table([{"x": 1, "y": 2}, {"x": 1, "z": 2}])
    assert repr(Table([{"x": 0.00364}, {"x": 0.993}])).splitlines()[1:] == ["0.00364", "0.993"]
    assert '<td style="text-align:left">a&lt;b</td>' in table._repr_html_() and "two &lt; three" in table._repr_html_()


def test_the_results_command_writes_what_a_recipe_gives(tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    monkeypatch.setattr(results, "course_folder", lambda: tmp_path)
    monkeypatch.setattr(cost, "record_costs", lambda: {"seeds": [0]})
    with pytest.raises(FileNotFoundError):
        results.load("gpt_attention_cost")
    assert making.run(["gpt_attention"]) == 0
    written = json.loads((tmp_path / "data/results/gpt_attention_cost.json").read_text())
    assert set(written) == {"command", "date", "device", "versions", "minutes", "seeds"}
    assert results.load("gpt_attention_cost")["seeds"] == [0]
    for missing in (results.load, lambda name: making.run([name])):
        with pytest.raises((FileNotFoundError, ValueError)):
            missing("nothing")
