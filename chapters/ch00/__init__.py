"""Start here: `from chapters.ch00 import exercise, hint, solution`."""

from course_utils.exercises import check, exercise, find_error, hint, register, solution

from .exercises import EXERCISES

__all__ = ["check", "exercise", "find_error", "hint", "solution"]

register(EXERCISES)
