"""Making a checkpoint: a training that is killed goes on and comes to the same; the card says how it was made."""

import math
from pathlib import Path

import pytest

import course
from chapters.ch03 import tatoeba
from chapters.ch07 import language, optimizers
from course_kit import checkpoints, fetching, files
from course_kit.runs import state
from course_kit.text import BytePairs
from course_tools.recipes.checkpoints import train
from course_tools.recipes.checkpoints.language import LanguageRecipe
from course_tools.recipes.checkpoints.translation import Recipe
from course_utils.gpt import GPT, GPTConfig
from course_utils.transformer import Transformer, TransformerConfig

PAIRS = [(f"i have {n} cats.", f"j'ai {n} chats.") for n in range(40)] + [("a b c", "d e")]
TINY = Recipe("tatoeba", "en-fr", ("words", 60), ("subwords", 90), {"size": 8, "dropout": 0.2}, steps=6,
              tokens=120, every=2, warm_up=2)  # fmt: skip

WORDS = "the old cat sees a small dog and it runs home again\n"
PROSE = WORDS * 40, WORDS * 4, "held out: Jane Eyre", "free", "its author"
WRITER = LanguageRecipe("books", {"size": 16, "layers": 1, "heads": 2, "context": 24}, 4, rows=3,
                        every=2, subwords=280, valid=2, optimizer="muon", openings=("The captain", "\n", "猫"),
                        sampling={"max_new_tokens": 5, "top_p": 0.9})  # fmt: skip


@pytest.fixture(autouse=True)
def small_world(monkeypatch, tmp_path):
    """A corpus of 41 pairs, a recipe of six steps, and folders of our own."""
    monkeypatch.setattr(tatoeba, "load", lambda pair, split: PAIRS if split == "train" else PAIRS[:9])
    monkeypatch.setitem(train.RECIPES, "tiny", TINY)
    monkeypatch.setattr(files, "course_folder", lambda: tmp_path)
    monkeypatch.setattr("course_kit.files.course_folder", lambda: tmp_path)
    return tmp_path


def test_a_checkpoint_is_trained_measured_and_says_how(capsys):
    path = train.train("tiny")
    card = checkpoints.load_checkpoint("tiny").card
    assert path == checkpoints.folder() / "tiny.json"
    assert card["data"] | {"train_pairs": 41, "licence": "CC BY 2.0 FR"} == card["data"]
    assert card["training"]["command"] == "course train tiny"
    assert card["training"]["recipe"]["model"] == {"size": 8, "dropout": 0.2}
    assert card["metrics"]["test_sentences"] == 9
    assert {"valid_bleu_greedy", "test_bleu_beam_1", "test_bleu_beam_4"} <= set(card["metrics"])
    assert len(card["samples_not_selected"]) == 9
    assert checkpoints.load_checkpoint("tiny").was_seen("I have 7 cats.")
    assert "held-out BLEU" in capsys.readouterr().out
    train.train("tiny")  # finished: it is only measured again
    assert "held-out" not in capsys.readouterr().out


def test_each_shipped_checkpoint_has_its_recipe():
    shipped = Path(__file__).parents[3] / "data" / "checkpoints"
    assert {path.stem for path in shipped.glob("*.json")} == set(train.RECIPES) - {"tiny"}


def last_weights(folder, name):
    run, _ = state.unpack(folder / "build" / "train" / name / train.STATE, None)
    return [x.tolist() for x in run.last.model.values()]


@pytest.mark.parametrize("name", ["tiny", "muon"])
def test_a_killed_training_resumes_and_gives_the_same_result(monkeypatch, small_world, name):
    monkeypatch.setattr(language, "load_text", lambda name: language.Text(name, *PROSE))
    monkeypatch.setitem(train.RECIPES, "muon", WRITER)
    train.train(name)
    at_once = last_weights(small_world, name)
    save, saved = state.pack, []

    def killed_after_the_first(*arguments, **more):
        if saved:
            raise KeyboardInterrupt
        saved.append(save(*arguments, **more))
        return saved[0]

    monkeypatch.setattr(state, "pack", killed_after_the_first)
    with pytest.raises(KeyboardInterrupt):
        train.train(name, fresh=True)
    monkeypatch.setattr(state, "pack", save)
    train.train(name)
    assert last_weights(small_world, name) == at_once


def test_muon_takes_the_matrices_of_the_blocks_and_adamw_the_rest():
    model = GPT(GPTConfig(30, size=16, layers=2, heads=2, context=8))
    both = optimizers.maker("muon", model, 0.1)(list(model.parameters()), 0.01)
    taken = [{id(x) for group in part.param_groups for x in group["params"]} for part in both.parts]
    assert taken[0] == {id(x) for x in model.blocks.parameters() if x.dim() == 2}
    assert taken[0] | taken[1] == set(map(id, model.parameters())) and not taken[0] & taken[1]
    assert id(model.tokens.weight) in taken[1]
    both_sides = Transformer(TransformerConfig(9, 9, size=8, layers=1, heads=2))
    matrices = (
        optimizers.maker("muon", both_sides)(list(both_sides.parameters()), 0.01).parts[0].param_groups[0]["params"]
    )
    blocks = [*both_sides.encoder.parameters(), *both_sides.decoder.parameters()]
    assert {*map(id, matrices)} == {id(x) for x in blocks if x.dim() == 2}
    with pytest.raises(ValueError, match="'sgd'; needed: one of adamw, muon"):
        optimizers.maker("sgd", model, 0.1)


def test_the_command_lists_what_can_be_trained_and_names_what_is_not_there(monkeypatch, capsys):
    assert course.main(["train"]) == 0
    assert "seq2seq-attention-en-fr " in capsys.readouterr().out
    assert course.main(["train", "seq2seq"]) == 2
    assert "seq2seq-attention-en-fr" in capsys.readouterr().err

    def gone(pair, split):
        raise fetching.FetchError("tatoeba-en-fr could not be fetched.")

    monkeypatch.setattr(tatoeba, "load", gone)
    assert course.main(["train", "tiny"]) == 2
    assert "could not be fetched" in capsys.readouterr().err


def test_a_language_model_of_byte_pairs_is_measured_in_bits_of_a_character(monkeypatch, capsys):
    text = language.Text("books", *PROSE)
    monkeypatch.setattr(language, "load_text", lambda name: text)
    monkeypatch.setitem(train.RECIPES, "prose", WRITER)
    train.train("prose")
    assert "280 different tokens" in capsys.readouterr().out
    loaded = checkpoints.load_checkpoint("prose")
    ids, found = loaded.tokenizer.encode(text.valid), loaded.card["metrics"]
    assert len(loaded.tokenizer) == 280 and len(ids) < len(text.valid)
    bits = found["valid_loss"] * len(ids) / math.log(2) / len(text.valid)
    assert found["valid_bits_per_character"] == pytest.approx(bits, rel=1e-3)
    assert loaded.card["data"] | {"split": "held out: Jane Eyre", "licence": "free"} == loaded.card["data"]
    first, _, third = loaded.card["samples_not_selected"]
    assert first.startswith("The captain") and third.startswith("猫")
    monkeypatch.setattr(BytePairs, "build", lambda *_: pytest.fail("byte pairs are learned once"))
    train.train("prose", steps=6)
