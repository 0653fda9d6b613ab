"""Trained models written to disk, as course_kit/checkpoints.py reads them.

A model that was fine-tuned from another is written as what differs: see course_kit/models/fine_tuned_files.py.
"""

import hashlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from course_kit import checkpoints, files
from course_kit.models import fine_tuned_files
from course_kit.programs import arguments

NOTHING = 1e-3  # a singular value is nothing beside one a thousand times larger


def save_checkpoint(
    model: nn.Module,
    name: str | Path,
    card: Mapping[str, Any] | None = None,
    *,
    source: Any = None,
    target: Any = None,
    tokenizer: Any = None,
    seen: Tensor | None = None,
    base: str | None = None,
    rank: int = 4,
) -> Path:
    """Write NAME.safetensors and NAME.json, and return the path of the JSON.

    name   of the checkpoint in data/checkpoints, or a path
    card   what the JSON says besides (metrics, licence …); what is checkpoints.OURS it cannot change
    base   the checkpoint beside it that the model was fine-tuned from: only what was
           added is written, with matrices of this rank
    """
    from safetensors.torch import save

    beside = getattr(sys.modules[type(model).__module__], "ARCHITECTURES", {})
    kind = next((name for name, (one, _) in beside.items() if one is type(model)), type(model).__name__)
    if kind not in beside:
        arguments.one_of("model", kind, dict(checkpoints.architectures()))
    path, state = checkpoints.path_of(name), checkpoints.own_state(model)
    record: dict[str, Any] = {"format": checkpoints.FORMAT, "architecture": kind}
    record |= {"config": checkpoints.config_of(model), "weights": None}
    if isinstance(head := getattr(model, "classifier", None), nn.Linear):
        record["num_labels"] = head.out_features
    if base is not None:
        start = checkpoints.load_checkpoint(path.with_name(f"{base}.json"))
        state = thin(state, start.model.state_dict(), rank)
        record["base"] = {"name": base, "sha256": start.card["weights"]["sha256"]}
    tensors = {name: _written(name, x) for name, x in state.items()}
    if seen is not None:
        tensors[checkpoints.SEEN] = seen.to(torch.int32).contiguous()
    weights = save(tensors)
    checksum = hashlib.sha256(weights).hexdigest()
    record["weights"] = {"sha256": checksum, "bytes": len(weights), "dtype": "float16"}
    record |= {key: value for key, value in (card or {}).items() if key not in checkpoints.OURS}
    roles = {"source": source, "target": target, "tokenizer": tokenizer}
    record |= {role: words.to_json() for role, words in roles.items() if words is not None}
    try:
        record["sum"] = checkpoints.card_sum(record)
        written = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"card is no JSON: {error}; needed: numbers, texts, lists") from None
    path.parent.mkdir(parents=True, exist_ok=True)
    files.write_atomically(path.with_suffix(".safetensors"), weights)
    files.write_atomically(path, written + "\n")
    return path


def _written(name: str, x: Tensor) -> Tensor:
    """A tensor as it is written: numbers with a point as float16, where all must fit."""
    x = x.detach().cpu().contiguous()
    return arguments.finite(f"{name} in float16", x.half()) if x.is_floating_point() else x


def thin(state: Mapping[str, Tensor], base: Mapping[str, Tensor], rank: int) -> dict[str, Tensor]:
    """What `state` has and `base` has not: matrices as factors, other things whole."""
    small: dict[str, Tensor] = {}
    for name, x in state.items():
        before = base.get(name)
        if before is None or before.shape != x.shape:
            small[name] = x
        elif x.dim() == 2 and not torch.equal(x, before):
            added = arguments.finite(name, x) - before
            small[name + fine_tuned_files.UP], small[name + fine_tuned_files.DOWN] = _factors(name, added, rank)
        elif not torch.equal(x, before):
            small[name] = x
    return small


def _factors(name: str, added: Tensor, rank: int) -> tuple[Tensor, Tensor]:
    """The matrix added [O, I] as factors [O, r] and [r, I]."""
    u, s, v = torch.linalg.svd(added.double(), full_matrices=False)
    more = int((s > NOTHING * s[0]).sum())
    if more > rank:
        raise ValueError(f"rank is {rank}; needed: {more}, of what was added to {name}")
    root = s[:rank].sqrt()
    return (u[:, :rank] * root).float(), (root[:, None] * v[:rank]).float()
