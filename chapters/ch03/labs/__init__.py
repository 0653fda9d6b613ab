"""The labs of chapter 3: small experiments that compute in the browser while the hand moves."""

from course_utils.views.alignment import alignment

from .flow import flow

__all__ = ["alignment", "flow"]
