"""Few parameters that learn: which ones, how many, that they begin as nothing, and that the rest stays as it was."""

import pytest
import torch

from chapters.ch06.adapters import adalora, lora, on_twin, train_adalora
from chapters.ch06.finetuning import Classify, Tag
from course_kit.data.stories import Labelled
from course_kit.text import WordPiece
from course_utils.bert import BertConfig

WORDS = {"good": "positive", "nice": "positive", "bad": "negative", "poor": "negative"}
TEXTS = [Labelled(f"the {thing} was {word} .", label) for thing in ("soup", "film") for word, label in WORDS.items()]
D, LAYERS = 32, 2


@pytest.fixture(scope="module")
def task():
    tokenizer = WordPiece.build([e.text for e in TEXTS], 60)
    return Classify("sentiment", tokenizer, ("negative", "positive"), dict.fromkeys(("train", "valid", "test"), TEXTS))


@pytest.fixture(scope="module")
def encoder(task):
    return task.model(BertConfig(len(task.tokenizer), D, LAYERS, 2, D, 24, dropout=0.0)).bert


def logits(task, model):
    return torch.stack(task.outputs(model, task.prepared("test")[0]))


def unchanged(model, before):
    now = dict(model.named_parameters())
    return all(torch.equal(now[name], x) for name, x in before.items())


def test_lora_by_peft_on_our_module(task, encoder):
    plain = task.model(encoder)
    model = lora(task.model(encoder), rank=2)
    assert torch.allclose(logits(task, model), logits(task, plain), atol=1e-6)
    assert sum(p.numel() for p in model.parameters() if p.requires_grad) == LAYERS * 2 * (2 * D * 2) + 2 * D + 2
    base = {n: p.clone() for n, p in model.named_parameters() if not p.requires_grad}
    task.train(model, 60, lr=2e-2, size=8)
    assert unchanged(model, base) and task.measure(model, "test")["accuracy"] == 1.0
    said = logits(task, model)
    merged = model.merge_and_unload()
    assert torch.allclose(logits(task, merged), said, atol=1e-4)
    assert type(merged) is type(plain) and set(dict(merged.named_parameters())) >= set(
        dict(merged.bert.named_parameters("bert"))
    )


def test_adalora_by_peft_on_the_twin(task, encoder):
    plain, steps = task.model(encoder), 60
    model = adalora(plain, steps, rank=2)
    assert torch.allclose(logits(on_twin(task), model), logits(task, plain), atol=1e-5)
    base = {n: p.clone() for n, p in model.named_parameters() if not p.requires_grad}
    train_adalora(task, model, steps, lr=5e-2, size=8)
    assert unchanged(model, base) and on_twin(task).measure(model, "test")["accuracy"] >= 0.75
    ranks = [int((p != 0).sum()) for n, p in model.named_parameters() if "lora_E" in n]
    assert len(ranks) == 2 * LAYERS and sum(ranks) == 2 * LAYERS * 2  # began with 3 each, were left with 2 on average
    with pytest.raises(ValueError):
        on_twin(Tag("own", task.tokenizer, ("O",)))
