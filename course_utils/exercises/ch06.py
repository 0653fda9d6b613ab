"""Chapter 6, BERT: eight exercises, and fifteen errors that circulate."""

from .ch06_adapter import ADAPTER
from .ch06_answers import SPAN, THREE_CLASSES
from .ch06_claims import DIRECTION, DISCRIMINATIVE, MILLIONS
from .ch06_embeddings import SUM
from .ch06_hidden import ALL_HIDDEN, IN_USE
from .ch06_input import ALL_ZERO, BERT_INPUT
from .ch06_losses import EVERY_WORD, MLM_LOSS
from .ch06_masking import MASK
from .ch06_padding import ATTENDED, MEAN
from .ch06_pairs import PAIRS
from .ch06_script import OBJECT, STRINGS
from .ch06_script_results import ONE_SENTENCE, TRANSLATES, UNSEEN
from .ch06_tags import TAGS

EXERCISES = (
    *(BERT_INPUT, SUM, MASK, MLM_LOSS, PAIRS, TAGS, SPAN, ADAPTER),
    *(STRINGS, OBJECT, ONE_SENTENCE, UNSEEN, TRANSLATES),
    *(ALL_ZERO, ALL_HIDDEN, EVERY_WORD, IN_USE, ATTENDED, MEAN),
    *(THREE_CLASSES, MILLIONS, DISCRIMINATIVE, DIRECTION),
)
