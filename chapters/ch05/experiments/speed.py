"""How much a recurrent layer and a Transformer layer multiply, and how many of their steps wait for each other."""

from chapters.ch04.experiments.costs import multiply_adds
from course_kit.i18n import mark

GRU, PAGE = "GRU", "Transformer"
SIZE = 128


def work(length: int) -> dict[str, dict[str, int]]:
    """{layer: how many steps wait for each other ("in a row"), and its "multiplications"}, forward, one sentence.

    A GRU has three gates with a matrix for the word and one for the state: 6 T D². A block has attention with its
    projections, and a network of 8 T D².
    """
    block = multiply_adds("attention", length, SIZE) + 8 * length * SIZE**2
    return {
        GRU: {mark("in a row"): length, "multiplications": 6 * length * SIZE**2},
        PAGE: {mark("in a row"): 1, "multiplications": block},
    }
