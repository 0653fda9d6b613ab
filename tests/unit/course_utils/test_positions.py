"""Sinusoidal, learned and rotary positions."""

import math

import pytest
import torch
from unit.edges import REFUSED

from course_utils.positions import LearnedPositions, SinusoidalPositions, frequencies, shift_matrix, sinusoidal_encoding
from course_utils.rotary import rotary


def test_frequencies_are_exact_to_float64():
    expected = [10_000 ** (-2 * j / 6) for j in range(3)]
    assert frequencies(6).tolist() == pytest.approx(expected, rel=1e-14)


def test_sinusoids_by_hand():
    table = sinusoidal_encoding(3, 4)
    assert table.shape == (3, 4)
    expected = [f(i / w) for i in range(3) for w in (1, 100) for f in (math.sin, math.cos)]
    torch.testing.assert_close(table.flatten(), torch.tensor(expected))
    assert sinusoidal_encoding(0, 4).shape == (0, 4)


@pytest.mark.parametrize("offset", [-7, -1, 0, 1, 5, 0.5, 100])
def test_one_matrix_carries_every_position_to_the_one_offset_further(offset):
    R, i = shift_matrix(offset, 16), torch.arange(100, 400)
    angles = (i + offset)[:, None].double() * frequencies(16)
    there = torch.stack([angles.sin(), angles.cos()], -1).flatten(1).float()
    torch.testing.assert_close(sinusoidal_encoding(400, 16)[i] @ R.T, there, atol=1e-5, rtol=0)
    torch.testing.assert_close(R @ R.T, torch.eye(16))  # a rotation
    torch.testing.assert_close(R, shift_matrix(offset - 3, 16) @ shift_matrix(3, 16), atol=1e-6, rtol=0)


def test_positions_vary_along_time_only():
    x = torch.zeros(3, 5, 8)
    for layer in (SinusoidalPositions(16, 8), LearnedPositions(16, 8)):
        added = layer(x)
        assert torch.equal(added[0], added[1]) and torch.equal(added[0], added[2])
        assert not torch.equal(added[:, 0], added[:, 1])
        assert torch.equal(layer(x[:, 2:], first=2), added[:, 2:])


def test_sinusoids_grow_with_the_text_and_learned_positions_say_so():
    torch.testing.assert_close(SinusoidalPositions(4, 8)(torch.zeros(1, 9, 8))[0], sinusoidal_encoding(9, 8))
    with pytest.raises(IndexError):
        LearnedPositions(4, 8)(torch.zeros(1, 5, 8))
    with pytest.raises(IndexError):
        LearnedPositions(4, 8)(torch.zeros(1, 1, 8), first=4)
    assert not list(SinusoidalPositions(4, 8).parameters()) and not SinusoidalPositions(4, 8).state_dict()
    assert sum(p.numel() for p in LearnedPositions(4, 8).parameters()) == 32


@pytest.mark.parametrize("size", [7, 1])
def test_an_odd_size_is_refused(size):
    for function in (frequencies, lambda size: sinusoidal_encoding(5, size), lambda size: shift_matrix(1, size)):
        with pytest.raises(REFUSED):
            function(size)
    with pytest.raises(REFUSED):
        rotary(torch.zeros(3, size), torch.arange(3))


def test_a_row_needs_a_position_and_a_length_is_from_0():
    with pytest.raises(REFUSED):
        rotary(torch.zeros(3, 8), torch.arange(4))
    with pytest.raises(REFUSED):
        sinusoidal_encoding(-1, 4)


def test_another_base_turns_at_another_speed():
    assert frequencies(4, base=100.0).tolist() == pytest.approx([1, 0.1])
    x = torch.tensor([[1.0, 0.0, 1.0, 0.0]])
    turned = rotary(x, torch.tensor([2]), base=100.0)
    assert turned[0].tolist() == pytest.approx([f(a) for a in (2, 0.2) for f in (math.cos, math.sin)])


def test_positions_may_be_broken_numbers_and_far_ones_keep_their_digits():
    x = torch.tensor([[1.0, 0.0]])
    assert rotary(x, torch.tensor([0.5]))[0].tolist() == pytest.approx([math.cos(0.5), math.sin(0.5)])
    far = 100_000
    assert rotary(x, torch.tensor([far]))[0].tolist() == pytest.approx([math.cos(far), math.sin(far)], abs=1e-6)
    assert sinusoidal_encoding(far + 1, 2)[far].tolist() == pytest.approx([math.sin(far), math.cos(far)], abs=1e-6)


def test_a_table_is_read_as_it_is_while_it_is_long_enough():
    layer, x = SinusoidalPositions(6, 8), torch.zeros(1, 2, 8)
    for first in (0, 4, 5, 40):
        torch.testing.assert_close(layer(x, first)[0], sinusoidal_encoding(first + 2, 8)[first:])
    assert layer.bfloat16()(x.bfloat16(), 5).dtype == torch.bfloat16


def test_half_precision_and_double():
    x = torch.randn(1, 3, 4, 8)
    assert rotary(x.bfloat16(), torch.arange(4)).dtype == torch.bfloat16
    assert rotary(x.double(), torch.arange(4)).dtype == torch.float64


def test_learned_positions_begin_as_small_as_those_of_bert():
    """Standard deviation 0.02 (Devlin et al. 2019; GPT-2 likewise): of 100,000 numbers it is met within 1 %."""
    torch.manual_seed(0)
    assert LearnedPositions(1000, 100).table.std().item() == pytest.approx(0.02, rel=0.01)


@pytest.mark.parametrize("layer", [SinusoidalPositions(6, 4), LearnedPositions(6, 4)])
@pytest.mark.parametrize("first", [-1, -2, -6])
def test_no_position_is_counted_from_the_end(layer, first):
    for length in (1, 3):
        with pytest.raises(IndexError):
            layer(torch.zeros(1, length, 4), first)


@pytest.mark.parametrize("shape", [(3, 1), (1, 3), (1,), ()])
def test_rotary_positions_have_one_axis(shape):
    with pytest.raises(REFUSED):
        rotary(torch.zeros(3, 8), torch.ones(shape))
