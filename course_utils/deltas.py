"""A fine-tuned model as a small file: only what differs from the model it began with, and of a matrix that became
W + U D only the thin U and D.

    small = thin(tuned.state_dict(), base.state_dict(), rank=4)     # {"….query.weight.up": [O, r], "….down": [r, I], …}
    thicken(small, base.state_dict(), names)                        # the state of the tuned model

What LoRA adds to a matrix has that form; `checkpoints` keeps such files. Source: Hu et al. 2022, LoRA, section 4.1.
"""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

UP, DOWN = ".up", ".down"
NOTHING = 1e-3  # a singular value is nothing beside one a thousand times larger


def thin(
    state: Mapping[str, Tensor], base: Mapping[str, Tensor], rank: int
) -> dict[str, Tensor]:
    """What `state` has and `base` has not: factors [O, r] and [r, I] of what was added to a matrix [O, I], other things
    whole. Raises ValueError where what was added to a matrix is of a higher rank or not finite."""
    found = {}
    for name, x in state.items():
        before = base.get(name)
        if before is None or before.shape != x.shape:
            found[name] = x
        elif x.dim() == 2 and not torch.equal(x, before):
            if not x.isfinite().all():
                raise ValueError(
                    f"{name} holds numbers that are NaN or infinite: not fit to be kept"
                )
            u, s, v = torch.linalg.svd((x - before).double(), full_matrices=False)
            if len(s) > rank and s[rank] > NOTHING * s[0]:
                more = int((s > NOTHING * s[0]).sum())
                raise ValueError(
                    f"what was added to {name} has rank {more}; needed: {rank}, or give rank={more}"
                )
            root = s[:rank].sqrt()
            found[name + UP], found[name + DOWN] = (
                (u[:, :rank] * root).float(),
                (root[:, None] * v[:rank]).float(),
            )
        elif not torch.equal(x, before):
            found[name] = x
    return found


def thicken(
    small: Mapping[str, Tensor], base: Mapping[str, Tensor], names: Iterable[str]
) -> dict[str, Tensor]:
    """What `thin` gave -> the tensors of these names; those that neither has are left out, others stay as they are.

    Raises ValueError for factors that do not fit the matrix.
    """
    small = {name: x.float() if x.is_floating_point() else x for name, x in small.items()}
    found = {name: base[name] for name in names if name in base}
    for matrix in [name for name in found if name + UP in small and name + DOWN in small]:
        up, down, before = small.pop(matrix + UP), small.pop(matrix + DOWN), found[matrix]
        if (
            up.shape[1:] != down.shape[:1]
            or (*up.shape[:1], *down.shape[1:]) != before.shape
        ):
            sizes = f"{tuple(up.shape)} times {tuple(down.shape)}"
            raise ValueError(
                f"{matrix} is {tuple(before.shape)}, what is added to it {sizes}: another model's"
            )
        found[matrix] = before + up @ down
    return found | small
