"""The encoding at any positions, fractions too, in float64."""

import numpy as np
import torch

from course_kit.views.inputs import Numbers
from course_utils.positions import frequencies

LENGTH, SIZE = 50, 128  # positions and columns of the encoding that is shown


def waves(positions: Numbers, size: int = SIZE) -> np.ndarray:
    """Cosine and sine in pairs: [n] -> [n, D]."""
    angles = torch.as_tensor(np.asarray(positions, float))[:, None] * frequencies(size)
    return torch.stack([angles.cos(), angles.sin()], -1).flatten(1).numpy()
