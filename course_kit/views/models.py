"""Our trained models as files that a page can load and run: no kernel, no network, not even a server.

    model_files("transformer-grammar")  # {"transformer-grammar.js": …, "transformer-grammar.0.js": …}: card and weights

The JavaScript in js/src/models computes what the models, `text` and `decoding` of `course_utils` do, for one sentence
at a time; tests/unit/course_kit/test_models_in_node.py holds the two together for every trained model.
"""

import base64
import json

from safetensors.numpy import load_file

from course_kit.files import course_folder

KEPT = ("name", "architecture", "config", "source", "target", "tokenizer")  # of what a card says
PART = 720_000  # characters of weights in a file: one bar of progress each


def model_files(name: str) -> dict[str, str]:
    """The files of a trained model, by their names: its card, and its weights as float16 in parts.

    Raises FileNotFoundError where there is no such model in data/checkpoints.
    """
    folder = course_folder() / "data" / "checkpoints"
    card = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    weights = {_named(k, card): x for k, x in load_file(folder / f"{name}.safetensors").items() if k != "seen"}
    layout, offset = [], 0
    for key, x in weights.items():
        layout.append({"name": key, "shape": list(x.shape), "offset": offset})
        offset += x.size
    data = base64.b64encode(b"".join(x.astype("<f2").tobytes() for x in weights.values())).decode()
    parts = [data[at : at + PART] for at in range(0, len(data), PART)]
    kept = {key: card[key] for key in KEPT if key in card}
    about = {"layout": layout, "parts": len(parts), "base": card.get("base", {}).get("name"), "data": card["data"]}
    said = json.dumps(kept | about, ensure_ascii=False, separators=(",", ":"))
    files = {f"{name}.js": f"courseModels.card({said})"}
    return files | {f"{name}.{n}.js": f'courseModels.part("{name}",{n},"{part}")' for n, part in enumerate(parts)}


def _named(weight: str, card: dict) -> str:
    """The name of a weight as the model has it; in older files of a GPT or a BERT, positions were a `table`."""
    if card["architecture"] == "Transformer":
        return weight
    return weight.replace("positions.table", "positions.weight")
