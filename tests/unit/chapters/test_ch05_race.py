"""Chapter 5's trainings under equal conditions, the speed of layers, and what was recorded of both."""

import functools
import itertools

import pytest
import torch

from chapters.ch05.experiments import fair, race, speed
from chapters.ch05.experiments.in_class import small_model
from chapters.ch05.experiments.twins import corpus


@pytest.fixture(scope="module")
def lesson():
    return corpus()


@pytest.fixture
def few_sentences(monkeypatch):
    monkeypatch.setattr(fair, "SENTENCES", {"valid": 4, "test": 4})


def test_the_best_candidate_is_trained_with_each_seed(lesson, few_sentences, monkeypatch):
    asked = []

    def train(lesson, model, steps, seed, lr):
        asked.append((seed, lr, model.config.dropout))
        return [95.0, 90.0 if (lr, model.config.dropout) == (2, 0.1) else 80.0]

    monkeypatch.setattr(fair, "train", train)
    make = functools.partial(small_model, lesson, size=16, hidden=16, layers=1)
    candidates = [{"lr": lr, "dropout": dropout} for lr, dropout in itertools.product((1, 2, 3), (0.0, 0.1))]
    figures = fair.compete(lesson, make, candidates, steps=10, seeds=(0, 1))
    assert (figures["lr"], figures["dropout"]) == (2, 0.1) and len(figures["tried"]) == 6
    assert asked[-2:] == [(0, 2, 0.1), (1, 2, 0.1)] and {seed for seed, *_ in asked[:-2]} == {fair.SEED_OF_CHOICE}
    assert figures["valid"] == [[95.0, 90.0]] * 2 and len(figures["test"]) == 2


@pytest.mark.weekly
def test_a_training_is_the_same_for_a_seed(lesson, few_sentences):
    runs = []
    for seed in (0, 0, 1):
        model = small_model(lesson, size=16, hidden=16, layers=1)
        curve = fair.train(lesson, model, 10, seed, 1e-2)
        runs.append((len(curve), model.output.weight.detach().clone()))
    assert [n for n, _ in runs] == [10, 10, 10]
    assert torch.equal(runs[0][1], runs[1][1]) and not torch.equal(runs[0][1], runs[2][1])


def test_racers_have_the_sizes_that_are_said(lesson):
    count = {name: sum(p.numel() for p in race.racer(lesson, name).parameters()) for name in race.SIZES}
    assert abs(count[race.SMALLER] / count[race.GRU] - 1) < 0.02
    assert (count[race.GRU], count[race.TRANSFORMER]) == (775_157, 1_186_357)


@pytest.mark.weekly
def test_the_record_runs_small(few_sentences, monkeypatch):
    name, *_ = race.SIZES
    monkeypatch.setattr(race, "SIZES", {name: race.SIZES[name]})
    monkeypatch.setattr(race, "CANDIDATES", {name: race.CANDIDATES[name][:1]})
    figures = race.record_race(steps=10, seeds=(0,))
    assert list(figures["models"]) == [name] and figures["steps"] == 10 and figures["every"] == 1
    found = figures["models"][name]
    assert len(found["valid"][0]) == 10 and len(found["test"]) == 1 and found["parameters"] > 1e5


def test_speeds_have_a_row_for_each_width_and_length():
    threads = torch.get_num_threads()
    rows = speed.speeds((8, 16), (4, 16), tokens=32, repeats=2)
    torch.set_num_threads(threads)
    assert [(row["width"], row["length"]) for row in rows] == [(8, 4), (8, 16), (16, 4), (16, 16)]
    assert all(row["ratio"] == pytest.approx(row["GRU"] / row["Transformer"], abs=0.01) for row in rows)


@pytest.mark.weekly
def test_speeds_are_recorded_with_the_load_and_the_reason_why_there_is_no_gpu():
    figures = speed.record_speeds(cores=(1,), widths=(8,), lengths=(4,), repeats=1)
    assert list(figures["cores"]) == ["1"] and len(figures["load"]) == 2
    assert (figures["GPU"] is None) == ("without GPU" in figures) == (not torch.cuda.is_available())
