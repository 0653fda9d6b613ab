"""The labs of chapter 4: small experiments that compute in the browser while the hand moves."""

from .readers import who_does_it
from .rotation import rotation
from .shuffle import shuffle
from .sinusoid import sinusoid

__all__ = ["rotation", "shuffle", "sinusoid", "who_does_it"]
