"""The labs: small experiments that compute in the browser, in double precision, while the hand moves."""

from .pooling import ask, bandwidth
from .scoring import scoring
from .softmax import softmax

__all__ = ["ask", "bandwidth", "scoring", "softmax"]
