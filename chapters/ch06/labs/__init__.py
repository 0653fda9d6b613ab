"""The labs of chapter 6: small experiments that compute in the browser while the hand moves."""

from course_kit.views.architecture import architecture
from course_kit.views.heads import heads

from .mask_tokens import mask_tokens
from .predictions import predictions

__all__ = ["architecture", "heads", "mask_tokens", "predictions"]
