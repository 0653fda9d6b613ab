"""Chapter 6: four exercises in the lesson; six in its annex, and three programs with errors that circulate."""

from .adapter import ADAPTER
from .answers import SPAN
from .embeddings import SUM
from .input import BERT_INPUT
from .losses import MLM_LOSS
from .low_rank import LORA
from .masking import MASK
from .mean import MEAN
from .pairs import PAIRS
from .script import SCRIPT
from .tags import TAGS
from .whole import FIVE

LESSON = (SUM, MASK, SPAN, LORA)
ANNEX = (BERT_INPUT, MLM_LOSS, PAIRS, TAGS, ADAPTER, MEAN, SCRIPT, FIVE)  # as on the page
EXERCISES = (*LESSON, *ANNEX)
