"""The labs of chapter 8."""

from chapters.ch04.labs import meet
from course_kit.views.architecture import architecture

from .drawings import gate, norms, shared, talk
from .replies import replies

__all__ = ["architecture", "gate", "meet", "norms", "replies", "shared", "talk"]
