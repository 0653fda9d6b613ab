"""The labs of chapter 2: small experiments that compute in the browser while the hand moves."""

from chapters.ch01.labs import attention, self_attention

from .masking import masking
from .rooms import room, stages
from .steps import steps

__all__ = ["attention", "masking", "room", "self_attention", "stages", "steps"]
