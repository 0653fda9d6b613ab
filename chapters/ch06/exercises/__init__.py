"""Chapter 6, BERT: eight exercises, and six programs and claims with errors that circulate."""

from .adapter import ADAPTER
from .answers import SPAN, THREE_CLASSES
from .claims import BERT_OR_GPT
from .embeddings import SUM
from .hidden import ALL_HIDDEN
from .input import BERT_INPUT
from .losses import MLM_LOSS
from .masking import MASK
from .mean import MEAN
from .pairs import PAIRS
from .script import SCRIPT
from .tags import TAGS
from .whole import FIVE

EXERCISES = (
    *(BERT_INPUT, SUM, MASK, MLM_LOSS, PAIRS, TAGS, SPAN, ADAPTER),
    *(ALL_HIDDEN, THREE_CLASSES, BERT_OR_GPT, SCRIPT, MEAN, FIVE),
)
