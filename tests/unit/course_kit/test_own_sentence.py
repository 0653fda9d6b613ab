"""What a view tells its page of the model that answers a reader's own sentence."""

import dataclasses

import pytest
import torch

from chapters.ch06 import labs as bert_labs
from chapters.ch07 import labs as gpt_labs
from course_kit.checkpoints import load_checkpoint
from course_kit.views.alignment import alignment
from course_kit.views.heads import heads

SAID = (["the", "dog"], ["le", "chien"], torch.eye(2))
NAME = "seq2seq-attention-en-fr-grammar"


def test_it_says_what_the_model_was_trained_on_and_how_much_there_is_room_for():
    own = alignment(SAID, model=NAME).options["own"]
    assert own["models"] == [NAME]
    assert own["text"] == "the dog"
    assert own["room"] == 64
    assert "20,000 English–French sentence pairs" in own["about"]
    pieces = alignment((["▁the", "▁do", "g"], ["▁le"], torch.ones(1, 3) / 3), model="transformer-en-fr").options["own"]
    assert pieces["text"] == "the dog"
    assert "sentence pairs of tatoeba.org" in pieces["about"]
    assert "Knows 4,000 word pieces" in pieces["about"]


def test_only_a_view_that_is_asked_tells_its_page_of_a_model():
    assert "own" in alignment(SAID, model=NAME).options
    assert "own" not in alignment(SAID).options
    lesson = dataclasses.replace(load_checkpoint(NAME), card={})  # trained here: no file that a page could load
    for nobody in (lesson, None):
        assert "own" not in alignment(SAID, model=nobody).options


def test_it_refuses_what_the_page_could_not_answer():
    with pytest.raises(FileNotFoundError):
        alignment(SAID, model="seq2seq-attention-en-fr-gramma")
    with pytest.raises(ValueError):
        alignment(SAID, model="seq2seq-plain-en-fr-grammar")
    maps = {"encoder": [torch.eye(2)[None]], "source": [torch.eye(2)[None]]}
    with pytest.raises(ValueError):
        heads(maps, ["the", "dog"], model="transformer-grammar")


def test_a_model_must_be_there_and_alone():
    with pytest.raises(FileNotFoundError, match="There is no checkpoint 'gpt-5'"):
        gpt_labs.sampling([1.0, 2.0], list("ab"), model="gpt-5")
    two = {"a": torch.eye(2), "b": torch.eye(2)}
    with pytest.raises(ValueError, match="beside 2 predictions; needed: the predictions of that model alone"):
        bert_labs.predictions(["a", "b"], two, ["a", "b"], model="bert-stories")
