"""Chapter 3: four exercises in the lesson; three in its annex, and errors to find in a score and in two programs."""

from .bleu import NOTHING
from .bugs import CARRIED
from .measures import CLIPPED, LOSS, PENALTY
from .reading import READER
from .writing import LOOP, NO_BOS
from .writing_steps import DECODER, STEP

LESSON = (READER, STEP, LOSS, LOOP)
ANNEX = (DECODER, PENALTY, NOTHING, CLIPPED, NO_BOS, CARRIED)  # as on the page
EXERCISES = (*LESSON, *ANNEX)
