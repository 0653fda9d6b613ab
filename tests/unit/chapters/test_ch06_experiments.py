"""Chapter 6's experiments: a checkpoint of its recipe, and ways of pre-training that differ in one thing."""

import dataclasses
import shutil

import pytest
import torch

from chapters.ch06.experiments import pretraining
from chapters.ch06.finetuning import task_of
from chapters.ch06.lesson import BertLesson
from course_kit import files
from course_kit.checkpoints import folder, load_checkpoint
from course_kit.data import stories
from course_kit.data.stories import Story
from course_kit.text import WordPiece
from course_tools.recipes.checkpoints import train
from course_utils.bert import pretraining_loss

STORIES = [
    Story((f"the {a} was good .", f"the {a} was nice .", f"the {a} was fine .")) for a in ("soup", "film", "game")
]


@pytest.fixture(scope="module")
def tokenizer():
    return WordPiece.build([s for story in STORIES for s in story.sentences], 80)


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


def test_the_ways_of_pretraining_differ_in_what_they_say_and_in_nothing_else(tokenizer):
    words = BertLesson(tokenizer, {"train": STORIES, "valid": STORIES})
    batch = words.batch(torch.Generator().manual_seed(0), 16)
    chosen = batch.labels != -100
    masked = pretraining.always_masked(batch, tokenizer.mask)
    assert (masked.ids[chosen] == tokenizer.mask).all() and torch.equal(masked.ids[~chosen], batch.ids[~chosen])
    assert not (batch.ids[chosen] == tokenizer.mask).all()
    model = words.model()
    both = pretraining_loss(model, batch.ids, batch.labels, batch.nsp, batch.segments, batch.mask)
    assert pretraining.mlm_alone(model, batch).item() == pytest.approx(both.mlm.item(), abs=1e-5)
    assert list(pretraining.ways(words)) == ["as in the paper", "always [MASK]", "without NSP"]
    tuned = [pretraining.pretrain(words, "as in the paper", 3, seed=1) for _ in range(2)]
    assert all(torch.equal(a, b) for a, b in zip(*(m.parameters() for m in tuned), strict=True))
