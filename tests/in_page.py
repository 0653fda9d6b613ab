"""Trained models in Python with the weights that a page has of them: those that come in 8 bits are rounded."""

import in_node
import torch

from course_kit.checkpoints import Loaded, load_checkpoint
from course_kit.views.models import EIGHT_BITS, model_files, weights_in_page


def load_as_in_page(name: str) -> Loaded:
    """What `load_checkpoint` gives, with the weights of a page."""
    loaded = load_checkpoint(name)
    if name in EIGHT_BITS:
        weights = {key: torch.from_numpy(x) for key, x in weights_in_page(name).items()}
        wrong = loaded.model.load_state_dict(weights, strict=False)  # what is tied has one name
        assert not wrong.unexpected_keys
    return loaded


def open_in_node(name: str) -> Loaded:
    """What `load_as_in_page` gives; in node `it` is then the model of that name, as a page opens it."""
    found = load_as_in_page(name)
    in_node.evaluate("async () => { await load('models/page.js'); globalThis.opened ??= new Set() }")
    for model in filter(None, (found.card.get("base", {}).get("name"), name)):
        if in_node.evaluate("name => !opened.has(name) && !!opened.add(name)", model):
            for script in model_files(model).values():
                in_node.evaluate(f"() => {{ {script} }}")
        in_node.evaluate("name => { globalThis.it = courseModels.open(name) }", model)  # needs its base open
    return found
