"""Chapter 2, scoring functions: eight exercises, and two errors of a widely used table and an article to find."""

from .article import AVERAGED
from .attention import ATTENTION, SCORE
from .cosine import COSINE
from .masks import LINEAR, MASK
from .scores import ADDITIVE, CUT, GENERAL
from .table import SIZE_OR_LENGTH

# as in the notebook
EXERCISES = (COSINE, SCORE, SIZE_OR_LENGTH, AVERAGED, GENERAL, ADDITIVE, CUT, MASK, ATTENTION, LINEAR)
