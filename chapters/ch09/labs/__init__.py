"""The labs of chapter 9."""

from chapters.ch08.labs import replies

from .drawings import counted, draft, group, teachers, tilt
from .journey import journey

__all__ = ["counted", "draft", "group", "journey", "replies", "teachers", "tilt"]
