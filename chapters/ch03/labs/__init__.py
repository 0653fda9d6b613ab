"""The labs of chapter 3: small experiments that compute in the browser while the hand moves."""

from course_kit.views.alignment import alignment

from .flow import flow
from .removed import compared, states_side_by_side

__all__ = ["alignment", "compared", "flow", "states_side_by_side"]
