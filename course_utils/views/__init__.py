"""Pictures that react under the hand: one heatmap for the whole course, and the views that several chapters share."""

from . import labs, plot
from .ask import predict, reveal
from .heatmap import heatmap
from .table import Table
from .view import sweep

__all__ = ["Table", "heatmap", "labs", "plot", "predict", "reveal", "sweep"]
