"""Chapter 4's labs without a browser: every control over its range, what is computed, words, errors that teach."""

import numpy as np
import pytest
import torch
from helpers import in_node, labs
from unit.sweeping import sweep

from chapters.ch04.kept.positions import Reader, TurningReader
from chapters.ch04.labs import drawings
from course_kit.views.view import at
from course_utils.positions import shift_matrix, sinusoidal_encoding


def sentence(count=5, size=6):
    return torch.randn(count, size, generator=torch.Generator().manual_seed(0))


def all_labs():
    drawn = [labs.clocks(), labs.meet(), labs.paths()]
    return [labs.rotation(), labs.shuffle(sentence()), *drawn, looking()]


def looking():
    twins = [f"{text} the cat sees the bear ." for text in ("the dog bites the man .", "the man bites the dog .")]
    torch.manual_seed(0)
    return labs.attends({"none": Reader(), "turned": TurningReader()}, twins, [0, 3, 42])


def in_our_order(table):
    """The table and the matrix of the course's trained models have the sine of each pair first; labs the cosine."""
    return table.unflatten(-1, (-1, 2)).flip(-1).flatten(-2)


def test_every_control_over_its_whole_range():
    assert [sweep(lab) for lab in all_labs()] == [50 + 41 + 64, 2, 50, 7, 3 + 4, 2 + 2 + 3]


def shapes(view, kind, role=None):
    return [one for one in view.options["shapes"] if one["shape"] == kind and role in (None, one.get("role"))]


def test_clocks_show_the_encoding():
    lab, P = labs.clocks(), in_our_order(sinusoidal_encoding(50, 128).double())
    for cells, hand, pair in zip(shapes(lab, "cells"), shapes(lab, "arrow"), (0, 10, 20, 30, 40), strict=True):
        numbers = torch.tensor([frame["numbers"] for frame in cells["each"]], dtype=torch.float64)
        turns = torch.tensor([frame["turn"] for frame in hand["each"]], dtype=torch.float64)
        assert torch.allclose(numbers, P[:, 2 * pair : 2 * pair + 2], atol=6e-3)
        assert torch.allclose(torch.stack([turns.cos(), turns.sin()], -1), P[:, 2 * pair : 2 * pair + 2], atol=1e-3)


def test_turned_scores_know_the_distance_alone_and_added_ones_do_not():
    lab = labs.meet()
    for distance in range(7):
        rows = at(lab, distance=distance).table().rows
        turned, added = ({row[i] for row in rows} for i in (2, 3))
        assert len(turned) == 1 < len(added) and all(int(row[0]) - int(row[1]) == distance for row in rows)
    assert at(lab, distance=2).table().rows[0][2] == "1.00"


@pytest.mark.parametrize("dilated", [False, True])
def test_a_path_is_as_long_as_it_has_to_be(dilated):
    for n in (3, 5, 9, 27):
        for k in (2, 3, 4):
            steps = drawings.spreads("dilated" if dilated else "plain", n, k)
            reached, layers = {n - 1}, 0
            while 0 not in reached:
                spread = k**layers if dilated else 1
                reached = {i - m * spread for i in reached for m in range(k) if i >= m * spread}
                layers += 1
            edges, path = drawings.walk(n, k, steps)
            assert len(steps) == len(path) == layers and all(row in edges for row in path)
            assert path[0][1] == 0 and path[-1][2] == n - 1
            assert all(a[2] == b[1] for a, b in zip(path, path[1:], strict=False))


def test_one_matrix_for_every_position():
    lab = at(labs.rotation(), pair=2, offset=5, position=5)
    whole = shift_matrix(5, 128).T.numpy()  # the sine first: the other way round
    matrices = [at(lab, position=i).matrix for i in range(50)]
    assert all((m == matrices[0]).all() for m in matrices)
    assert np.allclose(matrices[0], whole[4:6, 4:6], atol=1e-6)
    now, later = lab.pairs([5, 10])
    assert np.allclose(lab.matrix @ now, later, atol=1e-12)


