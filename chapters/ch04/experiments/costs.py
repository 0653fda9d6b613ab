"""What layers cost, and how far they reach."""

from course_kit.i18n import mark

LAYERS = ("convolution", "recurrent", "attention")


def multiply_adds(kind: str, length: int, size: int) -> int:
    """Multiplications of a layer, D features in and out, each with its matrices.

    convolution 3 T D² (a kernel of 3), recurrent 2 T D² (a matrix for the word, one for the state), attention 4 T D²
    (queries, keys, values, output) + 2 T² D (all scores, all means). Vaswani et al. 2017, table 1, leaves out the
    4 T D².
    """
    return {
        "convolution": 3 * length * size**2,
        "recurrent": 2 * length * size**2,
        "attention": 4 * length * size**2 + 2 * length**2 * size,
    }[kind]


def costs_of(kind: str, length: int, size: int) -> dict:
    """A row of the table of costs, for as many layers as connect the first word with the last: path, layers,
    states in a row (each waits for the one before), multiplications (in all, and in attention's scores and means), and
    the attention weights that training keeps."""
    path = {"convolution": length // 2, "recurrent": length - 1, "attention": 1}[kind]  # two words further a layer
    layers = path if kind == "convolution" else 1
    waiting = length if kind == "recurrent" else layers
    counted = {"layer": kind, "words": length, mark("path"): path, "layers": layers, mark("in a row"): waiting}
    mixing, weights = (2 * length**2 * size, length**2) if kind == "attention" else (0, 0)
    total = layers * multiply_adds(kind, length, size)
    return counted | {mark("multiplications"): total, mark("words with words"): mixing, "weights": weights}
