"""The labs: small experiments that compute in the browser, in double precision, while the hand moves."""

from .alignment import alignment
from .flow import flow
from .masking import masking
from .pooling import ask, bandwidth
from .scaling import scaling
from .scoring import scoring
from .softmax import softmax

__all__ = ["alignment", "ask", "bandwidth", "flow", "masking", "scaling", "scoring", "softmax"]
