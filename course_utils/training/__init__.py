"""Training: `fit`, and the Run that it gives back."""

from .fitting import fit
from .run import Best, Run

__all__ = ["Best", "Run", "fit"]
