"""Chapter 4, positional encoding: `from chapters.ch04 import exercise, hint, solution, labs`."""

from course_kit.exercises import again, check, exercise, find_error, hint, register, solution  # noqa: F401

from .. import ch02  # noqa: F401 - the layer of self-attention that is written there comes along
from . import labs  # noqa: F401
from .exercises import EXERCISES

register(EXERCISES)
