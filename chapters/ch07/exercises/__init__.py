"""Chapter 7, GPT: four exercises of the lesson; those of the annex, and errors that circulate."""

from .bpe import ENCODE, MERGE
from .cache import CORNER, LINEAR, POSITION, STEP
from .induction import INDUCTION
from .measures import BITS, TOKENIZERS
from .sampling import TEMPERATURE, TOP_K, TOP_P
from .scaling import PRINTED
from .script import SCRIPT
from .targets import TARGETS, TWICE

LESSON = (TARGETS, TEMPERATURE, TOP_P, MERGE)
ANNEX = (ENCODE, BITS, TOP_K, STEP, POSITION, INDUCTION, PRINTED, TWICE, CORNER, TOKENIZERS, LINEAR, SCRIPT)
EXERCISES = (*LESSON, *ANNEX)  # as on the pages
