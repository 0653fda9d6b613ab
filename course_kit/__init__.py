"""What works for the reader of the course: views, exercises, kept trainings, and `setup()`, each notebook's first line.

from course_kit import setup
setup()
"""

from . import gone
from .i18n import use
from .runtime import Runtime, setup

gone.install()
__all__ = ["Runtime", "setup", "use"]
