"""Trained models in Python with the weights that a page has of them: those that come in 8 bits are rounded."""

import torch

from course_kit.views.models import EIGHT_BITS, weights_in_page
from course_utils.checkpoints import Loaded, load_checkpoint


def load_as_in_page(name: str) -> Loaded:
    """What `load_checkpoint` gives, with the weights of a page."""
    loaded = load_checkpoint(name)
    if name in EIGHT_BITS:
        weights = {key: torch.from_numpy(x) for key, x in weights_in_page(name).items()}
        wrong = loaded.model.load_state_dict(weights, strict=False)  # what is tied has one name
        assert not wrong.unexpected_keys
    return loaded