def test_outputs_move_along_until_positions_are_added():
    lab, order = labs.shuffle(sentence()), [3, 0, 4, 1, 2]
    for positions in (False, True):
        (first_weights, first), (weights, outputs) = (
            at(lab, positions=positions, order=o).attend() for o in (list(range(5)), order)
        )
        assert np.allclose(outputs, first[order]) != positions and not np.allclose(outputs, first)
        assert np.allclose(weights, first_weights[np.ix_(order, order)]) != positions
    assert "with positions" in at(lab, positions=True).describe() and lab.table().rows[-1][0] == "mean"


def test_a_reader_without_positions_gives_a_noun_the_same_weight_in_both_twins():
    lab, weights = looking(), {}
    for name in ("none", "turned"):
        for text in ("the dog bites the man .", "the man bites the dog ."):
            rows = at(lab, positions=name, text=text, first="0").table().rows
            weights[name, text] = {row[1]: row[2] for row in rows if row[1] in ("dog", "man")}
        assert (weights[name, "the dog bites the man ."] == weights[name, text]) == (name == "none")
    turned = [[row[1:] for row in at(lab, positions="turned", first=first).table().rows] for first in ("0", "3", "42")]
    assert turned[0] == turned[1] == turned[2] and at(lab, first="42").table().rows[0][0] == "42"


def test_refusals_say_what_to_do():
    with pytest.raises(ValueError, match="x"):
        labs.shuffle(torch.zeros(3, 40))
    with pytest.raises(ValueError, match="even"):
        labs.shuffle(torch.zeros(3, 5), positions=True)


# ---- the page computes what torch does: its functions in node
@pytest.fixture
def float64():
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


def shown(view, **state):
    spec, arrays, given = in_node.data_of(view)
    arguments = (spec, arrays, given | state) if view.kind == "shuffle" else (spec, given | state)
    return in_node.call(f"chapters/ch04/labs/{view.kind}_numbers.js", "numbersOf", *arguments)


@pytest.mark.parametrize("offset", [-7, 0, 3, 20])
def test_rotations_equal_torch(float64, offset):
    view, encoding, whole = labs.rotation(), in_our_order(sinusoidal_encoding(80, 128)), shift_matrix(offset, 128).T
    for pair in (0, 4, 15):
        rows = slice(2 * pair, 2 * pair + 2)
        for position in (7, 39):
            found, wanted = (
                shown(view, pair=pair, offset=offset, position=position),
                encoding[[position, position + offset]],
            )
            assert np.allclose(found["matrix"], whole[rows, rows], atol=1e-6, rtol=0)
            assert np.allclose(found["points"], wanted[:, rows], atol=1e-6, rtol=0)
            assert np.allclose(found["turned"], wanted[1, rows], atol=1e-6, rtol=0)


def test_shuffled_attention_equals_torch(float64):
    x = sentence(6, 8).float().double()
    view = labs.shuffle(x)
    for order in (list(range(6)), [5, 4, 3, 2, 1, 0], [2, 0, 1, 3, 5, 4]):
        for positions in (False, True):
            found, first = (shown(view, order=o, positions=positions) for o in (order, list(range(6))))
            rows = x[order] + (in_our_order(sinusoidal_encoding(6, 8)) if positions else 0)
            weights = torch.softmax(rows @ rows.T / 8**0.5, -1)
            assert np.allclose(found["weights"], weights, atol=1e-6, rtol=0)
            assert np.allclose(found["outputs"], weights @ rows, atol=1e-6, rtol=0)
            moved = np.array(found["outputs"])[np.argsort(order)] - first["outputs"]
            assert np.allclose(found["change"], np.linalg.norm(moved, axis=-1), atol=1e-9)
            assert found["drift"] == pytest.approx(np.linalg.norm(moved.mean(0)), abs=1e-9)
            same = not positions or order == list(range(6))
            assert found["equivariant"] == found["invariant"] == same
