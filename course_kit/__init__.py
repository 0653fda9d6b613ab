"""What works for the reader of the course: views, exercises, kept trainings, and `setup()`, each notebook's first line.

from course_kit import setup
setup()
"""

from .i18n import use
from .runtime import Runtime, setup

__all__ = ["Runtime", "setup", "use"]
