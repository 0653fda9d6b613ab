"""Chapter 8, who answers?: `from chapters.ch08 import exercise, hint, solution, labs`."""
