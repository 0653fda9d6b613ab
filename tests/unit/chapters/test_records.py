"""What was recorded can be made again: each program, made short, gives what its file in data/results holds.

The race and the speeds are in test_ch05_race.py; the others take minutes at least, or need published weights.
"""

import importlib

import pytest

from course_kit import results
from course_tools.recipes.results import RECIPES

ABOUT = {"command", "date", "device", "versions", "minutes"}  # what `course results` adds
SHORT = {
    "positions_begins": {"seeds": [0], "steps": 2},
    "positions_lengths": {"seeds": [0], "steps": 2},
    "positions_causal": {"seeds": [0], "steps": 2},
    "transformer_alone": {"seeds": [0], "steps": 2, "digits": 2},
    "transformer_routes": {"seeds": [0], "steps": 2},
    "bert_banks": {"seeds": [0], "steps": 2},
    "gpt_induction": {"steps": 1, "seeds": (0,)},
    "gpt_attention_cost": {"lengths": (64, 128)},
}


@pytest.mark.weekly
@pytest.mark.parametrize("name", SHORT)
def test_a_record_that_is_made_short_holds_what_the_committed_one_holds(name):
    module, function = RECIPES[name].split(":")
    found = getattr(importlib.import_module(module), function)(**SHORT[name])
    assert set(found) == set(results.load(name)) - ABOUT


def test_with_sixteen_labels_the_new_layer_alone_is_as_good_as_training_everything():
    """What lesson 6 says where a task gets its head."""
    found = results.load("bert_banks")["right of 16"]
    best, high = found["everything"]["0.0003"], found["everything"]["0.001"]
    assert found["new layer"]["0.01"] == [14] * 5 and (min(best), max(best)) == (12, 14) and max(high) < 14
    assert sum(high) < sum(best) <= 14 * 5
