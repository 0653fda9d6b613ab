"""Chapter 9, who taught it?: `from chapters.ch09 import exercise, hint, solution, labs`."""

from course_kit.exercises import again, check, exercise, find_error, hint, register, solution  # noqa: F401

from .. import ch08  # noqa: F401 - the functions that are written there come along
from . import labs  # noqa: F401
from .exercises import EXERCISES

register(EXERCISES)
