"""The views that several chapters share; those of one chapter are in `chapters.chNN.labs`."""

from course_kit.views.alignment import alignment
from course_kit.views.architecture import architecture
from course_kit.views.heads import heads
from course_kit.views.heatmap import heatmap

__all__ = ["alignment", "architecture", "heads", "heatmap"]


def __getattr__(name):
    """Says where the labs of one chapter are, which stood here in the first edition."""
    raise AttributeError(f"There is no {name!r} here: a chapter's own labs come with `from chapters.chNN import labs`.")
