"""The labs of chapter 1: small experiments that compute in the browser while the hand moves."""

from .attention import attention, self_attention
from .pooling import ask, bandwidth
from .softmax import softmax
