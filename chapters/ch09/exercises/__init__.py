"""Chapter 9, who taught it?: two exercises of the lesson, two of its annex."""

from .filtering import PASSING
from .preferences import ADVANTAGES, DPO, TARGETS

EXERCISES = (TARGETS, PASSING, DPO, ADVANTAGES)  # as on the page
