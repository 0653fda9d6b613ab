"""Chapter 7, GPT: `from chapters.ch07 import exercise, hint, solution, labs`."""

from chapters.ch05.exercises import TRAINING_ONLY
from course_utils.exercises import check, exercise, find_error, hint, register, solution

from . import labs
from .exercises import EXERCISES

__all__ = ["check", "exercise", "find_error", "hint", "labs", "solution"]

register((*EXERCISES, TRAINING_ONLY))  # one of chapter 5's comes again
