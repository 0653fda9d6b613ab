"""A fine-tuned model as a small file: only what differs from the model it began with.

    small = thin(tuned.state_dict(), base.state_dict(), rank=4)
    thicken(small, base.state_dict(), names)        # the state of the tuned model

A matrix W [O, I] that became W + U D is kept as the thin U [O, r], "….up", and D [r, I],
"….down": what LoRA adds has that form. Source: Hu et al. 2022, LoRA, section 4.1.
"""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

from course_utils.checks import finite

State = Mapping[str, Tensor]
UP, DOWN = ".up", ".down"
NOTHING = 1e-3  # a singular value is nothing beside one a thousand times larger


def thin(state: State, base: State, rank: int) -> dict[str, Tensor]:
    """What `state` has and `base` has not: matrices as factors, other things whole."""
    small: dict[str, Tensor] = {}
    for name, x in state.items():
        before = base.get(name)
        if before is None or before.shape != x.shape:
            small[name] = x
        elif x.dim() == 2 and not torch.equal(x, before):
            added = finite(name, x) - before
            small[name + UP], small[name + DOWN] = _factors(name, added, rank)
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


def thicken(small: State, base: State, names: Iterable[str]) -> dict[str, Tensor]:
    """What `thin` gave -> the tensors of these names; those that neither has are left out."""
    left = {name: x.float() if x.is_floating_point() else x for name, x in small.items()}
    state = {name: base[name] for name in names if name in base}
    for name, before in state.items():
        if name + UP in left and name + DOWN in left:
            up, down = left.pop(name + UP), left.pop(name + DOWN)
            if (len(up), *down.shape[1:]) != before.shape or up.shape[1:] != down.shape[
                :1
            ]:
                sizes = f"{tuple(up.shape)} times {tuple(down.shape)}"
                raise ValueError(
                    f"{name} gets {sizes}; needed: a sum of {tuple(before.shape)}"
                )
            state[name] = before + up @ down
    return state | left
