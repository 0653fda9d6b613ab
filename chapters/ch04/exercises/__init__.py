"""Chapter 4: five exercises, and two find-the-errors: claims about the order, and a program."""

from .bugs import RELATIVE
from .claims import INVARIANT
from .positions import ROTARY, SHIFT, SINUSOIDAL
from .self_attention import CONVOLUTION, SELF

EXERCISES = (SELF, INVARIANT, SINUSOIDAL, SHIFT, ROTARY, RELATIVE, CONVOLUTION)  # as in the notebook
