"""The lab of chapter 3: an alignment that computes in the browser while the hand moves."""

from course_kit.views.alignment import alignment

__all__ = ["alignment"]
