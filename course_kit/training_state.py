"""What lets a training pause: ■, which tears nothing, and states to go on from."""

from __future__ import annotations

import contextlib
import copy
import signal
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn


class Stop:
    """■ waits for the end of a step, not of an evaluation; pressed again, for nothing."""

    presses, waits, over = 0, True, False

    def __enter__(self) -> Stop:
        main = threading.current_thread() is threading.main_thread()
        self.before = signal.getsignal(signal.SIGINT) if main else None
        if callable(self.before):
            signal.signal(signal.SIGINT, self.press)
        return self

    def __exit__(self, *error: Any) -> None:
        if callable(self.before):
            signal.signal(signal.SIGINT, self.before)

    def press(self, *number_and_frame: Any) -> None:
        """The signal."""
        self.presses += 1
        if not self.over and (self.presses > 1 or not self.waits):
            self.over = True  # from here on the training ends, and nothing cuts that off
            raise KeyboardInterrupt

    def check(self) -> None:
        """Between two steps: was it pressed?"""
        if self.presses:
            raise KeyboardInterrupt

    @contextlib.contextmanager
    def at_once(self) -> Iterator[None]:
        """What runs in here may be cut off anywhere."""
        self.check()
        self.waits = False
        try:
            yield
        finally:
            self.waits = True


class Stream:
    """Batch after batch, pass after pass, from a place that can be found again."""

    def __init__(self, batches: Any, model: nn.Module, seed: int):
        self.batches, self.model = batches, model
        self.generator = torch.Generator().manual_seed(seed)
        self.taken = 0  # in all
        self.position = 0  # in the present pass,
        self.began = random_states(model)  # and the random states at its beginning
        self.iterator: Iterator[Any] | None = None

    def __next__(self) -> Any:
        self.taken += 1
        if callable(self.batches) and not isinstance(self.batches, Iterable):
            return self.batches(self.generator)
        if self.iterator is None:
            self.iterator = self.passes()
        return next(self.iterator)

    def passes(self) -> Iterator[Any]:
        """All batches, without end."""
        batches = self.found_again() if self.position else None
        while True:
            if batches is None:
                self.began = random_states(self.model)
                batches = iter(self.batches)
            for batch in batches:
                self.position += 1
                yield batch
            if not self.position:
                raise ValueError("batches is empty; needed: at least one batch")
            self.position, batches = 0, None

    def found_again(self) -> Iterator[Any]:
        """A pass begun again as it was, without the batches that were taken."""
        now = random_states(self.model)
        set_random_states(self.model, self.began)
        batches = iter(self.batches)
        for _ in range(self.position):
            next(batches)
        set_random_states(self.model, now)
        return batches


@dataclass(frozen=True)
class State:
    """All that the next step depends on, copied."""

    step: int
    model: dict[str, Tensor]
    optimizer: dict[str, Any]
    random: list[Tensor]  # torch's random states: the CPU's, the GPUs'
    generator: Tensor  # what a function `batches(generator)` draws from
    position: int  # batches taken in this pass
    began: list[Tensor]  # the random states at its beginning

    @classmethod
    def of(cls, step: int, optim: torch.optim.Optimizer, stream: Stream) -> State:
        """The present one, after so many steps."""
        state = stream.model.state_dict().items()
        weights = {name: x.detach().clone() for name, x in state}
        optimizer, random = copy.deepcopy(optim.state_dict()), random_states(stream.model)
        place = stream.generator.get_state(), stream.position, stream.began
        return cls(step, weights, optimizer, random, *place)

    def restore(self, optim: torch.optim.Optimizer, stream: Stream) -> int:
        """Back to it -> the number of its steps."""
        stream.taken = -1  # torn, until all is back
        stream.model.load_state_dict(self.model)
        optim.load_state_dict(copy.deepcopy(self.optimizer))
        stream.generator.set_state(self.generator)
        stream.position, stream.began, stream.iterator = self.position, self.began, None
        set_random_states(stream.model, self.random)
        stream.taken = self.step
        return self.step

    def fits(self, model: nn.Module) -> bool:
        """Are these a model's parameters?"""
        shapes = {name: x.shape for name, x in model.state_dict().items()}
        return shapes == {name: x.shape for name, x in self.model.items()}


def gpus(model: nn.Module) -> list[torch.device]:
    """Those that a model is on."""
    return sorted({p.device for p in model.parameters() if p.is_cuda}, key=str)


def random_states(model: nn.Module) -> list[Tensor]:
    """torch's global random states: the CPU's, and those of the model's GPUs."""
    return [torch.get_rng_state(), *map(torch.cuda.get_rng_state, gpus(model))]


def set_random_states(model: nn.Module, states: list[Tensor]) -> None:
    """Puts back what random_states gave."""
    torch.set_rng_state(states[0])
    for device, state in zip(gpus(model), states[1:], strict=False):
        torch.cuda.set_rng_state(state, device)
