"""Chapter 3: seven exercises, and three find-the-errors: in how a decoder is fed, in a score, in a reader."""

from .bleu import NOTHING
from .bugs import CARRIED
from .measures import CLIPPED, LOSS, PENALTY
from .reading import READER
from .writing import LOOP, NO_BOS
from .writing_steps import DECODER, STEP

EXERCISES = (READER, NO_BOS, LOSS, LOOP, STEP, DECODER, PENALTY, NOTHING, CLIPPED, CARRIED)  # as in the notebook
