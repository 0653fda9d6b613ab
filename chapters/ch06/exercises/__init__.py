"""Chapter 6, BERT: eight exercises, and three programs with errors that circulate."""

from .adapter import ADAPTER
from .answers import SPAN
from .embeddings import SUM
from .input import BERT_INPUT
from .losses import MLM_LOSS
from .masking import MASK
from .mean import MEAN
from .pairs import PAIRS
from .script import SCRIPT
from .tags import TAGS
from .whole import FIVE

# as in the notebook
EXERCISES = (BERT_INPUT, SUM, MASK, MLM_LOSS, PAIRS, TAGS, SPAN, ADAPTER, MEAN, SCRIPT, FIVE)
