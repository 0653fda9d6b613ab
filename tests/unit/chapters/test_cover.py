"""The cover tells what the trained model does."""

import copy

import numpy as np
import pytest
import torch
from helpers import in_node
from helpers.in_page import open_in_node

from chapters.ch00.labs import cover
from chapters.ch00.labs.cover import ANIMAL, COW, GENDERS, LARGER, MODEL, NOTES, study
from course_kit.checkpoints import load_checkpoint
from course_kit.decoding import translate
from course_kit.heads import heads_of, silenced
from course_kit.models.attending import attend_by

LIONESS = "The lioness didn't cross the bridge because it was too tired."


@pytest.fixture(scope="module")
def loaded():
    return load_checkpoint(MODEL)


def test_without_attention_the_cow_is_il(loaded):
    found = study(loaded, COW)
    (elle, _), (without, il) = found.shares
    assert found.words == ["elle", "il"] and elle > 0.9 and without < 0.05 and il > 0.8
    assert "fatiguée" in found.written[0] and "fatigué" in found.written[1]


def test_the_animal_keeps_its_french_and_is_less_sure(loaded):
    found = study(loaded, ANIMAL)
    assert found.written[0] == found.written[1] and found.words[0] == "il"
    assert found.shares[0][0] - found.shares[1][0] > 0.15


def alone(q, k, v, *rest):
    return v, None


def alike(q, k, v, *rest):
    return v.mean(1, keepdim=True).expand_as(v), None


@pytest.mark.parametrize(
    ("sentence", "way", "pronoun"),
    [(COW, alone, "il"), (COW, alike, "il"), (LIONESS, alone, "il"), (LIONESS, alike, "il"), (ANIMAL, alone, "elle")],
)
def test_switched_off_in_other_ways_the_pronoun_is_wrong_too(loaded, sentence, way, pronoun):
    """Each word attends to itself alone, or to all words alike."""
    changed = copy.deepcopy(loaded)
    for block in changed.model.encoder:
        attend_by(block.attention, way)
    said = translate(changed, [sentence], beam=1)[0].tokens
    assert pronoun in said and pronoun not in translate(loaded, [sentence], beam=1)[0].tokens


def test_without_attention_who_is_too_tired_is_il_whatever_the_nouns(loaded):
    nouns = "animal cow horse dog lioness turtle frog mare mule hen goat donkey panther giraffe goose"
    places = "street bridge river road stream desert path boulevard square field"
    sentences = [
        f"The {one} didn't cross the {other} because it was too tired."
        for one in nouns.split()
        for other in places.split()
    ]
    with silenced(loaded.model, heads_of(loaded.model, "encoder")):
        said = [one.tokens for one in translate(loaded, sentences, beam=1)]
    assert len(said) == 150 and all("il" in one and "elle" not in one for one in said)


def test_it_says_what_the_translator_writes(loaded):
    for sentence in GENDERS:
        found = study(loaded, sentence)
        with silenced(loaded.model, heads_of(loaded.model, "encoder")):
            without = translate(loaded, [sentence], beam=1)
        assert found.written == [one.tokens for one in (*translate(loaded, [sentence], beam=1), *without)]
        assert np.allclose(found.weights.sum(-1), 1, atol=1e-5)


@pytest.mark.parametrize("sentence", [*GENDERS, "The animal didn't cross the street because it was too wide."])
def test_the_adjective_alone_brings_the_word_back(loaded, sentence):
    found = study(loaded, sentence)
    best = int(np.argmax(found.given))
    assert found.tokens[best] in ("tired", "wide") and found.rewritten[best] == found.written[0]
    assert found.given[best] > found.shares[0][0] - 0.01
    assert found.weights[best].max() > 0.85  # on the noun that it describes


@pytest.mark.parametrize("sentence", GENDERS)
def test_the_line_in_the_picture_names_the_word_that_it_gives_most(loaded, sentence):
    found = study(loaded, sentence)
    it = found.weights[found.tokens.index("it")]
    assert f"most to “{found.tokens[it.argmax()]}”" in NOTES[sentence] and found.words[0] in NOTES[sentence]


def test_the_view_says_it_in_words():
    view = cover()
    assert "gives 0.39 of its attention to “bridge”" in view.describe()
    alone = cover(lists=False)
    assert len(alone.table().header) == 2 < len(view.table().header)
    assert torch.is_grad_enabled()


@pytest.mark.parametrize(
    ("text", "model"),
    [("The lioness didn't cross the boulevard because it was too old.", MODEL),
     pytest.param("The robot couldn't open the door.", LARGER, marks=pytest.mark.weekly)],
)  # fmt: skip
def test_a_page_answers_a_sentence_as_python_does(text, model):
    view = cover()
    theirs = study(open_in_node(model), text)
    asked = "async (text, spec) => { const own = await load('chapters/ch00/labs/cover_study.js'); "
    found = in_node.evaluate(asked + "return own.study(it, text, spec) }", text, view.spec())
    for name in ("tokens", "written", "place", "words", "rewritten"):
        assert str(found[name]).replace("▁", "") == str(getattr(theirs, name)).replace("▁", "")  # begins a word
    for name in ("shares", "given", "weights"):
        assert np.allclose(found[name], getattr(theirs, name), atol=1e-4), name
