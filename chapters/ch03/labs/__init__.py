"""The labs of chapter 3: an alignment that computes in the browser while the hand moves, and three drawings."""

from course_kit.views.alignment import alignment

from .drawings import fan, forcing, slips, squeeze

__all__ = ["alignment", "fan", "forcing", "slips", "squeeze"]
