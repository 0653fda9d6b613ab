"""A training on disk, as tensors and JSON: weights, optimizer, random states, best state and history.

Nothing is pickled, and a checksum is kept beside it: a file is either what was written, or refused.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from course_kit.training import Best, Run
from course_kit.training_state import State

PLAIN = ("steps", "history", "samples", "stopped", "message", "lr")  # of a Run


def pack(run: Run, **more: Any) -> bytes:
    """The bytes of a file that holds a Run, without its model's class, and `more`: plain values beside it."""
    from safetensors.torch import save

    best, state = run.best, run.best.state if run.best else None
    shared = state is not None and run.last is not None and state.step == run.last.step  # one and the same
    content = {name: getattr(run, name) for name in PLAIN} | {
        "last": vars(run.last),
        "best": best and {"step": best.step, "value": best.value, "metrics": best.metrics},
        "best state": "last" if shared else state and vars(state),
        "more": more,
    }
    tensors: dict[str, Tensor] = {}
    record = json.dumps(_flat(content, tensors))
    return save(tensors, {"record": record, "checksum": _checksum(record, tensors)})


def unpack(path: Path, model: nn.Module) -> tuple[Run, dict[str, Any]]:
    """What `pack` wrote -> (a Run of this model that can be resumed, `more`); the model stays as it is.

    Raises OSError, or ValueError for a file that holds no training.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - the file is no mapping
            about = file.metadata()
        if about["checksum"] != _checksum(about["record"], tensors):
            raise KeyError("it is damaged")
        content = _deep(json.loads(about["record"]), tensors)
        last, state = _state(content["last"]), content["best state"]
        state = last if state == "last" else state and _state(state)
        best = content["best"] and Best(**content["best"], state=state)
        plain = {name: content[name] for name in PLAIN if name in content}  # none has samples before 0.6
        run = Run(model, step=last.step, best=best, last=last, **plain)
        return run, content["more"]
    except (SafetensorError, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise ValueError(f"{path.name} holds no training of this edition of the course: {error}") from None


def _state(told: dict[str, Any]) -> State:
    return State(**{field.name: told[field.name] for field in fields(State)})


def _checksum(record: str, tensors: dict[str, Tensor]) -> str:
    digest = hashlib.sha256(record.encode("utf-8", "surrogatepass"))
    for _, x in sorted(tensors.items()):
        digest.update(x.reshape(-1).view(torch.uint8).numpy().tobytes() if x.numel() else b"")
    return digest.hexdigest()


def _flat(value: Any, tensors: dict[str, Tensor]) -> Any:
    """As JSON: lists stay lists, all else that holds something is {kind: content}; tensors go into `tensors`."""
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, Tensor):
        name = str(len(tensors))
        tensors[name] = value.detach().cpu().contiguous().clone()
        return {"tensor": name}
    if isinstance(value, dict):
        return {"dict": [[_flat(key, tensors), _flat(x, tensors)] for key, x in value.items()]}
    if isinstance(value, list | tuple):
        flat = [_flat(x, tensors) for x in value]
        return flat if isinstance(value, list) else {"tuple": flat}
    raise TypeError(f"{type(value).__name__} cannot be written down; needed: numbers, texts, tensors, lists, dicts")


def _deep(value: Any, tensors: dict[str, Tensor]) -> Any:
    """What `_flat` was given."""
    if isinstance(value, list):
        return [_deep(x, tensors) for x in value]
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "tensor":
        return tensors[content]
    if kind == "dict":
        return {_deep(key, tensors): _deep(x, tensors) for key, x in content}
    return tuple(_deep(x, tensors) for x in content)
