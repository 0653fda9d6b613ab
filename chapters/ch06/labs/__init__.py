"""The labs of chapter 6: small experiments that compute in the browser while the hand moves."""

from course_kit.views.architecture import architecture
from course_kit.views.heads import heads

from .embeddings import embeddings
from .mask_tokens import mask_tokens
from .predictions import predictions
from .tagged import tagged

__all__ = ["architecture", "embeddings", "heads", "mask_tokens", "predictions", "tagged"]
