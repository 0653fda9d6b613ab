"""Texts to learn from: which files are read, how they are cut, and what a lesson measures."""

import math

import pytest
import torch
from torch import nn

from chapters.ch07 import language
from chapters.ch07.language import TextLesson, load_text
from course_kit import fetching
from course_kit.text import BytePairs


class Even(nn.Module):
    """A model that finds every token equally likely."""

    def __init__(self, size):
        super().__init__()
        self.size, self.scale = size, nn.Parameter(torch.zeros(()))

    def forward(self, ids):
        return torch.zeros(*ids.shape, self.size) + self.scale


def test_an_unknown_name_says_what_there_is():
    with pytest.raises(ValueError, match="shakespeare"):
        load_text("goethe")


def test_shakespeare_is_cut_as_nanogpt_cuts_it(monkeypatch):
    content = "First Citizen:\n" * 1000
    monkeypatch.setattr(fetching, "read", lambda name: content)
    text = load_text("shakespeare")
    assert text.train == content[: int(0.9 * len(content))] and text.train + text.valid == content
    assert text.licence == "public domain"


def test_our_sentences_need_no_network_and_share_nothing_between_the_parts():
    text = load_text("sentences")
    assert len(text.train) > 1_000_000 and len(text.valid) > 50_000
    assert not set(text.train.splitlines()) & set(text.valid.splitlines())


@pytest.fixture
def lesson():
    text = language.Text("small", "abcde\n" * 50, "edcba\n" * 9)
    return TextLesson(text, block=7, rows=3)


def test_a_batch_holds_windows_of_the_training_part_and_depends_on_its_generator_alone(lesson):
    first, again = (lesson.batch(torch.Generator().manual_seed(1)) for _ in range(2))
    assert first.shape == (3, 8) and torch.equal(first, again)
    assert all(lesson.tokenizer.decode(row) in lesson.text.train for row in first)
    many = [lesson.batch(torch.Generator().manual_seed(i)) for i in range(300)]
    assert {tuple(row) for ids in many for row in ids.tolist()} == {
        tuple(lesson.train_ids[i : i + 8].tolist()) for i in range(6)
    }


def test_each_held_out_token_but_the_first_is_predicted_once(lesson):
    windows = lesson.windows()
    assert torch.equal(torch.cat([w[:, 1:].flatten() for w in windows]), lesson.valid_ids[1:])
    assert [len(w) for w in lesson.windows(count=3)] == [3]


def test_an_undecided_model_loses_ln_v(lesson):
    model = Even(len(lesson.tokenizer)).train()
    assert lesson.valid_loss(model) == pytest.approx(lesson.uniform_loss, abs=1e-6)
    assert model.training
    assert lesson.uniform_loss == pytest.approx(math.log(6 + 4))
    assert lesson.bits_per_character(lesson.uniform_loss) == pytest.approx(math.log2(10))


def test_counting_pairs_knows_what_follows_in_the_training_part():
    lesson = TextLesson(language.Text("same", "abcde\n" * 5000, "abcde\n" * 100), block=7)
    assert lesson.bigram_loss() < 0.01
    turned = TextLesson(language.Text("turned", "abcde\n" * 5000, "edcba\n" * 100), block=7)
    assert turned.bigram_loss() > lesson.uniform_loss


def test_a_text_shorter_than_a_window_says_what_to_do():
    with pytest.raises(ValueError, match="block"):
        TextLesson(language.Text("small", "abcde\n", "ab"), block=7)
    with pytest.raises(ValueError, match="rows"):
        TextLesson(language.Text("small", "abcde\n", "ab"), block=2, rows=0)


def test_bits_of_a_character_count_all_tokens_of_the_text():
    text = language.Text("small", "abcde\n" * 50, "edcba\n" * 9)
    lesson = TextLesson(text, BytePairs.build([text.train], 262), block=7)
    assert lesson.bits_per_character(math.log(2)) == pytest.approx(len(lesson.tokenizer.encode(text.valid)) / 54)
