"""Chapter 9, who taught it?: two exercises of the lesson; the one of the annex."""

from .annex import ANNEX
from .answers import DPO, TARGETS

LESSON = (TARGETS, DPO)
EXERCISES = (*LESSON, *ANNEX)  # as on the pages
