"""Chapter 5, the Transformer: ten exercises, and eleven errors that circulate. Numbers that are missing belonged to
errors that the text tells now."""

from .blocks import BLOCK, NO_WAY
from .bugs import KEY_LENGTH, KEYS, POSITIONS
from .claims import FAMILY
from .decoder import DECODER, WHOLE
from .ffn import FFN
from .heads import MULTI_HEAD, SPLIT
from .leaks import TRAINING_ONLY
from .masks import MASKS, PRODUCT
from .norm import ADD_NORM
from .slips import SLIPS
from .steps import DIVIDED, SMOOTHING, STEP
from .table import INDEX, ROWS

EXERCISES = (
    *(SPLIT, MULTI_HEAD, FFN, ADD_NORM, BLOCK, MASKS, DECODER, WHOLE, STEP, SMOOTHING),
    *(PRODUCT, ROWS, INDEX, FAMILY, KEY_LENGTH, KEYS, POSITIONS, TRAINING_ONLY, DIVIDED, NO_WAY),
    SLIPS,
)
