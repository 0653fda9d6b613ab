"""Chapter 8, who answers?: four exercises of the lesson; those of the annex."""

from .answers import DPO, TARGETS
from .block import RMS, SHARE

LESSON = (RMS, SHARE, TARGETS, DPO)
EXERCISES = LESSON
