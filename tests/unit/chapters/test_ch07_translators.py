"""A GPT that translates by going on, beside the translators of chapters 3 and 5."""

import pytest
import torch

from chapters.ch05.experiments import twins
from chapters.ch07 import translators
from chapters.ch07.labs.continuing import continuing, likeliest
from course_kit.checkpoints import load_checkpoint

GPT = translators.NAMES["GPT"]


def test_each_translator_says_each_sentence_and_the_table_tells_which_were_read():
    rows = translators.side_by_side(["Good morning!", "My mother bought a scarf yesterday and gave it to the lawyer."])
    assert [row["in training"] for row in rows] == ["seen", "new"]
    assert rows[0]["GPT"] == "bonjour !" and rows[1]["GPT"].startswith("ma mère a acheté")


@pytest.mark.parametrize("name", translators.NAMES.values())
def test_the_right_pronoun_is_the_likelier_one_of_the_two(name):
    found, (first, *_) = translators.right_pronouns(name, 8), twins.pairs(1)
    assert 50 <= found["sentences, %"] <= 100 and found["pairs, %"] <= found["sentences, %"]
    if name == GPT:
        begun = " ".join([*first.source, translators.TO_FRENCH, *first.target[: twins.where(first, "pronoun")]])
        loaded = load_checkpoint(name)
        logits = loaded.model(torch.tensor([loaded.tokenizer.encode(begun)]))[0, -1]
        right, other = logits[loaded.tokenizer.encode([first.twin.pronoun, first.twin.other_pronoun])]
        assert (translators.right_pronouns(name, 1)["sentences, %"] == 0) <= bool(right < other)


def test_the_drawing_says_each_step_and_its_bars_are_the_shares_of_the_model():
    loaded, line = load_checkpoint(GPT), "I am a student. <to-fr>"
    steps, view = likeliest(loaded, line), continuing(loaded, line)
    bars = [shape for shape in view.options["shapes"] if shape["shape"] == "bar"]
    assert [word for ((word, _), *_) in steps] == ["je", "suis", "étudiant", ".", "<eos>"]
    assert [bar["each"][0]["share"] for bar in bars] == [round(p, 4) for _, p in steps[0]]
    assert "i am a student . <to-fr>" in view.describe() and "je" in view.describe()
