"""Chapter 2, scoring functions: eight exercises, and twelve errors of widely used slides and articles to find."""

from .article import AVERAGED, INDICES, RELU, SAME_HEAD
from .attention import ATTENTION, SCORE
from .cosine import COSINE
from .examples import DIRECTION, IMPOSSIBLE, ROUNDED, TIES
from .masks import LINEAR, MASK
from .scores import ADDITIVE, CUT, GENERAL
from .table import BIASED, DEEP, LOCATION, SIZE_OR_LENGTH

EXERCISES = (  # as in the notebook
    *(LOCATION, BIASED, DEEP, DIRECTION, COSINE, SCORE, SIZE_OR_LENGTH, IMPOSSIBLE, ROUNDED, TIES),
    *(INDICES, AVERAGED, RELU, SAME_HEAD, GENERAL, ADDITIVE, CUT, MASK, ATTENTION, LINEAR),
)
