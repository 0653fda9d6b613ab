"""Chapter 7, GPT: four exercises of the lesson; two errors that circulate in its annex."""

from .bpe import MERGE
from .sampling import TEMPERATURE, TOP_P
from .script import SCRIPT
from .targets import TARGETS, TWICE

LESSON = (TARGETS, TEMPERATURE, TOP_P, MERGE)
EXERCISES = (*LESSON, TWICE, SCRIPT)  # as on the pages
