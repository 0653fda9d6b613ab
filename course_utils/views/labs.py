"""The views that several chapters share; those of one chapter are in `chapters.chNN.labs`."""

from .alignment import alignment
from .heads import heads
from .heatmap import heatmap

__all__ = ["alignment", "heads", "heatmap"]


def __getattr__(name):
    """Says where the labs of one chapter are, which stood here in the first edition."""
    raise AttributeError(f"There is no {name!r} here: a chapter's own labs come with `from chapters.chNN import labs`.")
