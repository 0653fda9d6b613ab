"""Chapter 4: sinusoidal positions, the matrix that moves them on, and rotary positions."""

import torch
from torch import Tensor

from course_utils.exercises.definition import Case, Exercise, variants, wrong_answers
from course_utils.exercises.inputs import named, some_numbers, tensors
from course_utils.positions import BASE, frequencies, rotary, shift_matrix, sinusoidal_encoding

# ---- sinusoidal encoding --------------------------------------------------------------------------------------------


@variants
def _table(length: int, model_size: int, *, angles=None, first=0, swap=False, halves=False) -> Tensor:
    """A sinusoidal table with one thing done differently. angles(places [T, 1], D) -> those of the sines and of the
    cosines, [T, D / 2] each."""
    places = torch.arange(first, first + length)[:, None].double()
    of_sin, of_cos = (angles or (lambda i, D: 2 * (i * frequencies(D),)))(places, model_size)
    pair = [of_cos.cos(), of_sin.sin()] if swap else [of_sin.sin(), of_cos.cos()]
    return (torch.cat(pair, -1) if halves else torch.stack(pair, -1).flatten(1)).float()


def _columns(D: int) -> Tensor:
    return torch.arange(0, D, 2).double()


SINUSOIDAL = Exercise(
    name="sinusoidal encoding",
    task="P[i, 2j] = sin(i ω) and P[i, 2j + 1] = cos(i ω) with ω = 10000^(−2j / D), for the places i = 0, 1, …: "
    "length, model_size D (even) -> [length, D].",
    why="The table that the first Transformer added to its words. Four versions of it circulate, and three are wrong.",
    reference=sinusoidal_encoding,
    cases=lambda: [
        Case({"length": 3, "model_size": 4}, shown=True),
        Case({"length": 5, "model_size": 2}),
        Case({"length": 4, "model_size": 6}),
        Case({"length": 12, "model_size": 8}),
    ],
    returns=("P",),
    hints=(
        "The angles first: places down [T, 1], frequencies across [D / 2]; their product has the shape [T, D / 2].",
        "`omega = 10000 ** (-torch.arange(0, D, 2) / D)`; the range makes 0, 2, 4 …, which is 2j already.",
        "`P[:, 0::2] = angles.sin()` and `P[:, 1::2] = angles.cos()`.",
    ),
    minutes=6,
    difficulty=2,
    wrong=wrong_answers(
        _table(lambda i, D: (i * BASE ** (-2 * _columns(D) / D), i * BASE ** (-2 * (_columns(D) + 1) / D))),
        "The number of the column is doubled once more, and sine and cosine differ in frequency. The exponent is "
        "2j / D with j the number of the *pair*; this slip stands in a much copied program.",
        _table(lambda i, D: (i * BASE ** (-_columns(D) / D), i * BASE ** (-(_columns(D) + 1) / D))),
        "The cosine has a frequency of its own. A sine and its cosine share one, else they are no point on a circle.",
        _table(lambda i, D: 2 * (i * BASE ** (-_columns(D) / 2 / D),)),
        "The exponent is j / D: the 2 is missing, and the slowest waves never get slow.",
        _table(halves=True),
        "All sines first, then all cosines. A model learns as well from that, but here each sine stands beside its "
        "cosine: columns 2j and 2j + 1.",
        _table(first=1),
        "It counts from 1; the first word stands at place 0.",
        _table(swap=True),
        "Sine and cosine have changed places: the sine stands in the even columns.",
        _table(lambda i, D: 2 * (i * BASE ** (_columns(D) / D),)),
        "Multiplied by 10000^(2j / D) in place of divided: the waves must get slower from left to right.",
    ),
)

# ---- shift matrix ---------------------------------------------------------------------------------------------------


def _halves(offset: float, model_size: int) -> Tensor:
    angles = offset * frequencies(model_size)
    sin, cos = angles.sin().diag(), angles.cos().diag()
    return torch.cat([torch.cat([cos, sin], 1), torch.cat([-sin, cos], 1)]).float()


def _blocks(angles: Tensor) -> Tensor:
    rows = [torch.tensor([[a.cos(), a.sin()], [-a.sin(), a.cos()]]) for a in angles]
    return torch.block_diag(*rows).float()


