"""Chapter 5's trainings under equal conditions, and the work of their layers."""

import pytest
import torch
from unit.chapters.small_translator import fresh

from chapters.ch05.experiments import race, speed
from chapters.ch05.experiments.twins import corpus
from course_utils.blocks import EncoderBlock


@pytest.fixture(scope="module")
def lesson():
    return corpus()


@pytest.fixture
def few_sentences(monkeypatch):
    monkeypatch.setattr(race, "SENTENCES", {"valid": 4, "test": 4})


def test_the_best_rate_is_trained_with_each_seed(lesson, few_sentences, monkeypatch):
    asked = []

    def train(lesson, model, steps, seed, lr):
        asked.append((seed, lr))
        return [95.0, 90.0 if lr == 3e-3 else 80.0]

    monkeypatch.setattr(race, "train", train)
    monkeypatch.setattr(race, "racer", lambda lesson, name, seed: fresh(lesson, layers=1))
    figures = race.trained(lesson, race.TRANSFORMER, steps=10, seeds=(0, 1))
    assert figures["lr"] == 3e-3 and [one["lr"] for one in figures["tried"]] == [*race.RATES]
    assert asked == [*((race.SEED_OF_CHOICE, lr) for lr in race.RATES), (0, 3e-3), (1, 3e-3)]
    assert figures["valid"] == [[95.0, 90.0]] * 2 and len(figures["test"]) == 2


def test_racers_are_the_models_of_the_pages(lesson):
    racers = (race.racer(lesson, name) for name in (race.GRU, race.TRANSFORMER))
    assert [sum(p.numel() for p in one.parameters()) for one in racers] == [775_157, 1_186_357]


@pytest.mark.weekly
def test_the_record_runs_small(few_sentences, monkeypatch):
    monkeypatch.setattr(race, "RATES", race.RATES[:1])
    figures = race.record_race(steps=10, seeds=(0,))
    assert list(figures["models"]) == [race.GRU, race.TRANSFORMER] and figures["steps"] == 10 and figures["every"] == 1
    assert all(len(one["valid"][0]) == 10 and len(one["test"]) == 1 for one in figures["models"].values())


def test_work_is_what_the_layers_matrices_multiply():
    counted, size = speed.work(10), speed.SIZE
    layers = {speed.GRU: torch.nn.GRU(size, size), speed.PAGE: EncoderBlock(size, 4, 4 * size)}
    for name, mixing in ((speed.GRU, 0), (speed.PAGE, 2 * 10**2 * speed.SIZE)):
        matrices = sum(p.numel() for p in layers[name].parameters() if p.dim() == 2)
        assert counted[name]["multiplications"] == 10 * matrices + mixing
