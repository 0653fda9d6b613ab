"""Chapter 6: four exercises in the lesson; two in its annex, and a program with errors that circulates."""

from .adapter import ADAPTER
from .answer_span import SPAN
from .embeddings import SUM
from .head import HEAD
from .low_rank import LORA
from .masking import MASK
from .script import SCRIPT

LESSON = (MASK, SUM, HEAD, LORA)
ANNEX = (SPAN, ADAPTER, SCRIPT)  # as on the page
EXERCISES = (*LESSON, *ANNEX)
