"""Pictures that react under the hand: one heatmap for the whole course, and the views that several chapters share."""

from course_kit.views import plot
from course_kit.views.heatmap import heatmap
from course_kit.views.predict import predict, reveal
from course_kit.views.table import Table
from course_kit.views.view import asking, in_class, seen

__all__ = ["Table", "asking", "heatmap", "in_class", "plot", "predict", "reveal", "seen"]
