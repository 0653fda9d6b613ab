"""Chapter 6, BERT: `from chapters.ch06 import exercise, hint, solution, labs`."""

from course_kit.exercises import again, check, exercise, find_error, hint, register, solution  # noqa: F401

from .. import ch05  # noqa: F401 - what was written there, and before, comes along
from . import labs  # noqa: F401
from .exercises import EXERCISES

register(EXERCISES)
