"""The labs of chapter 9."""

from chapters.ch08.labs import replies

from .journey import journey

__all__ = ["journey", "replies"]
