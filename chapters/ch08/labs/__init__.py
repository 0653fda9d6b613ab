"""The labs of chapter 8."""

from course_kit.views.architecture import architecture

from .replies import replies

__all__ = ["architecture", "replies"]
