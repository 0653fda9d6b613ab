"""Chapter 3: six exercises, two bugs in how a decoder is fed, and programs and claims that circulate."""

from .bleu import BLEU
from .bugs import BUGS
from .claims import CLAIMS
from .measures import CLIPPED, LOSS, PENALTY
from .writing import LOOP, NO_BOS, SHIFT
from .writing_steps import DECODER, STEP

EXERCISES = (STEP, DECODER, LOOP, LOSS, CLIPPED, PENALTY, SHIFT, NO_BOS, *BUGS, *CLAIMS, *BLEU)
