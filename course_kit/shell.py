"""Whether this is a notebook, and the IPython that runs it."""

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


def on_colab() -> bool:
    """Is this Google Colab?"""
    return "COLAB_RELEASE_TAG" in os.environ
