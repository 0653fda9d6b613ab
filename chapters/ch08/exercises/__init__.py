"""Chapter 8, who answers?: four exercises of the lesson; those of the annex."""

from .annex import ANNEX
from .answers import DPO, TARGETS
from .block import RMS, SHARE

LESSON = (RMS, SHARE, TARGETS, DPO)
EXERCISES = (*LESSON, *ANNEX)  # as on the pages
