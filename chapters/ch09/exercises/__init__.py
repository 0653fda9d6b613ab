"""Chapter 9, who taught it?: three exercises of the lesson; the one of the annex."""

from .annex import ANNEX
from .answers import ADVANTAGES, DPO, TARGETS

LESSON = (TARGETS, DPO, ADVANTAGES)
EXERCISES = (*LESSON, *ANNEX)  # as on the pages
