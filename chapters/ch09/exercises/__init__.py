"""Chapter 9, who taught it?: three exercises of the lesson."""

from .preferences import ADVANTAGES, DPO, TARGETS

EXERCISES = (TARGETS, DPO, ADVANTAGES)  # as on the page
