"""A training on disk: everything the next step depends on, as tensors and JSON, so that a killed one goes on."""

import json
from pathlib import Path

from . import files
from .training import Run

FILE = "state.safetensors"


def save(folder: Path, run: Run, kept: dict) -> None:
    """Write the state of a run, and a dict of one's own, into a folder; the old state is replaced at the end."""
    from safetensors.torch import save as pack

    last = run._last
    tensors = {f"model.{n}": x for n, x in last["model"].items()}
    for index, slots in last["optimizer"]["state"].items():
        tensors |= {f"optimizer.{index}.{slot}": x for slot, x in slots.items()}
    for part in ("random", "epoch"):
        tensors |= {f"{part}.{i}": x for i, x in enumerate(last[part] or [])}
    tensors["generator"] = last["generator"]
    record = {
        "position": last["position"], "step": last["step"], "lr": last["lr"], "kept": kept,
        "groups": last["optimizer"]["param_groups"], "loss": run.history["loss"],
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    content = pack({n: x.contiguous() for n, x in tensors.items()}, {"record": json.dumps(record)})
    files.write_atomically(folder / FILE, content)


def load(folder: Path, model) -> tuple[Run | None, dict]:
    """What `save` wrote -> (Run to resume, dict); (None, {}) if there is nothing."""
    from safetensors import safe_open

    path = folder / FILE
    if not path.is_file():
        return None, {}
    with safe_open(path, "pt") as file:
        record = json.loads(file.metadata()["record"])
        tensors = {n: file.get_tensor(n) for n in file.keys()}  # noqa: SIM118 - the file is no mapping
    optimizer: dict = {"state": {}, "param_groups": record["groups"]}
    for name, x in tensors.items():
        if name.startswith("optimizer."):
            _, index, slot = name.split(".")
            optimizer["state"].setdefault(int(index), {})[slot] = x
    parts = {part: [tensors[n] for n in sorted(tensors) if n.startswith(f"{part}.")] for part in ("random", "epoch")}
    last = {
        "model": {n.removeprefix("model."): x for n, x in tensors.items() if n.startswith("model.")},
        "optimizer": optimizer, "random": parts["random"], "epoch": parts["epoch"] or None,
        "generator": tensors["generator"], "position": record["position"], "step": record["step"], "lr": record["lr"],
        "make": None,
    }  # fmt: skip
    loss = record["loss"]
    history = {"loss": (list(loss[0]), list(loss[1]))}
    return Run(model, record["step"], record["step"], history, _last=last), record["kept"]