SHIFT = Exercise(
    name="shift matrix",
    task="Write the matrix R that carries every place on by `offset`: P[i + offset] = R P[i] for all i. P[i] holds "
    "sin(i ω), cos(i ω) for each frequency in turn: offset, model_size D -> [D, D]. `frequencies(D)` is given.",
    why="One matrix for all places: so a model can ask for “two words back” wherever it stands.",
    reference=shift_matrix,
    cases=lambda: [
        Case({"offset": 1, "model_size": 2}, shown=True),
        Case({"offset": 3, "model_size": 4}),
        Case({"offset": -2, "model_size": 6}),
        Case({"offset": 0, "model_size": 4}),
    ],
    returns=("R",),
    hints=(
        "sin(a + b) = sin a cos b + cos a sin b, cos(a + b) = cos a cos b − sin a sin b. Here a = i ω, b = offset · ω.",
        "Each pair gets its own block: first row cos b, sin b; second row −sin b, cos b.",
        "`torch.block_diag(*blocks)`, with one block for each b in `offset * frequencies(D)`.",
    ),
    minutes=6,
    difficulty=2,
    wrong=wrong_answers(
        lambda offset, model_size: shift_matrix(-offset, model_size),
        "It goes back in place of forward. The rotation of the textbooks turns (cos, sin); here the sine comes "
        "first, so the minus stands below.",
        lambda offset, model_size: _blocks(torch.full((model_size // 2,), float(offset))),
        "All pairs turn by the same angle. Each has a frequency of its own.",
        _halves,
        "These blocks belong to a table with all sines first. Here a sine stands beside its cosine: 2 × 2 blocks "
        "along the diagonal.",
        lambda offset, model_size: _blocks(frequencies(model_size)),
        "It moves by one place, whatever the offset: the angle is offset · ω.",
        lambda offset, model_size: _blocks(offset * frequencies(model_size).sqrt()),
        "The frequencies are those of 10000^(−j / D): the 2 of 2j is missing.",
        lambda offset, model_size: sinusoidal_encoding(abs(offset) + 1, model_size)[-1].diag(),
        "A matrix with P[offset] on its diagonal multiplies each number by itself alone. A turn mixes a sine with "
        "its cosine.",
    ),
)

# ---- rotary ---------------------------------------------------------------------------------------------------------


def _rotate_half(x: Tensor, positions: Tensor) -> Tensor:
    angles = positions[:, None] * frequencies(x.shape[-1])
    first, second = x.double().chunk(2, -1)
    turned = [first * angles.cos() - second * angles.sin(), first * angles.sin() + second * angles.cos()]
    return torch.cat(turned, -1).to(x.dtype)


def _turned(x: Tensor, angles: Tensor) -> Tensor:
    first, second = x.double().unflatten(-1, (-1, 2)).unbind(-1)
    turned = [first * angles.cos() - second * angles.sin(), first * angles.sin() + second * angles.cos()]
    return torch.stack(turned, -1).flatten(-2).to(x.dtype)


_rotated = named("x", "positions")

ROTARY = Exercise(
    name="rotary",
    task="Turn each pair of features, (x₀, x₁), (x₂, x₃) …, by the angle place · ω of its frequency: (a, b) becomes "
    "(a cos − b sin, a sin + b cos): x [T, D], positions [T] -> [T, D]. `frequencies(D)` is given.",
    why="Most language models of today turn queries and keys like this; nothing is added to a word any more.",
    reference=rotary,
    cases=lambda: [
        _rotated(*tensors([[1.0, 0], [1, 0], [1, 0]], [0, 1, 2]), shown=True),
        _rotated(some_numbers(3, 4, seed=530), torch.tensor([0, 1, 2])),
        _rotated(some_numbers(2, 6, seed=531), torch.tensor([5, 3])),
    ],
    returns=("turned",),
    hints=(
        "The angles have the shape [T, D / 2]: one for each place and pair.",
        "`a, b = x[:, 0::2], x[:, 1::2]`; both have the shape of the angles.",
        "Make a new tensor: `out[:, 0::2] = a * cos - b * sin` and `out[:, 1::2] = a * sin + b * cos`.",
    ),
    minutes=6,
    difficulty=2,
    wrong=wrong_answers(
        _rotate_half,
        "Right for another layout: feature j is turned together with feature j + D / 2, as Llama's code does. Here "
        "neighbours are a pair. Weights trained with one are useless with the other.",
        lambda x, positions: rotary(x, -positions),
        "It turns the other way round: the minus belongs to the first of a pair.",
        lambda x, positions: rotary(x, torch.arange(len(x))),
        "It numbers the rows itself and ignores `positions`: with a cache, the first row need not be place 0.",
        lambda x, positions: x + sinusoidal_encoding(int(positions.max()) + 1, x.shape[-1])[positions],
        "That adds the sinusoids. Rotary positions turn: the length of a vector stays as it is.",
        lambda x, positions: _turned(x, positions[:, None].double().expand(-1, x.shape[-1] // 2)),
        "All pairs turn by the same angle. Each has a frequency of its own.",
        lambda x, positions: _turned(x, frequencies(x.shape[-1]).expand(len(x), -1)),
        "Every row turns by the same angle: the place is not used, and all dot products stay as they were.",
    ),
)
