"""Chapter 2: three exercises in the lesson; others, and errors to find, in its annex."""

from .article import AVERAGED
from .attention import ATTENTION, SCORE
from .cosine import COSINE
from .layer import LAYER
from .masks import LINEAR, MASK
from .scores import ADDITIVE, CUT, GENERAL
from .table import SIZE_OR_LENGTH

LESSON = (SCORE, ATTENTION, LAYER)
ANNEX = (SIZE_OR_LENGTH, GENERAL, ADDITIVE, CUT, COSINE, AVERAGED, MASK, LINEAR)  # as on the page
EXERCISES = (*LESSON, *ANNEX)
