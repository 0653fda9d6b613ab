"""What a notebook imports, and a student may read: attention, the models made of it, and what shows and checks them.

from course_utils import setup
setup()
"""

from .runtime import Runtime, setup
from .support import moved

__version__ = "0.2.0"
__all__ = ["Runtime", "__version__", "setup"]

moved.install()
