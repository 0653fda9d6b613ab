"""The labs of chapter 8."""

from chapters.ch04.labs import meet
from course_kit.views.architecture import architecture

from .drawings import gate, norms, places, shared, swells, talk
from .replies import replies

__all__ = ["architecture", "gate", "meet", "norms", "places", "replies", "shared", "swells", "talk"]
