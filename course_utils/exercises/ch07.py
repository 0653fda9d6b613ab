"""Chapter 7, GPT: eight exercises, and twelve errors that circulate."""

from .ch07_bpe import MERGE
from .ch07_cache import CORNER, LINEAR, POSITION, STEP
from .ch07_choice import NUCLEUS, ON_PROBABILITIES, ZERO
from .ch07_induction import INDUCTION
from .ch07_measures import BITS, POWER, SIX, TOKENIZERS
from .ch07_sampling import TEMPERATURE, TOP_K, TOP_P
from .ch07_targets import SAME, TARGETS, TIME, TWICE

EXERCISES = (
    *(TARGETS, MERGE, BITS, TEMPERATURE, TOP_P, TOP_K, STEP, INDUCTION),
    *(SAME, TWICE, TIME, POWER, TOKENIZERS, ON_PROBABILITIES, ZERO, NUCLEUS, POSITION, CORNER, LINEAR, SIX),
)
