"""Chapter 4's experiments: what layers cost, and the two tasks that need order."""

from contextlib import nullcontext

import pytest
import torch
import torch.nn.functional as F

from chapters.ch04.experiments.costs import LAYERS, costs_of, multiply_adds
from chapters.ch04.experiments.order import BACK, BEYOND, KINDS, TRAINED, Decoder, LettersBefore, Reader, WhoDoesIt
from course_utils.attention import causal_mask


def test_costs_are_those_of_enough_layers_to_connect_both_ends():
    conv, recurrent, attention = (costs_of(kind, 9, 8) for kind in LAYERS)
    assert conv["layers"] == conv["path"] == 4 and conv["multiplications"] == 4 * multiply_adds("convolution", 9, 8)
    assert [row["in a row"] for row in (conv, recurrent, attention)] == [4, 9, 1]
    assert recurrent["layers"] == attention["layers"] == 1 and (recurrent["weights"], attention["weights"]) == (0, 81)


def test_letter_readers_leave_the_random_state_alone_and_only_learned_positions_end():
    letters, before, ids = LettersBefore(), torch.random.get_rng_state(), torch.zeros(1, BEYOND + 1, dtype=torch.long)
    for kind in KINDS:
        model = letters.model(kind, 3)
        assert model(ids[:, :-1]).shape == (1, BEYOND, 10)
        with pytest.raises(IndexError) if kind == "learned" else nullcontext():
            assert model(ids).shape == (1, BEYOND + 1, 10)
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize(("layers", "changes"), [(1, False), (2, True)])
def test_one_causal_layer_does_not_know_the_order_of_the_letters_before_and_two_can(layers, changes):
    ids, model = torch.arange(6)[None], Decoder(layers)
    with torch.no_grad():
        last, other = (model(x)[0, -1] for x in (ids, ids[:, [2, 0, 4, 1, 3, 5]]))
    assert torch.allclose(last, other, atol=1e-5) != changes


def test_twins_stay_together_and_the_courses_own_are_held_out():
    who = WhoDoesIt()
    assert "the dog bites the man ." in who.test and not set(who.test) & set(who.training)
    assert len(who.test) + len(who.training) == len(who.verbs) * len(who.nouns) * (len(who.nouns) - 1)
    for text in who.test:
        the, a, verb, _, b, dot = text.split()
        assert f"{the} {b} {verb} the {a} {dot}" in who.test
    ids, right = who.encode(["the dog bites the man .", "the man bites the dog ."])
    assert [who.nouns[i] for i in right] == ["dog", "man"] and ids.shape == (2, 6)
    one, other = Reader(len(who.words), len(who.nouns))(ids).detach()
    torch.testing.assert_close(one, other)  # a twin gets the same answer


def test_the_letters_task_asks_for_the_letter_before():
    letters = LettersBefore()
    ids = letters.batches(torch.Generator().manual_seed(0))
    assert ids.shape == (64, TRAINED)

    class Knows(torch.nn.Module):
        def forward(self, ids):
            return 10.0 * F.one_hot(ids.roll(BACK, 1), 10)

    assert letters.right(Knows()) == (1.0, 1.0) and letters.by_place(Knows()).shape == (BEYOND - BACK,)
    assert letters.loss(Knows(), ids) < 1e-2


@pytest.mark.weekly
@pytest.mark.parametrize("seed", range(1, 5))
def test_beyond_the_trained_length_other_seeds_say_the_same(seed):
    letters, right = LettersBefore(), {}
    for kind, anywhere in (("rotary", False), ("sinusoidal", False), ("learned", False), ("sinusoidal", True)):
        model = letters.model(kind, seed)
        letters.train(model, seed=seed, anywhere=anywhere)
        right[kind, anywhere] = letters.right(model)[1]
    assert right["rotary", False] > 0.9 and right["sinusoidal", True] > 0.8
    assert right["sinusoidal", False] < 0.45 and right["learned", False] < 0.2


def test_under_a_causal_mask_a_reader_without_positions_tells_twins_apart():
    class Masked(Reader):
        def forward(self, ids):
            return self.output(self.attention(self.embedding(ids), causal_mask(ids.shape[1]))[0].mean(1))

    who = WhoDoesIt()
    torch.manual_seed(0)
    reader = Masked(len(who.words), len(who.nouns))
    who.train(reader)
    assert who.right(reader) > 0.95
