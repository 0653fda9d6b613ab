"""A training on disk, as tensors and JSON: weights, optimizer, torch's random states, best state and history.

Nothing is pickled, so the worst that a file can be is wrong.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from course_utils.training.run import Best, Run


def pack(run: Run, **more: Any) -> bytes:
    """The bytes of a file that holds a Run, without its model's class, and `more`: plain values beside it."""
    from safetensors.torch import save

    judged, best = run._judged or (None, None)
    shared = best is not None and best["step"] == run._last["step"]  # the best state is the last one
    content = {
        "last": _without_make(run._last), "best": None if shared else _without_make(best), "shared": shared,
        "judged": judged and list(judged), "steps": run.steps, "history": run.history, "stopped": run.stopped,
        "message": run.message, "samples": run.samples if isinstance(run.samples, str) else None, "more": more,
    }  # fmt: skip
    tensors: dict[str, Tensor] = {}
    record = json.dumps(_flat(content, tensors))
    return save(tensors, {"record": record})


def unpack(path: Path, model: nn.Module, make: Any = None) -> tuple[Run, dict[str, Any]]:
    """What `pack` wrote -> (a Run of this model that can be resumed, `more`); the model stays as it is. make: what
    makes the optimizer, Adam by default. Raises OSError, or ValueError for a file that holds no training."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - the file is no mapping
            found = _deep(json.loads(file.metadata()["record"]), tensors)
        last, best = found["last"], found["best"]
        last["make"] = make or torch.optim.Adam
        told = (found[name] for name in ("history", "stopped", "samples", "message"))
        run = Run(model, found["steps"], last["step"], *told, last)
        if found["judged"]:
            run._judged = Best(*found["judged"]), last if found["shared"] else best and best | {"make": last["make"]}
        return run, found["more"]
    except (SafetensorError, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise ValueError(f"{path.name} holds no training of this edition of the course: {error}") from None


def _without_make(state: dict | None) -> dict | None:
    """A state without what makes its optimizer: a function cannot be written down."""
    return state and {name: value for name, value in state.items() if name != "make"}


def _flat(value: Any, tensors: dict[str, Tensor]) -> Any:
    """As JSON: lists stay lists, all else that holds something is {kind: content}; tensors go into `tensors`."""
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, Tensor):
        tensors[name := str(len(tensors))] = value.detach().cpu().contiguous().clone()
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
