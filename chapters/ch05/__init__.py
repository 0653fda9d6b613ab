"""Chapter 5, the Transformer: `from chapters.ch05 import exercise, hint, solution, labs`."""

from course_kit.exercises import again, check, exercise, find_error, hint, register, solution  # noqa: F401

from .. import ch01, ch02, ch03, ch04  # noqa: F401 - what is written there comes along
from . import labs  # noqa: F401
from .exercises import EXERCISES

register(EXERCISES)
