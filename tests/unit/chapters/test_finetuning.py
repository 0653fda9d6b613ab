"""Fine-tuning: four tasks with their labels, losses and figures, on a tiny model and examples of our own."""

import pytest
import torch

from chapters.ch06.finetuning import AnswerTask, Classify, Tag, task_of
from chapters.ch06.span_metrics import Span, entity_scores, spans
from course_kit.checkpoints import load_checkpoint
from course_kit.data.stories import LABELS, Labelled, Question, SentencePair, Tagged
from course_kit.text import WordPiece
from course_utils.bert import BertConfig
from course_utils.loss import IGNORED

NAMES = ("anna", "ben", "carla", "david")
GOOD, BAD = ("good", "nice", "fine"), ("bad", "poor", "awful")
TEXTS = [Labelled(f"the {thing} was {word} .", label) for thing in ("soup", "film", "game")
         for label, words in (("positive", GOOD), ("negative", BAD)) for word in words]  # fmt: skip
PAIRS = [SentencePair(f"{a} is in rome .", f"{a} is in {p} .", "follows" if p == "rome" else "contradicts")
         for a in NAMES for p in ("rome", "oslo", "bern", "rome")]  # fmt: skip
TAGGED = [Tagged((name, "met", "emma", "in", place, "."), ("B-person", "O", "B-person", "O", "B-place", "O"))
          for name in NAMES for place in ("rome", "oslo")]  # fmt: skip
ASKED = [Question(f"{a} is in {p}. {b} is in Bern.", f"where is {a}?", p, len(f"{a} is in "))
         for a in NAMES for b in NAMES if a != b for p in ("Rome", "Oslo")]  # fmt: skip
ASKED += [Question("anna is in Rome.", "where is ben?", "", -1)]


@pytest.fixture(scope="module")
def tokenizer():
    words = [e.text for e in TEXTS] + [f"{e.first} {e.second}" for e in PAIRS] + [" ".join(e.words) for e in TAGGED]
    return WordPiece.build(words + [f"{e.question} {e.context}" for e in ASKED], 200)


@pytest.fixture(scope="module")
def tasks(tokenizer):
    def splits(examples):
        return {"train": examples, "valid": examples[::2], "test": examples[::2]}

    return {
        "sentiment": Classify("sentiment", tokenizer, LABELS["sentiment"], splits(TEXTS)),
        "pairs": Classify("pairs", tokenizer, LABELS["pairs"], splits(PAIRS)),
        "entities": Tag("entities", tokenizer, LABELS["entities"], splits(TAGGED)),
        "questions": AnswerTask("questions", tokenizer, (), splits(ASKED)),
    }


@pytest.fixture(scope="module")
def config(tokenizer):
    return BertConfig(len(tokenizer), 32, 1, 2, 32, 40, dropout=0.0)


@pytest.mark.parametrize("name", ["sentiment", "pairs", "entities", "questions"])
def test_every_task_is_learned(tasks, config, name):
    task = tasks[name]
    model = task.model(config)
    before = task.measure(model, "test")[task.main]
    run = task.train(model, 150, lr=5e-3, size=16, evaluate=task.valid(), every=50)
    after = task.measure(model, "test")[task.main]
    assert after >= (0.55 if name == "questions" else 0.95) and after > before, (before, after)
    assert run.best.metrics.keys() == {task.main}


@pytest.mark.parametrize("name", ["sentiment", "entities", "questions"])
def test_padding_changes_no_loss(tasks, config, name):
    task = tasks[name]
    model = task.model(config).double().eval()
    inputs, targets = task.prepared("train")
    rows = list(zip(inputs[:4], targets[:4], strict=True))
    losses = [task.loss(model, task.collate(rows, length)).item() for length in (None, 38)]
    assert losses[0] == pytest.approx(losses[1], abs=1e-6)


