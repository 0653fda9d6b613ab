"""Chapter 7, GPT: nine exercises, and seven errors that circulate."""

from .bpe import ENCODE, MERGE
from .cache import CORNER, LINEAR, POSITION, STEP
from .induction import INDUCTION
from .measures import BITS, TOKENIZERS
from .sampling import TEMPERATURE, TOP_K, TOP_P
from .scaling import PRINTED
from .script import SCRIPT
from .targets import TARGETS, TWICE

EXERCISES = (  # as in the notebook
    *(TARGETS, MERGE, ENCODE, BITS, TEMPERATURE, TOP_P, TOP_K, STEP, POSITION, INDUCTION, PRINTED),
    *(TWICE, CORNER, TOKENIZERS, LINEAR, SCRIPT),
)
