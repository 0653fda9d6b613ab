"""The labs of chapter 2: small experiments that compute in the browser while the hand moves."""

from chapters.ch01.labs import attention, self_attention

from .call import call
from .drawings import circle, shadows
from .masking import masking
from .rooms import room
from .scoring import scoring
from .words import adjective_asks
