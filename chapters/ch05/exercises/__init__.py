"""Chapter 5, the Transformer: ten exercises, and twenty-two errors that circulate."""

from .article import ARTICLE
from .blocks import BLOCK, NO_WAY
from .bugs import KEYS, POSITIONS, RESHAPE, SOFTMAX
from .claims import FAMILY, FEWER, FUNCTION
from .decoder import DECODER, WHOLE
from .ffn import FFN, TWO_LAYERS
from .heads import MULTI_HEAD, SPLIT
from .leaks import PREDICTION, TRAINING_ONLY
from .masks import MASKS, PRODUCT, STRICT
from .norm import ADD_NORM
from .slips import SLIPS
from .steps import DIVIDED, SMOOTHING, STEP
from .table import INDEX, ROWS

EXERCISES = (
    *(SPLIT, MULTI_HEAD, FFN, ADD_NORM, BLOCK, MASKS, DECODER, WHOLE, STEP, SMOOTHING),
    *ARTICLE,
    *(TWO_LAYERS, NO_WAY),
    *(POSITIONS, TRAINING_ONLY, DIVIDED, SOFTMAX, RESHAPE),
    *(PRODUCT, STRICT, PREDICTION),
    *(ROWS, INDEX, KEYS, FEWER, FUNCTION, FAMILY),
    SLIPS,
)
