"""Pre-training in class: pairs and masks as they should be, padding that changes nothing, a model that learns."""

import pytest
import torch

from chapters.ch06 import lesson as bert_lesson
from chapters.ch06.lesson import BertLesson
from chapters.ch06.pairs import Masked, encode
from course_kit.data.stories import Story

TINY = {"size": 16, "layers": 1, "heads": 2, "hidden": 16}
NAMES = ("anna", "ben", "carla", "david", "emma", "frank")
STORIES = [
    Story((f"{name} went to the {place} .", f"in the {place} {name} met a friend .", f"{name} left the {place} ."))
    for name in NAMES
    for place in ("bank", "market", "park", "school")
]


@pytest.fixture(scope="module")
def lesson():
    return BertLesson(examples={"train": STORIES[:18], "valid": STORIES[18:], "test": STORIES[18:]})


def test_half_of_the_pairs_follow(lesson):
    generator, whole = torch.Generator().manual_seed(0), [str(sum(story, []))[1:-1] for story in lesson.ids("train")]
    found = lesson.pairs("train", generator, 400)
    for first, second, label in found:
        assert all(any(str(half)[1:-1] in story for story in whole) for half in (first, second))
        if label == 0:
            assert any(str(first + second)[1:-1] in story for story in whole)
    assert 160 < sum(label for *_, label in found) < 240


def test_a_batch_asks_for_15_percent_and_never_for_cls_sep_or_padding(lesson):
    batch = lesson.batch(torch.Generator().manual_seed(0), 400)
    assert (
        isinstance(batch, Masked) and batch.ids.shape == batch.labels.shape == batch.mask.shape == batch.segments.shape
    )
    special = (batch.ids == lesson.tokenizer.cls) | (batch.ids == lesson.tokenizer.sep)
    asked = batch.labels != -100
    assert not (asked & ~batch.mask).any()
    assert not torch.isin(batch.labels[asked], torch.tensor([lesson.tokenizer.cls, lesson.tokenizer.sep, 0])).any()
    words = batch.mask.sum() - 3 * 400
    assert 0.13 < asked.sum() / words < 0.17
    assert (batch.ids[:, 0] == lesson.tokenizer.cls).all() and (special.sum(1) >= 3).all()
    assert (batch.segments[~batch.mask] == 0).all()
    first = batch.segments.diff(dim=1).clamp_min(0).argmax(1)  # the [SEP] before segment 1
    assert (batch.ids[torch.arange(400), first] == lesson.tokenizer.sep).all()


def test_the_loss_is_that_of_the_logits_at_masked_places(lesson):
    model, batch = lesson.model(**TINY).eval(), lesson.batch(torch.Generator().manual_seed(0), 6)
    output = model(batch.ids, batch.segments, batch.mask)
    mlm = torch.nn.functional.cross_entropy(output.mlm_logits.flatten(0, 1), batch.labels.flatten())
    nsp = torch.nn.functional.cross_entropy(output.nsp_logits, batch.nsp)
    assert bert_lesson.loss(model, batch).item() == pytest.approx((mlm + nsp).item(), abs=1e-5)


def test_a_batch_without_a_mask_counts_for_the_next_sentence_only(lesson):
    model, batch = lesson.model(**TINY), lesson.batch(torch.Generator().manual_seed(0), 4)
    nothing = batch._replace(labels=torch.full_like(batch.labels, -100))
    value = bert_lesson.loss(model, nothing)
    value.backward()
    assert value.isfinite() and model.next_sentence.weight.grad.abs().sum() > 0


def test_training_gets_better_and_resumes_to_the_same(lesson):
    whole, parts = lesson.model(**TINY), lesson.model(**TINY)
    before = lesson.measure(whole, "train", 64)
    schedule = {"schedule": None, "lr": 1e-2, "size": 8}
    lesson.train(whole, 60, **schedule)
    run = lesson.train(parts, 25, **schedule)
    lesson.train(parts, 60, resume=run, **schedule)
    assert all(torch.equal(a, b) for a, b in zip(whole.parameters(), parts.parameters(), strict=True))
    after = lesson.measure(whole, "train", 64)
    assert after["MLM accuracy"] > before["MLM accuracy"] + 0.2 and after["MLM loss"] < before["MLM loss"] - 1
    assert whole.training


def test_measuring_is_repeatable_and_leaves_the_model_as_it_was(lesson):
    model = lesson.model(**TINY)
    figures = [lesson.measure(model, "valid", 64) for _ in range(2)]
    assert figures[0] == figures[1] and model.training
    assert figures[0]["loss, both"] == pytest.approx(figures[0]["MLM loss"] + figures[0]["NSP loss"])


def test_filling_in_and_following(lesson):
    model = lesson.model(**TINY)
    filled = lesson.fill(model, "anna went to the [MASK] .", "in the market anna met a friend .")
    assert filled.tokens[filled.masks[0]] == "[MASK]" and len(filled.masks) == 1
    assert filled.probabilities.shape == (len(filled.tokens), len(lesson.tokenizer))
    assert torch.allclose(filled.probabilities.sum(-1), torch.ones(len(filled.tokens)))
    top = filled.top(filled.masks[0], 3)
    assert len(top) == 3 and top[0][1] >= top[1][1] and top[0][0] in filled.words
    pairs = [("anna went .", "anna left ."), ("a friend", "in the bank anna met a friend .")]
    alone, together = lesson.follows(model, pairs[:1])[0], lesson.follows(model, pairs)[0]
    assert alone == pytest.approx(together, abs=1e-6) and 0 < alone < 1


def test_each_word_is_covered_in_turn(lesson):
    model, read = lesson.model(**TINY), encode(lesson.tokenizer, "anna went to the bank .", "ben left .")
    gaps = lesson.gaps(model, read)
    assert gaps.shape == (len(read), len(lesson.tokenizer)) and model.training
    covered = read.tokens.index("to")
    filled = lesson.fill(model, "anna went [MASK] the bank .", "ben left .")
    assert torch.allclose(gaps[covered], filled.probabilities[covered], atol=1e-6)


def test_what_was_told_in_training_is_known_by_the_sentence(lesson):
    told, held_out = (lesson.examples(split)[0].sentences[0] for split in ("train", "valid"))
    assert (
        lesson.seen(told)
        and lesson.seen(told.lower().removesuffix("."))
        and not lesson.seen(told.replace(" ", "  ", 1))
        and lesson.seen(held_out) == any(held_out in story.sentences for story in lesson.examples("train"))
    )


def test_words_are_counted_where_the_input_is_masked(lesson):
    model = lesson.model(**TINY)
    found = lesson.masked_right({"a": model, "b": model}, "valid", 64)
    batch = lesson.batch(torch.Generator().manual_seed(1), 64, "valid")
    masked = batch.ids == lesson.tokenizer.mask
    true = batch.labels[masked]
    with torch.no_grad():
        said = model.eval()(batch.ids, batch.segments, batch.mask).mlm_logits[masked].argmax(-1)
    assert found["a"] == found["b"] == pytest.approx((said == true).float().mean().item())
    assert found["always the same answer"] == pytest.approx(true.bincount().max().item() / len(true))
