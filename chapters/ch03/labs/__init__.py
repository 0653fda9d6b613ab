"""The labs of chapter 3: an alignment that computes in the browser while the hand moves, and drawings."""

from course_kit.views.alignment import alignment

from .drawings import branches, fan, squeeze
