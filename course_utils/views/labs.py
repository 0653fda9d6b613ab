"""The labs: small experiments that compute in the browser, in double precision, while the hand moves."""

from .alignment import alignment
from .flow import flow
from .heads import heads
from .masking import masking
from .model import model
from .paths import paths
from .pooling import ask, bandwidth
from .rotation import rotation
from .scaling import scaling
from .scoring import scoring
from .shuffle import shuffle
from .sinusoid import sinusoid
from .softmax import softmax

__all__ = [
    "alignment",
    "ask",
    "bandwidth",
    "flow",
    "heads",
    "masking",
    "model",
    "paths",
    "rotation",
    "scaling",
    "scoring",
    "shuffle",
    "sinusoid",
    "softmax",
]
