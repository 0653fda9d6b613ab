"""The labs of chapter 4: small experiments that compute in the browser while the hand moves, and drawings."""

from .drawings import clocks, meet, paths
from .readers import attends
from .rotation import rotation
from .shuffle import shuffle
