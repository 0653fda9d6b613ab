"""The labs of chapter 5: small experiments that compute in the browser while the hand moves."""

from course_kit.views.alignment import alignment
from course_kit.views.heads import heads

from .descent import descent
from .drawings import lanes, network, opened, split
from .trained import at_once, cut, hops
