"""Chapter 5, the Transformer: eight exercises, and twenty-one errors that circulate."""

from .ch05_article import ARTICLE
from .ch05_blocks import BLOCK, NO_WAY
from .ch05_bugs import KEYS, POSITIONS, SOFTMAX
from .ch05_claims import FAMILY, FEWER, FUNCTION
from .ch05_ffn import FFN, TWO_LAYERS
from .ch05_heads import MULTI_HEAD, RESHAPE, SPLIT
from .ch05_leaks import PREDICTION, TRAINING_ONLY
from .ch05_masks import MASKS, PRODUCT, STRICT
from .ch05_norm import ADD_NORM
from .ch05_steps import DIVIDED, SMOOTHING, STEP
from .ch05_table import INDEX, ROWS

EXERCISES = (
    *(SPLIT, MULTI_HEAD, FFN, ADD_NORM, BLOCK, MASKS, STEP, SMOOTHING),
    *ARTICLE,
    *(TWO_LAYERS, NO_WAY),
    *(POSITIONS, TRAINING_ONLY, DIVIDED, SOFTMAX, RESHAPE),
    *(PRODUCT, STRICT, PREDICTION),
    *(ROWS, INDEX, KEYS, FEWER, FUNCTION, FAMILY),
)
