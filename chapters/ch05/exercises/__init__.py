"""Chapter 5, the Transformer: eight exercises, and twenty-one errors that circulate."""

from .article import ARTICLE
from .blocks import BLOCK, NO_WAY
from .bugs import KEYS, POSITIONS, SOFTMAX
from .claims import FAMILY, FEWER, FUNCTION
from .ffn import FFN, TWO_LAYERS
from .heads import MULTI_HEAD, RESHAPE, SPLIT
from .leaks import PREDICTION, TRAINING_ONLY
from .masks import MASKS, PRODUCT, STRICT
from .norm import ADD_NORM
from .steps import DIVIDED, SMOOTHING, STEP
from .table import INDEX, ROWS

EXERCISES = (
    *(SPLIT, MULTI_HEAD, FFN, ADD_NORM, BLOCK, MASKS, STEP, SMOOTHING),
    *ARTICLE,
    *(TWO_LAYERS, NO_WAY),
    *(POSITIONS, TRAINING_ONLY, DIVIDED, SOFTMAX, RESHAPE),
    *(PRODUCT, STRICT, PREDICTION),
    *(ROWS, INDEX, KEYS, FEWER, FUNCTION, FAMILY),
)