def test_predictions(tasks, config):
    said = tasks["sentiment"].predict(tasks["sentiment"].model(config), ["the soup was good .", "bad ."])
    assert [set(x.probabilities) for x in said] == [{"negative", "positive"}] * 2
    assert all(abs(sum(x.probabilities.values()) - 1) < 1e-5 and x.probabilities[x.label] >= 0.5 for x in said)
    pair = tasks["pairs"].predict(tasks["pairs"].model(config), [("anna is in rome .", "ben is in rome .")])
    assert set(pair[0].probabilities) == set(LABELS["pairs"])
    tagged = tasks["entities"].predict(tasks["entities"].model(config), ["carla met davids in oslo"])[0]
    assert len(tagged.words) == len(tagged.tags) == len(tagged.probabilities) == 5


def test_a_tag_belongs_to_the_first_piece_of_a_word(tasks, tokenizer):
    task, example = tasks["entities"], Tagged(("annas", "met", "emma"), ("B-person", "O", "B-person"))
    found = task.inputs([example])[0]
    assert len(found) > 5
    labels = task.target(example, found)
    assert [x for x in labels if x != IGNORED] == [1, 0, 1] and labels[1] == 1 and labels[2] == IGNORED


def test_what_does_not_fit_is_said(tasks, tokenizer, config):
    wrong = Classify("own", tokenizer, ("negative", "positive"), {"train": [Labelled("it was good .", "neutral")]})
    with pytest.raises(ValueError):
        wrong.prepared("train")
    with pytest.raises(ValueError):
        tasks["sentiment"].predict(tasks["sentiment"].model(config), [""])
    uneven = Tag("own", tokenizer, LABELS["entities"], {"train": [Tagged(("anna", "."), ("B-person",))]})
    with pytest.raises(ValueError):
        uneven.prepared("train")
    with pytest.raises(ValueError, match="name"):
        task_of("translation", tokenizer)


def test_entities_are_whole_spans():
    tags = ["B-person", "I-person", "O", "B-place", "B-place", "I-person"]
    assert spans(tags) == [Span(0, 1, "person"), Span(3, 3, "place"), Span(4, 4, "place"), Span(5, 5, "person")]
    assert spans(["I-place", "I-place"]) == [
        Span(0, 1, "place")
    ]  # as conlleval: a beginning is missing, not the entity
    gold = [["B-person", "I-person", "O"], ["O", "B-place", "O"]]
    said = [["B-person", "O", "O"], ["O", "B-place", "B-place"]]
    scores = entity_scores(said, gold)  # 1 of 3 said is right, 1 of 2 gold is found
    assert scores == pytest.approx((1 / 3, 1 / 2, 0.4))
    assert entity_scores([["O"]], [["O"]]).f1 == 1.0 and entity_scores([["O"]], [["B-place"]]).f1 == 0.0
    with pytest.raises(ValueError):
        spans(["person"])


@pytest.mark.parametrize("name", ["sentiment", "entities"])
def test_a_model_of_nan_does_not_answer(name):
    loaded = load_checkpoint(f"bert-{name}")
    task = task_of(name, loaded.tokenizer)
    with torch.no_grad():
        for x in loaded.model.parameters():
            x.fill_(float("nan"))
    with pytest.raises(ValueError, match="logits"):
        task.measure(loaded.model, "test", 8)


def test_an_answer_is_found_where_it_is(tasks):
    task = tasks["questions"]
    for example, found in zip(ASKED, task.inputs(ASKED), strict=True):
        first, last = task.target(example, found)
        sure = torch.full((len(found), 2), -9.0)
        sure[first, 0] = sure[last, 1] = 9
        assert task.answer(sure, found).text == example.answer.lower() and (first == 0) == (example.start < 0)
    task = AnswerTask("questions", task.tokenizer, (), {}, max_length=8)
    with pytest.warns(UserWarning, match="longer than 8"):
        inputs = task.inputs(ASKED[:1])
    assert task.target(ASKED[0], inputs[0]) == (0, 0)  # the answer was cut off
