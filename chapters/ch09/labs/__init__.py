"""The labs of chapter 9."""

from chapters.ch08.labs import replies

from .drawings import counted, draft, group, preferred, teachers, tilt
