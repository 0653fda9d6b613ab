"""The labs: small experiments that compute in the browser, in double precision, while the hand moves."""

from .alignment import alignment
from .embeddings import embeddings
from .flow import flow
from .heads import heads
from .journey import journey
from .mask_tokens import mask_tokens
from .masking import masking
from .merges import merges
from .model import model
from .next_character import next_character
from .paths import paths
from .pooling import ask, bandwidth
from .predictions import predictions
from .rotation import rotation
from .sampling import sampling
from .scaling import scaling
from .scaling_law import scaling_law
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
    "journey",
    "mask_tokens",
    "masking",
    "merges",
    "model",
    "next_character",
    "paths",
    "predictions",
    "rotation",
    "sampling",
    "scaling",
    "scaling_law",
    "scoring",
    "shuffle",
    "sinusoid",
    "softmax",
    "tagged",
]
