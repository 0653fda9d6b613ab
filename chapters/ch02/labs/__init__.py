"""The labs of chapter 2: small experiments that compute in the browser while the hand moves."""

from .masking import masking
from .people import people
from .scoring import scoring

__all__ = ["masking", "people", "scoring"]
