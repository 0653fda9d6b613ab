"""The labs: small experiments that compute in the browser, in double precision, while the hand moves."""

from .alignment import alignment
from .embeddings import embeddings
from .flow import flow
from .heads import heads
from .mask_tokens import mask_tokens
from .masking import masking
from .model import model
from .paths import paths
from .pooling import ask, bandwidth
from .predictions import predictions
from .rotation import rotation
from .scaling import scaling
from .scoring import scoring
from .shuffle import shuffle
from .sinusoid import sinusoid
from .softmax import softmax
from .tagged import tagged

__all__ = [
    "alignment",
    "ask",
    "bandwidth",
    "embeddings",
    "flow",
    "heads",
    "mask_tokens",
    "masking",
    "model",
    "paths",
    "predictions",
    "rotation",
    "scaling",
    "scoring",
    "shuffle",
    "sinusoid",
    "softmax",
    "tagged",
]
