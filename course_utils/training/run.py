"""What a training has come to: `Run`, its best state, and the random states that a run draws from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn


class Best(NamedTuple):
    """The best state so far: after how many steps, what it measured (`value` is the first metric), all metrics."""

    step: int
    value: float
    metrics: dict[str, float]


def random_states(model: nn.Module) -> list[Tensor]:
    """torch's global random states: the CPU's, and the GPU's where the model is on one."""
    devices = sorted({p.device for p in model.parameters() if p.device.type == "cuda"}, key=str)
    return [torch.get_rng_state(), *(torch.cuda.get_rng_state(device) for device in devices)]


def set_random_states(model: nn.Module, states: list[Tensor]) -> None:
    """Puts back what random_states gave."""
    devices = sorted({p.device for p in model.parameters() if p.device.type == "cuda"}, key=str)
    torch.set_rng_state(states[0])
    for device, state in zip(devices, states[1:], strict=False):
        torch.cuda.set_rng_state(state, device)


@dataclass
class Run:
    """What a training has come to.

    model     holds the best state (without `evaluate`: the latest sound one)
    step      steps done; resuming goes on from here, not from the best
    steps     steps asked for
    best      Best(step, value, metrics); without `evaluate` the latest loss, None before there is any
    history   name -> ([steps], [values]), as plot.lines takes it: "loss" for each step, metrics where measured
    stopped   None, "by hand", "time", "diverged" or "error"
    samples   what `samples(model)` last gave
    origin    fingerprints of its beginning and of its settings, where the workbook keeps it
    """

    model: nn.Module
    steps: int
    step: int = 0
    history: dict[str, tuple[list[int], list[float]]] = field(default_factory=dict)
    stopped: str | None = None
    samples: Any = None
    message: str = ""
    _last: dict = field(default_factory=dict)
    _judged: tuple[Best, dict | None] | None = None
    origin: tuple[str, str] | None = field(default=None, repr=False)

    @property
    def best(self) -> Best | None:
        return self._judged[0] if self._judged else None

    def __repr__(self) -> str:
        return f"Run({self.message})"

    def record(self, name: str, value: float) -> None:
        steps, values = self.history.setdefault(name, ([], []))
        if not steps or steps[-1] < self.step:
            steps.append(self.step)
            values.append(value)
