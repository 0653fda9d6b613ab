"""The labs of chapter 8."""

from chapters.ch04.labs import meet

from .drawings import beside, gate, norms, places, shared, swells, talk
from .replies import replies
