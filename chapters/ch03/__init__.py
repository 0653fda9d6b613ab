"""Chapter 3, sequence to sequence with attention: `from chapters.ch03 import exercise, hint, solution, labs`."""

from course_kit.exercises import again, check, exercise, find_error, hint, register, solution  # noqa: F401

from .. import ch01  # noqa: F401 - the masked softmax that is written there comes along
from . import labs  # noqa: F401
from .exercises import EXERCISES

register(EXERCISES)
