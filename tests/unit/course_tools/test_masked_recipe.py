"""The recipe of bert-prose: which words are hidden, and how they are counted."""

import pytest
import torch

from course_kit.text import WordPiece
from course_tools.recipes.checkpoints.masked import Windows

LINE = "The old cat sees a small dog, and it runs home again.\n\n“Unhappily,” she said, the horsekeeper had gone.\n\n"


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
