"""The labs of chapter 8."""

from chapters.ch04.labs import meet

from .drawings import gate, gpt_to_llama, norms, places, shared, swells, talk
from .replies import replies

beside = gpt_to_llama  # as cells call it that readers kept
