"""Chapter 4: five exercises, and what circulates."""

from .bugs import BUGS
from .claims import CLAIMS
from .positions import ROTARY, SHIFT, SINUSOIDAL
from .self_attention import CONVOLUTION, SELF

EXERCISES = (SELF, SINUSOIDAL, SHIFT, ROTARY, CONVOLUTION, *BUGS, *CLAIMS)  # as in the notebook
