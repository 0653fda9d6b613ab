"""What a model is trained with: AdamW, or Muon for the matrices inside the blocks and AdamW for all the rest.

Muon takes the momentum of a matrix and makes it orthogonal, so that a step goes equally far in each of its directions.
It needs a tenth more time for a step and far fewer steps. The size of its steps is scaled to that of AdamW's, so both
have one learning rate. Sources: Jordan et al. 2024, kellerjordan.github.io/posts/muon; the scale: Liu et al. 2025,
arXiv 2502.16982.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

OPTIMIZERS = ("adamw", "muon")


def maker(name: str, model: nn.Module, decay: float = 0.0) -> Callable[..., "torch.optim.Optimizer | Both"]:
    """The function that makes an optimizer, make(parameters, lr), as `fit` takes it; name: one of OPTIMIZERS.

    Raises ValueError for another name.
    """
    if name not in OPTIMIZERS:
        raise ValueError(f"the optimizer is {name!r}; needed: one of {', '.join(OPTIMIZERS)}")

    def adamw(parameters: list[Tensor], lr: float) -> torch.optim.Optimizer:
        return torch.optim.AdamW(parameters, lr, betas=(0.9, 0.98), weight_decay=decay, fused=True)

    def muon(parameters: list[Tensor], lr: float) -> Both:
        lists = [part for part in model.modules() if isinstance(part, nn.ModuleList)]
        blocks = [model.blocks] if hasattr(model, "blocks") else lists  # a Transformer has two lists of blocks
        inside = {id(x) for part in blocks for x in part.parameters() if x.dim() == 2}
        matrices, rest = ([x for x in parameters if (id(x) in inside) == chosen] for chosen in (True, False))
        scaled = torch.optim.Muon(matrices, lr, weight_decay=decay, adjust_lr_fn="match_rms_adamw")
        return Both(scaled, adamw(rest, lr))

    return muon if name == "muon" else adamw


def with_muon(model: nn.Module, rate: float) -> "Both":
    """Muon for the matrices of the blocks, torch's own AdamW for all else, with one rate."""
    matrices = [p for p in model.blocks.parameters() if p.dim() == 2]
    rest = [p for p in model.parameters() if all(p is not one for one in matrices)]
    muon = torch.optim.Muon(matrices, lr=rate, adjust_lr_fn="match_rms_adamw")
    return Both(muon, torch.optim.AdamW(rest, lr=rate))


class Both:
    """Two optimizers as one, for as much as `fit` asks of it."""

    def __init__(self, *parts: torch.optim.Optimizer):
        self.parts = parts

    @property
    def param_groups(self) -> list[dict]:
        return [group for part in self.parts for group in part.param_groups]

    def zero_grad(self, set_to_none: bool = True) -> None:
        for part in self.parts:
            part.zero_grad(set_to_none)

    def step(self) -> None:
        for part in self.parts:
            part.step()

    def state_dict(self) -> list[dict]:
        return [part.state_dict() for part in self.parts]

    def load_state_dict(self, states: list[dict]) -> None:
        for part, state in zip(self.parts, states, strict=True):
            part.load_state_dict(state)
