"""Chapter 5, the Transformer: five exercises of the lesson, four of the annex, and errors that circulate. Numbers that
are missing belonged to errors that the text tells now."""

from .blocks import NO_WAY, RESIDUAL
from .bugs import KEY_LENGTH, KEYS, POSITIONS
from .decoder import DECODER
from .heads import MULTI_HEAD, SPLIT
from .leaks import TRAINING_ONLY
from .masks import MASKS, PRODUCT
from .norm import ADD_NORM
from .slips import SLIPS
from .steps import DIVIDED, SMOOTHING, STEP
from .train import TRAIN

EXERCISES = (
    *(SPLIT, MULTI_HEAD, RESIDUAL, DECODER, TRAIN),
    *(ADD_NORM, MASKS, PRODUCT, STEP, SMOOTHING),
    *(KEY_LENGTH, KEYS, POSITIONS, TRAINING_ONLY, DIVIDED, NO_WAY, SLIPS),
)
