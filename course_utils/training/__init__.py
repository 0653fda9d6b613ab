"""Training: `fit`, the Run that it gives back, and checkpoints."""

from .checkpoints import Loaded, load_checkpoint, save_checkpoint
from .fitting import fit
from .run import Best, Run

__all__ = ["Best", "Loaded", "Run", "fit", "load_checkpoint", "save_checkpoint"]
