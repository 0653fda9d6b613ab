"""Our trained models as files that a page can load and run: no kernel, no network, not even a server.

    model_files("transformer-grammar")  # {"transformer-grammar.js": …, "transformer-grammar.0.js": …}: card and weights

The JavaScript in js/src/models computes what the models, `text` and `decoding` do, for one sentence
at a time; tests/unit/course_kit/test_models_in_node.py holds the two together for every trained model.
"""

import base64
import json

import numpy as np
from safetensors.numpy import load_file

from course_kit.files import course_folder

KEPT = ("name", "architecture", "config", "source", "target", "tokenizer")  # of what a card says
PART = 720_000  # characters of weights in a file: one bar of progress each
EIGHT_BITS = (  # they translate at least 99 % of held-out sentences word by word as they do with 16
    "seq2seq-attention-en-fr-grammar", "seq2seq-attention-zh-en-grammar", "transformer-grammar",
)  # fmt: skip


def model_files(name: str) -> dict[str, str]:
    """The files of a trained model, by their names: its card, and its weights in parts, as `tensor_bytes` has them.

    Raises FileNotFoundError where there is no such model in data/checkpoints.
    """
    card, weights = _read(name)
    layout, data = [], bytearray()
    for key, x in weights.items():
        bits = _bits(name, key, x)
        layout.append({"name": key, "shape": list(x.shape), "offset": len(data), "bits": bits})
        data += tensor_bytes(x, bits)
    text = base64.b64encode(data).decode()
    parts = [text[at : at + PART] for at in range(0, len(text), PART)]
    kept = {key: card[key] for key in KEPT if key in card}
    about = {"layout": layout, "parts": len(parts), "data": card["data"]}
    said = json.dumps(kept | about, ensure_ascii=False, separators=(",", ":"))
    files = {f"{name}.js": f"courseModels.card({said})"}
    return files | {f"{name}.{n}.js": f'courseModels.part("{name}",{n},"{part}")' for n, part in enumerate(parts)}


def tensor_bytes(x: np.ndarray, bits: int) -> bytes:
    """A tensor as a page gets it, row by row, the lower byte first.

    16 bits: float16. 8: x [R, C] as R scales, float16, and then R · C whole numbers from −127 to 127, int8: each
    weight is its number times the scale of its row, to half a scale, and the largest of a row is ±127.
    """
    return x.astype("<f2").tobytes() if bits == 16 else b"".join(part.tobytes() for part in _eight(x))


def _eight(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Scales [R, 1], float16, and whole numbers [R, C], int8."""
    x = x.astype("f4")
    scales = (np.abs(x).max(-1, keepdims=True) / 127).astype("<f2")
    steps = np.divide(x, scales.astype("f4"), out=np.zeros_like(x), where=scales > 0)  # a row of zeros has no scale
    return scales, np.rint(steps).clip(-127, 127).astype("i1")


def _bits(name: str, key: str, x: np.ndarray) -> int:
    """Of each weight of a tensor: biases and norms are too few to be worth rounding, and the descent of chapter 5 shows
    the French embeddings one by one."""
    return 8 if name in EIGHT_BITS and x.ndim > 1 and key != "target_embedding.weight" else 16


def _read(name: str) -> tuple[dict, dict[str, np.ndarray]]:
    """Card and weights of a trained model."""
    folder = course_folder() / "data" / "checkpoints"
    card = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    stored = load_file(folder / f"{name}.safetensors")
    return card, {key: x for key, x in stored.items() if key != "seen"}
