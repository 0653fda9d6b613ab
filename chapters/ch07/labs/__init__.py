"""The labs of chapter 7: small experiments that compute in the browser while the hand moves, and drawings."""

from course_kit.views.heads import heads

from .drawings import exams, folders, grows, key_value_cache, opened, shares, stream, temperatures
from .merges import merges
from .next_character import next_character
from .sampling import sampling

kept = key_value_cache  # as cells call it that readers kept
