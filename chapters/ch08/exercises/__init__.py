"""Chapter 8, who answers?: two exercises of the lesson; those of the annex."""

from .annex import ANNEX
from .block import RMS, SHARE

LESSON = (RMS, SHARE)
EXERCISES = (*LESSON, *ANNEX)  # as on the pages
