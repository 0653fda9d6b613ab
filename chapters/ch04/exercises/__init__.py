"""Chapter 4: two exercises in the lesson; one in its annex, and an error to find in a program."""

from .bugs import RELATIVE
from .convolution import CONVOLUTION
from .positions import ROTARY, SINUSOIDAL

LESSON = (SINUSOIDAL, ROTARY)
ANNEX = (RELATIVE, CONVOLUTION)  # as on the page
EXERCISES = (*LESSON, *ANNEX)
