"""The cover: one living sentence."""

from .cover import cover

__all__ = ["cover"]
