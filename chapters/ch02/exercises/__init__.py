"""Chapter 2: four exercises in the lesson; others, and an error to find, in its annex."""

from .attention import ATTENTION, SCORE
from .heads import HEADS
from .layer import LAYER
from .masks import LINEAR, MASK
from .scores import ADDITIVE
from .table import SIZE_OR_LENGTH

LESSON = (SCORE, ATTENTION, LAYER, HEADS)
ANNEX = (SIZE_OR_LENGTH, ADDITIVE, MASK, LINEAR)  # as on the page
EXERCISES = (*LESSON, *ANNEX)
