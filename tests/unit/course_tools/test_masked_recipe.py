"""The recipe of bert-prose: which words are hidden and how they are counted, and a card."""

import pytest
import torch

from chapters.ch07 import language
from course_kit import checkpoints, files
from course_kit.text import WordPiece
from course_tools.recipes.checkpoints import train
from course_tools.recipes.checkpoints.masked import MaskedRecipe, Windows

LINE = "The old cat sees a small dog, and it runs home again.\n\n“Unhappily,” she said, the horsekeeper had gone.\n\n"
TINY = {"size": 16, "layers": 1, "heads": 2, "hidden": 32, "context": 18}
RECIPE = MaskedRecipe("books", 70, TINY, steps=4, rows=3, every=2, warm_up=1, valid=4,
                      sentences=("The [MASK] dog runs.", "It is [MASK] the [MASK]."))  # fmt: skip


@pytest.fixture(scope="module")
def windows():
    return Windows(LINE * 60, WordPiece.build([LINE], 70), 18)


def test_a_hidden_word_is_hidden_with_all_its_pieces_and_is_one_of_letters(windows):
    ids = windows.at(torch.arange(150) * 7)
    inputs, number = windows.hide_words(ids, torch.Generator().manual_seed(0))
    hidden, words = number >= 0, windows.tokenizer.words
    assert torch.equal(inputs == windows.tokenizer.mask, hidden) and torch.equal(inputs[~hidden], ids[~hidden])
    in_words = 0
    for row, marks, numbers in zip(ids.tolist(), hidden.tolist(), number.tolist(), strict=True):
        starts = [i for i, piece in enumerate(row) if not words[piece].startswith("##")]
        for start, end in zip(starts, [*starts[1:], len(row)], strict=True):
            assert len({*marks[start:end]}) == 1  # all of it or nothing
            if marks[start]:
                assert words[row[start]].isalpha() and len({*numbers[start:end]}) == 1
                in_words += 1
        assert all(not marks[i] for i in range(starts[1]))  # a word that began before the window
    eligible = sum(words[piece].isalpha() for row in ids.tolist() for piece in row)
    assert any(number[hidden].bincount() > 1) and 0.12 < in_words / eligible < 0.18


def test_it_is_trained_measured_and_says_how(monkeypatch, tmp_path):
    monkeypatch.setattr(files, "course_folder", lambda: tmp_path)
    monkeypatch.setattr("course_kit.files.course_folder", lambda: tmp_path)
    monkeypatch.setattr(language, "load_text", lambda name: language.Text(name, LINE * 40, LINE * 9, "held out: Emma"))
    monkeypatch.setitem(train.RECIPES, "tiny-prose", RECIPE)
    train.train("tiny-prose")
    loaded = checkpoints.load_checkpoint("tiny-prose")
    card = loaded.card
    assert card["data"]["split"] == "held out: Emma" and card["training"]["recipe"]["share"] == 0.2
    assert {"valid_loss", "valid_top_1", "valid_top_10"} == set(card["metrics"])
    assert card["metrics"]["valid_top_1"] <= card["metrics"]["valid_top_10"]
    assert [len(sample) for sample in card["samples_not_selected"]] == [2, 3]
    assert all(len(filled.split(", ")) == 5 for sample in card["samples_not_selected"] for filled in sample[1:])
    assert loaded.model.config.context == 18 and len(loaded.tokenizer) == 70
