"""Chapter 9, who taught it?: two exercises of the lesson."""

from .answers import DPO, TARGETS

EXERCISES = (TARGETS, DPO)  # as on the page
