"""Chapter 3: three exercises in the lesson; in its annex three, and an error to find in a score."""

from .bleu import NOTHING
from .measures import CLIPPED, LOSS
from .reading import READER
from .writing import LOOP
from .writing_steps import DECODER, STEP

LESSON = (STEP, LOSS, LOOP)
ANNEX = (READER, DECODER, NOTHING, CLIPPED)  # as on the page
EXERCISES = (*LESSON, *ANNEX)
