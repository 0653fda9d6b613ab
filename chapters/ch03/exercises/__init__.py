"""Chapter 3: seven exercises, a bug in how a decoder is fed, and programs and claims that circulate."""

from .bleu import BLEU
from .bugs import BUGS
from .claims import CLAIMS
from .measures import CLIPPED, LOSS, PENALTY
from .reading import READER
from .writing import LOOP, NO_BOS
from .writing_steps import DECODER, STEP

EXERCISES = (READER, LOSS, LOOP, STEP, DECODER, PENALTY, CLIPPED, NO_BOS, *BUGS, *CLAIMS, *BLEU)  # as in the notebook
