"""Chapter 3: three exercises in the lesson; in its annex four, and an error to find in a score."""

from .bleu import NOTHING
from .measures import CLIPPED, LOSS
from .reading import READER
from .swapping import SWAP
from .writing import LOOP
from .writing_steps import DECODER, STEP

LESSON = (STEP, LOSS, SWAP)
ANNEX = (READER, DECODER, LOOP, NOTHING, CLIPPED)  # as on the page
EXERCISES = (*LESSON, *ANNEX)
