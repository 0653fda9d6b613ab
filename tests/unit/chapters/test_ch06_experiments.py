"""Chapter 6's experiments: silenced heads leave no trace, tables hold what they say, what was recorded is as told."""

import dataclasses
import json
import shutil

import pytest
import torch

from chapters.ch06.experiments import pretraining, tasks
from chapters.ch06.experiments.tasks import (
    begin,
    gap_without,
    heads_of,
    new_words,
    pretraining_loss_of_heads,
    silenced,
    spread,
    task_loss_of_heads,
    without_learning,
)
from chapters.ch06.finetuning import Classify, task_of
from chapters.ch06.lesson import BertLesson
from course_kit import files, results
from course_kit.data import stories
from course_kit.data.stories import Labelled, Story
from course_tools.recipes.checkpoints import train
from course_utils.bert import BertConfig, BertForPreTraining, pretraining_loss
from course_utils.checkpoints import folder, load_checkpoint
from course_utils.text import WordPiece

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


def test_a_gap_is_filled_without_a_head(model, tokenizer, monkeypatch):
    lesson, told = BertLesson(tokenizer, dict.fromkeys(("train", "valid"), STORIES)), []
    monkeypatch.setattr(tasks, "silenced", lambda bert, heads: told.extend(heads) or silenced(bert, told))
    text = gap_without(lesson, model, ("the [MASK] was good .", "the film ."), [(0, 1), (1, 0)])
    with silenced(model.bert, [(1, 2), (2, 1)]):
        filled = lesson.fill(model, "the [MASK] was good .", "the film .")
    word, p = filled.top(filled.masks[0])[0]
    assert told == [(1, 2), (2, 1)] and text.startswith(f"<b>{word}</b> {p:.2f}, ") and "B follows: 0." in text


def test_a_recorded_mean_is_told_with_its_range():
    assert spread({"mean": 0.5, "lowest": 0.25, "highest": 1}) == "50.0 (25.0 to 100.0)"


def test_every_head_is_measured(model, tokenizer):
    lesson = BertLesson(tokenizer, dict.fromkeys(("train", "valid"), STORIES))
    table = pretraining_loss_of_heads(lesson, model, count=64)
    assert [row["head"] for row in table] == ["1.1", "1.2", "2.1", "2.2"] and heads_of(model.bert)[2] == (
        "encoder",
        2,
        1,
    )
    with silenced(model.bert, [(1, 2)]):
        found = lesson.measure(model, "valid", 64)
    lost = lesson.measure(model, "valid", 64)["MLM accuracy"] - found["MLM accuracy"]
    assert table[1]["MLM lost"] == pytest.approx(lost, abs=1e-4)


def test_from_scratch_and_pretrained_side_by_side(model, tokenizer):
    task = Classify("own", tokenizer, ("negative", "positive"), dict.fromkeys(("train", "valid", "test"), TEXTS))
    scratch, pretrained = (begin(task, model.bert, start) for start in tasks.STARTS)
    assert torch.equal(pretrained.bert.pooler.weight, model.bert.pooler.weight)
    assert not torch.equal(scratch.bert.pooler.weight, model.bert.pooler.weight)
    assert scratch.bert.config == pretrained.bert.config == model.bert.config
    lost = task_loss_of_heads(task, pretrained)
    assert len(lost) == 4 and all(-1 <= row["accuracy lost"] <= 1 for row in lost)


def test_pretraining_helps_in_all_four_tasks_as_recorded():
    found = results.load("bert_tasks")
    assert found["seeds"] >= 3 and set(found["tasks"]) == {"sentiment", "pairs", "entities", "questions"}
    for task in found["tasks"].values():
        for split in ("valid", "test"):
            scratch, trained = (task[start][split] for start in ("from scratch", "pre-trained"))
            assert len(scratch["each"]) == len(trained["each"]) == found["seeds"]
            assert trained["mean"] > scratch["mean"], (task, split)


def test_pretraining_spares_labels_as_recorded():
    found = results.load("bert_labels")
    for start, by_count in found["starts"].items():
        assert list(by_count) == ["20", "100", "500", "2000"], start
        assert all(
            len(row[split]["each"]) == found["seeds"] for row in by_count.values() for split in ("valid", "test")
        )
    scratch, trained = (found["starts"][start]["2000"] for start in tasks.STARTS)
    assert all(trained[split]["mean"] > scratch[split]["mean"] for split in ("valid", "test"))


def test_the_same_answer_always_is_what_a_model_has_to_beat(tokenizer):
    assert without_learning(Classify("own", tokenizer, ("negative", "positive"), {"test": TEXTS[:3]})) == 0.5 + 1 / 6
    assert without_learning(task_of("entities", tokenizer), "test") == 0
    questions = task_of("questions", tokenizer)
    questions.max_length = 400
    empty = [not e.answer for e in questions.examples("test")]
    assert without_learning(questions, "test") == pytest.approx(sum(empty) / len(empty)) and any(empty)


