"""Chapter 2, scoring functions: eight exercises, and twelve errors of widely used slides and articles to find."""

from .ch02_article import AVERAGED, INDICES, RELU, SAME_HEAD
from .ch02_attention import ATTENTION, SCORE
from .ch02_examples import DIRECTION, IMPOSSIBLE, ROUNDED, TIES
from .ch02_masks import LINEAR, MASK
from .ch02_scores import ADDITIVE, COSINE, CUT, GENERAL
from .ch02_table import BIASED, DEEP, LOCATION, SIZE_OR_LENGTH

EXERCISES = (
    *(SCORE, ATTENTION, GENERAL, ADDITIVE, CUT, COSINE, LINEAR, MASK),
    *(SIZE_OR_LENGTH, LOCATION, BIASED, DEEP, ROUNDED, TIES, IMPOSSIBLE, DIRECTION),
    *(INDICES, AVERAGED, RELU, SAME_HEAD),
)
