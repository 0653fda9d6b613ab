"""The labs of chapter 7: small experiments that compute in the browser while the hand moves."""

from course_kit.views.alignment import alignment
from course_kit.views.architecture import architecture
from course_kit.views.heads import heads

from .merges import merges
from .next_character import next_character
from .sampling import sampling

__all__ = ["alignment", "architecture", "heads", "merges", "next_character", "sampling"]
