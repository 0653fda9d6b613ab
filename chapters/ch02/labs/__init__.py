"""The labs of chapter 2: small experiments that compute in the browser while the hand moves."""

from .masking import masking, orders
from .people import people
from .removing import remove_unit, weights_without
from .scaling import scaling
from .scoring import scoring

__all__ = ["masking", "orders", "people", "remove_unit", "scaling", "scoring", "weights_without"]
