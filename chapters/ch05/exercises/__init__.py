"""Chapter 5, the Transformer: three exercises of the lesson, two of the annex, and errors that circulate. Numbers
that are missing belonged to errors that the text tells now."""

from .blocks import RESIDUAL
from .bugs import KEYS, PRODUCT
from .decoder import DECODER
from .heads import MULTI_HEAD, SPLIT
from .slips import SLIPS
from .steps import STEP

EXERCISES = (MULTI_HEAD, RESIDUAL, DECODER, SPLIT, PRODUCT, STEP, KEYS, SLIPS)
