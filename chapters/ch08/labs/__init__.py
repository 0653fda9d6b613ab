"""The labs of chapter 8."""

from chapters.ch07.labs import sampling
from course_kit.views.architecture import architecture
from course_kit.views.heads import heads

from .replies import replies

__all__ = ["architecture", "heads", "replies", "sampling"]
