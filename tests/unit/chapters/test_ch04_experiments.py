"""Chapter 4's experiments: what layers cost, and who does it: without positions, early, late and in long texts."""

import pytest
import torch
import torch.nn.functional as F

from chapters.ch04.experiments.costs import LAYERS, costs_of, multiply_adds
from chapters.ch04.experiments.order import Decoder, by_sentence, record_begins
from chapters.ch04.kept.positions import NOUNS, WORDS, AddingReader, Reader, TurningReader, right, texts, train
from course_utils.attention import causal_mask
from course_utils.positions import sinusoidal_encoding


def test_costs_are_those_of_enough_layers_to_connect_both_ends():
    conv, recurrent, attention = (costs_of(kind, 9, 8) for kind in LAYERS)
    assert conv["layers"] == conv["path"] == 4 and conv["multiplications"] == 4 * multiply_adds("convolution", 9, 8)
    assert [row["in a row"] for row in (conv, recurrent, attention)] == [4, 9, 1]
    assert recurrent["layers"] == attention["layers"] == 1 and (recurrent["weights"], attention["weights"]) == (0, 81)


def test_texts_are_sentences_of_two_nouns_and_their_first_does_it():
    ids, who = texts(torch.Generator().manual_seed(0), count=200)
    assert ids.shape == (200, 18) and who.shape == (200, 3)
    for row, nouns in zip(ids.tolist(), who.tolist(), strict=True):
        words = [WORDS[i] for i in row]
        assert words[0::6] == words[3::6] == ["the"] * 3 and words[5::6] == ["."] * 3
        assert words[1::6] == [NOUNS[i] for i in nouns]
        assert all(a != b for a, b in zip(words[1::6], words[4::6], strict=True))


@pytest.mark.parametrize(("layers", "changes"), [(1, False), (2, True)])
def test_one_causal_layer_does_not_know_the_order_of_the_words_before_and_two_can(layers, changes):
    ids, model = torch.arange(6)[None], Decoder(layers)
    with torch.no_grad():
        last, other = (model(x)[0, -1] for x in (ids, ids[:, [2, 0, 4, 1, 3, 5]]))
    assert torch.allclose(last, other, atol=1e-5) != changes


def test_a_twin_gets_the_same_answer_without_positions_and_another_with_them():
    ids, _ = texts(count=1)
    twin = ids[:, [0, 4, 2, 3, 1, *range(5, 18)]]
    for reader, same in (
        (Reader(), True),
        (AddingReader(sinusoidal_encoding(60, 32)), False),
        (TurningReader(), False),
    ):
        with torch.no_grad():
            one, other = (reader(x)[0][:, 2] for x in (ids, twin))
        assert torch.allclose(one, other, atol=1e-5) == same


def test_a_reader_that_turns_does_the_same_wherever_a_text_begins():
    ids, _ = texts(count=2)
    with torch.no_grad():
        early, late = (TurningReader.forward(reader, ids, first) for reader in [TurningReader()] for first in (0, 42))
    assert all(torch.allclose(a, b, atol=1e-4) for a, b in zip(early, late, strict=True))


def test_who_knows_is_right_in_each_sentence():
    ids, who = texts(torch.Generator().manual_seed(10**6), 100, 4)
    logits = torch.zeros(100, 24, len(NOUNS))
    logits[:, 2::6] = 9.0 * F.one_hot(who, len(NOUNS))
    assert by_sentence(lambda given: logits if torch.equal(given, ids) else None, 4).tolist() == [1, 1, 1, 1]


@pytest.mark.weekly
def test_moved_texts_other_seeds_say_the_same():
    found = record_begins(seeds=range(8, 11))
    shares = {kind: torch.tensor(rows) for kind, rows in found["right"].items()}  # [seeds, begins]
    assert shares["rotary"].min() > 0.99 and shares["anywhere"].min() > 0.99 and min(found["second"]) > 0.95
    assert shares["sinusoidal"][:, 1].max() < 0.15 and shares["sinusoidal"][:, -1].max() < 0.6


def test_under_a_causal_mask_one_layer_knows_more_than_without():
    class Masked(Reader):
        def forward(self, ids, first=0):
            q, k, v = self.qkv(self.embedding(ids), None)
            scores = (q @ k.mT / 32**0.5).masked_fill(~causal_mask(ids.shape[1]), -torch.inf)
            return self.output(scores.softmax(-1) @ v), scores

    torch.manual_seed(0)
    reader = Masked()
    train(reader)
    assert 0.5 < right(reader) < 0.75
