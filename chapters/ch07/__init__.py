"""Chapter 7, GPT: `from chapters.ch07 import exercise, hint, solution, labs`."""

from course_utils.exercises import check, exercise, find_error, hint, register, solution

from . import labs
from .exercises import AGAIN, EXERCISES

__all__ = ["check", "exercise", "find_error", "hint", "labs", "solution"]

register((*EXERCISES, *AGAIN))
