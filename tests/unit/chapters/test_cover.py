"""The cover tells what the trained model does."""

import in_node
import numpy as np
import pytest
import torch
from in_page import open_in_node

from chapters.ch00.labs import cover
from chapters.ch00.labs.cover import MODEL, OTHERS, SENTENCE, halves, study
from course_kit.checkpoints import load_checkpoint
from course_kit.decoding import translate


@pytest.fixture(scope="module")
def loaded():
    return load_checkpoint(MODEL)


def test_the_arcs_hardly_move_and_the_adjective_alone_decides(loaded):
    """What the cover's title asks and its caption promises, for the shipped model."""
    found = study(loaded, halves(SENTENCE))
    tokens = found.tokens[0]
    it, animal, adjective = tokens.index("it"), tokens.index("animal"), tokens.index("tired")
    looks = [w[it, animal] for w in found.weights]
    assert [w[it].argmax() for w in found.weights] == [animal, animal]
    assert abs(looks[0] - looks[1]) < 0.02
    assert found.words == ["il", "elle"] and min(found.shares[0][0], found.shares[1][1]) > 0.9
    for moved in found.moved:
        others = [m for i, m in enumerate(moved) if i != adjective]
        assert moved[adjective] > 0.9 and max(others) < 0.01


def test_it_says_what_the_translator_writes(loaded):
    found = study(loaded, halves(SENTENCE))
    said = translate(loaded, list(halves(SENTENCE)), beam=1)
    assert found.written == [one.tokens for one in said]
    assert all(np.allclose(w.sum(-1), 1, atol=1e-5) for w in found.weights)


@pytest.mark.parametrize("sentence", [SENTENCE, *OTHERS])
def test_the_word_that_decides_asks_what_it_means(loaded, sentence):
    """The end of the story: the same head, asked by the word that decides, turns from one noun to the other."""
    found = study(loaded, halves(sentence))
    best = [int(np.argmax(moved)) for moved in found.moved]
    nouns = [found.tokens[s][int(found.weights[s][best[s]].argmax())] for s in (0, 1)]
    assert best[0] == best[1] == found.tokens[0].index("too") + 1
    second = [tokens[5 if "cross" in sentence else 6] for tokens in found.tokens]
    assert nouns == (second if "street/bridge" in sentence else [found.tokens[0][1], second[1]])
    for s, texts in enumerate(found.rewritten):
        assert [found.words[1 - s] in text for text in texts] == [i == best[0] for i in range(len(texts))]
    if "/wide" in sentence:
        assert min(found.silenced) > 0.9  # an arc is no proof


def test_of_one_sentence_twice_nothing_is_asked(loaded):
    one, same = halves(SENTENCE)[0], study(loaded, (halves(SENTENCE)[0],) * 2)
    assert same.place == [] == same.moved and same.tokens[0] == loaded.source.cut(one)


def test_of_words_that_the_model_does_not_mean_nothing_is_asked(loaded):
    found = study(loaded, halves("The teacher thanked the zebra because it was so small/old."))
    assert found.place == [] and found.written[0] != found.written[1]


def test_sentences_that_become_the_same_are_shown_without_a_question(loaded):
    view = cover("The animal was very/so tired.", model=loaded)
    assert view.shown.place == [] or view.shown.words
    assert view.table()._repr_html_() and view.describe() and view.to_png().startswith(b"\x89PNG")


@pytest.mark.parametrize("wrong", ["no slash", "two/three/four.", "a/b and c/d.", "only/ one.", ""])
def test_without_two_words_to_compare_it_says_how_to_write_them(wrong):
    with pytest.raises(ValueError):
        cover(wrong)


def test_halves_of_unequal_length_are_refused(loaded):
    with pytest.raises(ValueError):
        study(loaded, ("the cat slept.", "the big cat slept."))


def test_the_view_says_it_in_words(loaded):
    view = cover(model=loaded)
    assert "“it” gives 0.45 of its attention to “animal”" in view.describe()
    assert [row[0] for row in view.table().rows] == loaded.source.cut(halves(SENTENCE)[0])
    assert torch.is_grad_enabled()


def test_a_page_answers_a_sentence_as_python_does():
    view = cover()
    text = "The trophy didn't fit in the box because it was too big/small."
    theirs = study(open_in_node(MODEL), halves(text))
    asked = "async (text, spec) => { const own = await load('chapters/ch00/labs/cover_study.js'); "
    found = in_node.evaluate(asked + "return own.study(it, own.twoOf(text), spec) }", text, view.spec())
    for name in ("tokens", "written", "place", "words", "rewritten"):
        assert found[name] == getattr(theirs, name)
    for name in ("shares", "moved", "silenced"):
        assert np.allclose(found[name], getattr(theirs, name), atol=1e-4), name
    assert np.allclose(found["weights"], np.stack(theirs.weights), atol=1e-4)
