"""The labs of chapter 1: small experiments that compute in the browser while the hand moves."""

from .influence import influence
from .pooling import ask, bandwidth
from .softmax import softmax

__all__ = ["ask", "bandwidth", "influence", "softmax"]
