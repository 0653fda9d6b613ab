"""Where the course runs: in a notebook or not, before a class, on Colab."""

import os
import sys
from typing import Any


def ipython() -> Any:
    """The running IPython shell, or None. IPython is not imported for this."""
    module = sys.modules.get("IPython")
    return module.get_ipython() if module else None


def in_notebook() -> bool:
    """Is this a notebook's kernel?"""
    return hasattr(ipython(), "kernel")


def presenting() -> bool:
    """Does a class see it? `course present` says so."""
    return bool(os.environ.get("COURSE_PRESENTING"))


def on_colab() -> bool:
    """Is this Google Colab?"""
    return "COLAB_RELEASE_TAG" in os.environ
