"""Chapter 6, BERT: eight exercises, thirteen errors that circulate, and a model with five of them."""

from .adapter import ADAPTER
from .answers import SPAN, THREE_CLASSES
from .claims import DIRECTION, DISCRIMINATIVE, MILLIONS
from .embeddings import SUM
from .hidden import ALL_HIDDEN, IN_USE
from .input import BERT_INPUT
from .losses import MLM_LOSS
from .masking import MASK
from .padding import ATTENDED, MEAN
from .pairs import PAIRS
from .script import OBJECT, STRINGS
from .script_results import ONE_SENTENCE, TRANSLATES, UNSEEN
from .tags import TAGS
from .whole import FIVE

EXERCISES = (
    *(BERT_INPUT, SUM, MASK, MLM_LOSS, PAIRS, TAGS, SPAN, ADAPTER),
    *(STRINGS, OBJECT, ONE_SENTENCE, UNSEEN, TRANSLATES),
    *(ALL_HIDDEN, IN_USE, ATTENDED, MEAN),
    *(THREE_CLASSES, MILLIONS, DISCRIMINATIVE, DIRECTION, FIVE),
)
