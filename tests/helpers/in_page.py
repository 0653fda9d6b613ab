"""Trained models in Python with the weights that a page has of them: those that come in 8 bits are rounded."""

import base64
import json
import re

import numpy as np
import torch
from helpers import in_node

from course_kit.checkpoints import Loaded, load_checkpoint
from course_kit.views.models import EIGHT_BITS, model_files


def weights_in_page(name: str) -> dict[str, np.ndarray]:
    """The weights in the files of a trained model, by their names, float32."""
    card, *parts = model_files(name).values()
    data = base64.b64decode("".join(re.search(r'"([^"]+)"\)$', part)[1] for part in parts))
    found = {}
    for one in json.loads(card[card.index("{") : -1])["layout"]:
        count, at = int(np.prod(one["shape"])), one["offset"]
        if one["bits"] == 16:
            found[one["name"]] = np.frombuffer(data, "<f2", count, at).astype("f4").reshape(one["shape"])
        else:
            scales = np.frombuffer(data, "<f2", one["shape"][0], at).astype("f4")
            whole = np.frombuffer(data, "i1", count, at + 2 * len(scales)).reshape(one["shape"])
            found[one["name"]] = scales[:, None] * whole
    return found


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
    if in_node.evaluate("name => !opened.has(name) && !!opened.add(name)", name):
        for script in model_files(name).values():
            in_node.evaluate(f"() => {{ {script} }}")
    in_node.evaluate("name => { globalThis.it = courseModels.open(name) }", name)
    return found
