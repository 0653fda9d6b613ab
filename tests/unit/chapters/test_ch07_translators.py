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


def test_a_pronoun_is_judged_behind_the_line_that_leads_to_it():
    loaded, right = load_checkpoint(GPT), []
    for one in twins.pairs(6):
        begun = " ".join([*one.source, translators.TO_FRENCH, *one.target[: twins.where(one, "pronoun")]])
        logits = loaded.model(torch.tensor([loaded.tokenizer.encode(begun)]))[0, -1]
        good, bad = logits[loaded.tokenizer.encode([one.twin.pronoun, one.twin.other_pronoun])].tolist()
        right.append(good > bad)
    assert translators.right_pronouns(GPT, 6) == twins.shares(right)


@pytest.mark.parametrize("name", translators.NAMES.values())
def test_each_translator_is_judged_on_pairs_of_twins(name):
    found = translators.right_pronouns(name, 8)
    assert 50 <= found["pairs, %"] <= found["sentences, %"] <= 100


def test_the_drawing_says_each_step_and_its_bars_are_the_shares_of_the_model():
    loaded, line = load_checkpoint(GPT), "I am a student. <to-fr>"
    steps, view = likeliest(loaded, line), continuing(loaded, line)
    bars = [shape for shape in view.options["shapes"] if shape["shape"] == "bar"]
    assert [word for ((word, _), *_) in steps] == ["je", "suis", "étudiant", ".", "<eos>"]
    assert [bar["each"][0]["share"] for bar in bars] == [round(p, 4) for _, p in steps[0]]
    assert "i am a student . <to-fr>" in view.describe() and "je" in view.describe()
