"""One training on several processes: each takes its share of every batch, gradients are added up.

    torchrun --nproc-per-node 2 course.py train gpt-shakespeare
    accelerate launch --multi_gpu --num_processes 2 course.py train gpt-shakespeare     # on CPUs as well: gloo

Every process holds the whole model and draws the same batches; the sum of the shares' gradients is the gradient of the
whole batch, so the steps are those of one process (bit for bit they are not: sums are taken in another order).
On CPUs (COURSE_DEVICE=cpu) processes talk by gloo, on GPUs by NCCL. Without a launcher nothing of this is touched.
"""

import atexit
import contextlib
import os
from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from course_kit.text.batches import Batch
from course_kit.training import Callback, Run


class Total(torch.autograd.Function):
    """The sum of a number over all processes; each gets the gradient of its own part."""

    @staticmethod
    def forward(ctx: Any, part: Tensor) -> Tensor:
        total = part.detach().double()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return gradient


class Team(Callback):
    """The processes of a training: callbacks=[team], with `team.shared(loss)`.

    rank: which of them this is, from 0; size: how many; device: this one's.
    """

    def __init__(self, rank: int, size: int, device: torch.device):
        self.rank, self.size, self.device = rank, size, device

    @property
    def leads(self) -> bool:
        """Is this the one that prints and writes files?"""
        return self.rank == 0

    def begin(self, run: Run, asked: dict[str, Any]) -> None:
        self.run = run

    def shared(self, loss: Callable[[nn.Module, Any], Tensor]) -> Callable[[nn.Module, Any], Tensor]:
        """The mean loss of the whole batch, of which this process computes its share.

        Dropout is drawn for each share and step anew; torch's generator is left as it was, alike in all processes.
        """

        def of_the_team(model: nn.Module, batch: Any) -> Tensor:
            part, weight = share(batch, self.rank, self.size)
            if part is None:  # fewer rows than processes
                return Total.apply(sum(p.sum() for p in model.parameters() if p.requires_grad) * 0.0)
            with torch.random.fork_rng([self.device] if self.device.type == "cuda" else []):
                torch.manual_seed(int(torch.randint(2**40, ())) + self.run.step * self.size + self.rank)
                return Total.apply(loss(model, part) * weight)

        return of_the_team

    def after_backward(self, run: Run) -> None:
        """Each gradient becomes the sum of the team's."""
        trained = [p for p in run.model.parameters() if p.requires_grad]
        for p in trained:
            p.grad = torch.zeros_like(p) if p.grad is None else p.grad
        together = torch.cat([p.grad.flatten() for p in trained])
        dist.all_reduce(together)
        for p, x in zip(trained, together.split([p.numel() for p in trained]), strict=True):
            p.grad.copy_(x.view_as(p))

    def wait(self) -> None:
        """Until all are here."""
        dist.barrier()


@contextlib.contextmanager
def together(device: torch.device) -> Iterator[Team | None]:
    """Within it this process belongs to the team that torchrun or `accelerate launch` has started; None without them.

    device: cpu, or cuda, of which each process takes its own.
    """
    if int(os.environ.get("WORLD_SIZE", 1)) < 2:
        yield None
        return
    if device.type == "cuda":
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)))
        torch.cuda.set_device(device)
    if not dist.is_initialized():  # once for a program: groups made one after the other may meet each other's remains
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
        atexit.register(dist.destroy_process_group)
    yield Team(dist.get_rank(), dist.get_world_size(), device)


def share(batch: Tensor | Batch, rank: int, size: int) -> tuple[Any, float]:
    """Each size-th row of a batch, from `rank` on, and the share of the predicted tokens that it holds.

    batch: windows [B, T + 1], all of whose tokens count, or a text.Batch for a GPT, in which the target counts.
    A process without a row gets (None, 0). Raises TypeError for another kind of batch.
    """
    if isinstance(batch, Batch):
        counts = batch.target_mask.sum(1)
        part = Batch(*(x[rank::size] for x in batch))
    elif isinstance(batch, Tensor) and batch.dim() == 2:
        counts, part = torch.ones(len(batch)), batch[rank::size]
    else:
        raise TypeError(
            f"a batch of {type(batch).__name__} cannot be shared out; trainings of GPTs can: train gpt-… in more than "
            "one process, others in one"
        )
    mine = counts[rank::size].sum().item()
    return (part, mine / counts.sum().item()) if mine else (None, 0.0)
