"""Chapter 6's checkpoints: one is made by its recipe."""

import dataclasses
import shutil

import pytest

from chapters.ch06.finetuning import task_of
from course_kit import files
from course_kit.checkpoints import folder, load_checkpoint
from course_kit.data import stories
from course_tools.recipes.checkpoints import train


@pytest.mark.weekly
@pytest.mark.parametrize(("name", "most"), [("bert-entities", 60_000)])
def test_a_fine_tuned_checkpoint_is_made_by_its_recipe(name, most, monkeypatch, tmp_path):
    corpus = name.removeprefix("bert-")
    stories.load(corpus)  # read before the folder changes
    there = tmp_path / "data" / "checkpoints"
    there.mkdir(parents=True)
    for kind in ("json", "safetensors"):
        shutil.copy(folder() / f"bert-stories.{kind}", there)
    monkeypatch.setattr(files, "course_folder", lambda: tmp_path)
    monkeypatch.setattr("course_kit.files.course_folder", lambda: tmp_path)
    monkeypatch.setitem(train.RECIPES, name, dataclasses.replace(train.RECIPES[name], every=3))
    train.train(name, steps=6)
    loaded = load_checkpoint(name)
    assert (there / f"{name}.safetensors").stat().st_size < most
    assert loaded.card["data"]["corpus"] == f"data/stories/{corpus}.gz"
    task = task_of(corpus, loaded.tokenizer)
    task.max_length = loaded.model.config.context
    assert task.measure(loaded.model, "test")["F1"] == pytest.approx(loaded.card["metrics"]["test_f1"], abs=1e-4)
