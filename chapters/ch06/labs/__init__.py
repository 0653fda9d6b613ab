"""The labs of chapter 6: small experiments that compute in the browser while the hand moves, and drawings."""

from course_kit.views.architecture import architecture
from course_kit.views.heads import heads

from .drawings import answer, banks, leak, thin
from .mask_tokens import mask_tokens
from .predictions import predictions

__all__ = ["answer", "architecture", "banks", "heads", "leak", "mask_tokens", "predictions", "thin"]
