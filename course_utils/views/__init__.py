"""Pictures that react under the hand: one heatmap for the whole course, and labs made of it."""

from . import labs, plot
from .ask import predict, reveal
from .heatmap import heatmap
from .view import sweep

__all__ = ["heatmap", "labs", "plot", "predict", "reveal", "sweep"]
