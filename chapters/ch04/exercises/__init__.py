"""Chapter 4: three exercises in the lesson; two in its annex, and errors to find in claims and in a program."""

from .bugs import RELATIVE
from .claims import INVARIANT
from .positions import ROTARY, SHIFT, SINUSOIDAL
from .self_attention import CONVOLUTION, SELF

LESSON = (SINUSOIDAL, SHIFT, ROTARY)
ANNEX = (SELF, INVARIANT, RELATIVE, CONVOLUTION)  # as on the page
EXERCISES = (*LESSON, *ANNEX)
