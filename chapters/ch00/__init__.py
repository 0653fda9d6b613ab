"""Start here: `from chapters.ch00 import exercise, hint, solution, labs`."""

from course_utils.exercises import check, exercise, find_error, hint, register, solution

from . import labs
from .exercises import EXERCISES

__all__ = ["check", "exercise", "find_error", "hint", "labs", "solution"]

register(EXERCISES)
