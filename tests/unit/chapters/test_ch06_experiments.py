"""Chapter 6's experiments: silenced heads leave no trace, tables hold what they say, what was recorded is as told."""

import dataclasses
import shutil

import pytest
import torch

from chapters.ch06.experiments import pretraining, tasks
from chapters.ch06.experiments.tasks import begin
from chapters.ch06.finetuning import Classify, task_of
from chapters.ch06.lesson import BertLesson
from course_kit import files
from course_kit.checkpoints import folder, load_checkpoint
from course_kit.data import stories
from course_kit.data.stories import Labelled, Story
from course_kit.heads import silenced
from course_kit.text import WordPiece
from course_tools.recipes.checkpoints import train
from course_utils.bert import BertConfig, BertForPreTraining, pretraining_loss

WORDS = {"good": "positive", "nice": "positive", "bad": "negative", "poor": "negative"}
TEXTS = [Labelled(f"the {thing} was {word} .", label) for thing in ("soup", "film") for word, label in WORDS.items()]
STORIES = [
    Story((f"the {a} was good .", f"the {a} was nice .", f"the {a} was fine .")) for a in ("soup", "film", "game")
]


@pytest.fixture(scope="module")
def tokenizer():
    return WordPiece.build([e.text for e in TEXTS] + [s for story in STORIES for s in story.sentences], 80)


@pytest.fixture(scope="module")
def model(tokenizer):
    torch.manual_seed(7)
    return BertForPreTraining(BertConfig(len(tokenizer), 16, 2, 2, 16, 40, dropout=0.0)).eval()


def test_a_silenced_head_writes_nothing_and_leaves_no_trace(model, tokenizer):
    ids = torch.tensor([[tokenizer.cls, *tokenizer.encode("the soup was good ."), tokenizer.sep]])
    with torch.no_grad():
        before = model.bert(ids).hidden
        with silenced(model.bert, [(1, 2)]):
            without = model.bert(ids).hidden
        again = model.bert(ids).hidden
        columns = model.bert.blocks[0].attention.out.weight[:, 8:].clone()  # what head 2 of layer 1 writes with
        model.bert.blocks[0].attention.out.weight[:, 8:] = 0
        by_weights = model.bert(ids).hidden
        model.bert.blocks[0].attention.out.weight[:, 8:] = columns
    assert torch.equal(before, again) and not torch.allclose(before, without, atol=1e-4)
    assert torch.allclose(without, by_weights, atol=1e-6)
    for wrong in ((0, 1), (3, 1), (1, 3)):
        with pytest.raises(ValueError), silenced(model.bert, [wrong]):
            pass


def test_from_scratch_and_pretrained_side_by_side(model, tokenizer):
    task = Classify("own", tokenizer, ("negative", "positive"), dict.fromkeys(("train", "valid", "test"), TEXTS))
    scratch, pretrained = (begin(task, model.bert, start) for start in tasks.STARTS)
    assert torch.equal(pretrained.bert.pooler.weight, model.bert.pooler.weight)
    assert not torch.equal(scratch.bert.pooler.weight, model.bert.pooler.weight)
    assert scratch.bert.config == pretrained.bert.config == model.bert.config


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
