"""The labs of chapter 2: small experiments that compute in the browser while the hand moves."""

from chapters.ch01.labs import attention, self_attention

from .drawings import circle, layer, shadows
from .masking import masking
from .rooms import goes, room
from .scoring import scoring
from .steps import steps
