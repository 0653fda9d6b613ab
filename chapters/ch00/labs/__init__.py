"""The cover, one living sentence, and two drawings."""

from .cover import cover
from .drawings import balance, stretch
