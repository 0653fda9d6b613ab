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
    return [torch.get_rng_state(), *map(torch.cuda.get_rng_state, _gpus(model))]


def set_random_states(model: nn.Module, states: list[Tensor]) -> None:
    """Puts back what random_states gave."""
    torch.set_rng_state(states[0])
    for device, state in zip(_gpus(model), states[1:], strict=False):
        torch.cuda.set_rng_state(state, device)


def _gpus(model: nn.Module) -> list[torch.device]:
    return sorted(
        {p.device for p in model.parameters() if p.device.type == "cuda"}, key=str
    )


@dataclass
class Run:
    """What a training has come to: .model .step .best .history and how it ended, .stopped and .message."""

    model: nn.Module  # holds the best state (without `evaluate`: the latest sound one)
    steps: int  # asked for
    step: int = 0  # steps done; resuming goes on from here, not from the best
    history: dict[str, tuple[list[int], list[float]]] = field(
        default_factory=dict
    )  # name -> (steps, values)
    stopped: str | None = None  # "by hand", "time", "diverged" or "error"
    samples: Any = None  # what `samples(model)` last gave
    message: str = ""
    _last: dict = field(
        default_factory=dict
    )  # the state after the last step, the best number with its state
    _judged: tuple[Best, dict | None] | None = None
    origin: tuple[str, str] | None = (
        None  # fingerprints of its beginning and settings, where the workbook keeps it
    )

    @property
    def best(self) -> Best | None:
        """Best(step, value, metrics); without `evaluate` the latest loss, None before there is any."""
        return self._judged[0] if self._judged else None

    def __repr__(self) -> str:
        return f"Run({self.message})"

    def status(self) -> str:
        """`step 120 of 200 · loss 0.031 · held-out 0.04 · best 0.039 after step 110`"""
        parts = [f"step {self.step} of {self.steps}"]
        parts += [
            f"{name} {values[-1]:.4g}"
            for name, (_, values) in self.history.items()
            if values
        ]
        if self.best and "held-out" in self.history:
            parts.append(f"best {self.best.value:.4g} after step {self.best.step}")
        return " · ".join(parts)

    def record(self, name: str, value: float) -> None:
        steps, values = self.history.setdefault(name, ([], []))
        if not steps or steps[-1] < self.step:
            steps.append(self.step)
            values.append(value)