def test_new_words_are_those_of_the_test_alone(tokenizer):
    own = {"train": [Labelled("The soup was bad.", "negative")], "test": [Labelled("The pie was BAD.", "negative")]}
    assert new_words(Classify("own", tokenizer, ("negative", "positive"), own)) == {"pie"}
    assert "lincoln" in new_words(task_of("entities", tokenizer))


def test_minilm_learns_reviews_as_recorded():
    found = results.load("minilm_sst2")
    assert found["accuracy"] >= 0.88 and found["cpu seconds"] <= 240 and found["test"] == 872
    assert found["before"] < 0.6


def test_what_is_shipped_for_each_task_is_small_and_not_far_from_full_fine_tuning():
    recorded = results.load("bert_tasks")["tasks"]
    for name, full in recorded.items():
        card = json.loads((folder() / f"bert-{name}.json").read_text("utf-8"))
        whole = name == "questions"
        assert card["weights"]["bytes"] < (3_000_000 if whole else 60_000)
        assert card["training"]["recipe"]["start"] == "bert-stories"
        assert ("base" in card) != whole
        figure = card["metrics"][f"test_{full['main'].lower().replace(' ', '_')}"]
        assert full["from scratch"]["test"]["mean"] < figure and figure > full["pre-trained"]["test"]["mean"] - 0.06


def test_adapters_cost_little_as_recorded():
    found = results.load("bert_adapters")
    for task in found["tasks"].values():
        parameters = {row["what learns"]: row["parameters"] for row in task["rows"]}
        assert parameters["LoRA"] < parameters["adapters"] < parameters["all"] / 10
        assert all(len(row["test"]["each"]) == found["seeds"] for row in task["rows"])


@pytest.mark.parametrize(("name", "most"), [("bert-entities", 60_000), ("bert-questions", 3_000_000)])
def test_a_fine_tuned_checkpoint_is_made_by_its_recipe(name, most, monkeypatch, tmp_path):
    corpus = name.removeprefix("bert-")
    stories.load(corpus)  # read before the folder changes
    there = tmp_path / "data" / "checkpoints"
    there.mkdir(parents=True)
    for kind in ("json", "safetensors"):
        shutil.copy(folder() / f"bert-stories.{kind}", there)
    monkeypatch.setattr(files, "course_folder", lambda: tmp_path)
    monkeypatch.setattr("course_utils.files.course_folder", lambda: tmp_path)
    monkeypatch.setitem(train.RECIPES, name, dataclasses.replace(train.RECIPES[name], every=3))
    train.train(name, steps=6)
    loaded = load_checkpoint(name)
    assert (there / f"{name}.safetensors").stat().st_size < most
    assert loaded.card["data"]["corpus"] == f"data/stories/{corpus}.gz"
    task = task_of(corpus, loaded.tokenizer)
    task.max_length = loaded.model.config.max_length
    assert task.measure(loaded.model, "test")["F1"] == pytest.approx(loaded.card["metrics"]["test_f1"], abs=1e-4)


def test_the_pretrained_checkpoint_knows_both_tasks_and_the_curriculum_s_sentences():
    loaded = load_checkpoint("bert-stories")
    lesson = BertLesson(loaded.tokenizer, longest=2)
    found = lesson.measure(loaded.model, "valid", 256)
    assert found["MLM accuracy"] > 0.7 and found["NSP accuracy"] > 0.9
    first = "The man went to the store."
    goes_on, breaks_off = lesson.follows(
        loaded.model, [(first, "He bought a gallon of milk."), (first, "Penguins are flightless birds.")]
    )
    assert goes_on > 0.9 and breaks_off < 0.1
    assert (folder() / "bert-stories.safetensors").stat().st_size < 3e6


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


def test_words_right_counts_masked_and_visible_words_apart(tokenizer):
    words = BertLesson(tokenizer, {"train": STORIES, "valid": STORIES})
    model = words.model()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        model.output.bias[tokenizer.tokenizer.token_to_id("the")] = 5.0
    found = pretraining.words_right(words, model)
    assert 0 < found["at [MASK]"] < 0.5 and 0 < found["at visible words"] < 0.5  # "the" is a part of all words


def test_pretraining_without_its_parts_as_recorded():
    found = results.load("bert_pretraining")
    assert found["seeds"] >= 3 and list(found["ways"]) == ["as in the paper", "always [MASK]", "without NSP"]
    assert all(len(one["each"]) == found["seeds"] for way in found["ways"].values() for one in way.values())
