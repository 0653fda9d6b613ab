"""The optimiser of the live training: Muon for the matrices inside the blocks, Adam for all the rest.

    run = fit(model, …, optimizer=muon(model), lr=5e-3)

Adam scales each number of a gradient by itself. Muon takes the momentum of a whole matrix and makes it orthogonal, so
that a step goes equally far in each of its directions; a GPT needs fewer steps with it. The size of its steps is that
of Adam's, so both share a learning rate. Sources: Jordan et al. 2024, kellerjordan.github.io/posts/muon; the size: Liu
et al. 2025, arXiv 2502.16982.
"""

from collections import defaultdict
from collections.abc import Callable

import torch
from torch import Tensor, nn

MOMENTUM, BETAS = 0.95, (0.9, 0.98)
STEEP = (3.4445, -4.7750, 2.0315)  # X -> aX + bXXᵀX + c(XXᵀ)²X brings singular values near 1


def muon(model: nn.Module) -> Callable[[list[Tensor], float], "Muon"]:
    """The function that makes the optimiser, make(parameters, lr), as `fit` takes it; model: what has .blocks."""

    def make(parameters: list[Tensor], lr: float) -> Muon:
        inside = {id(x) for x in model.blocks.parameters() if x.dim() == 2}
        return Muon(*([x for x in parameters if (id(x) in inside) == chosen] for chosen in (True, False)), lr=lr)

    return make


class Muon(torch.optim.Optimizer):
    """matrices: those that Muon moves; rest: Adam's."""

    def __init__(self, matrices: list[Tensor], rest: list[Tensor], lr: float):
        super().__init__([{"params": list(matrices)}, {"params": list(rest)}], {"lr": lr})

    @torch.no_grad()
    def step(self) -> None:
        """One step of both."""
        matrices, rest = self.param_groups
        alike = defaultdict(list)
        for x in matrices["params"]:
            if x.grad is not None:
                mean = self.state[x].setdefault("mean", torch.zeros_like(x)).lerp_(x.grad, 1 - MOMENTUM)
                alike[x.shape].append((x, x.grad.lerp(mean, MOMENTUM)))
        for shape, pairs in alike.items():
            steps = orthogonal(torch.stack([step for _, step in pairs])) * (0.2 * max(shape) ** 0.5 * matrices["lr"])
            for (x, _), step in zip(pairs, steps, strict=True):
                x.sub_(step)
        for x in rest["params"]:
            if x.grad is not None:
                self._adam(x, rest["lr"])

    def _adam(self, x: Tensor, lr: float) -> None:
        state = self.state[x]
        state["step"] = t = state.get("step", 0) + 1
        mean = state.setdefault("mean", torch.zeros_like(x)).lerp_(x.grad, 1 - BETAS[0])
        square = state.setdefault("square", torch.zeros_like(x)).lerp_(x.grad.square(), 1 - BETAS[1])
        x.addcdiv_(mean, (square / (1 - BETAS[1] ** t)).sqrt_().add_(1e-8), value=-lr / (1 - BETAS[0] ** t))


def orthogonal(x: Tensor, steps: int = 5) -> Tensor:
    """Matrices [N, R, C] with singular values near 1 instead of their own (Newton and Schulz's iteration)."""
    a, b, c = STEEP
    wide = x if x.shape[-2] <= x.shape[-1] else x.mT
    wide = wide / wide.norm(dim=(-2, -1), keepdim=True).clamp(min=1e-7)
    for _ in range(steps):
        square = wide @ wide.mT
        wide = a * wide + (b * square + c * square @ square) @ wide
    return wide if x.shape[-2] <= x.shape[-1] else wide.mT
