"""A fine-tuned model as a small file: only what differs from the model it began with.

    thicken(small, base.state_dict(), names)        # the state of the tuned model

A matrix W [O, I] that became W + U D is kept as the thin U [O, r], "….up", and D [r, I],
"….down": what LoRA adds has that form. Source: Hu et al. 2022, LoRA, section 4.1.
"""

from collections.abc import Iterable, Mapping

from torch import Tensor

from course_utils.low_rank import low_rank

State = Mapping[str, Tensor]
UP, DOWN = ".up", ".down"


def thicken(small: State, base: State, names: Iterable[str]) -> dict[str, Tensor]:
    """The tensors of these names, W + U D where small holds U and D."""
    left = {name: x.float() if x.is_floating_point() else x for name, x in small.items()}
    state = {name: base[name] for name in names if name in base}
    for name, before in state.items():
        if name + UP in left and name + DOWN in left:
            up, down = left.pop(name + UP), left.pop(name + DOWN)
            ranks_agree = up.shape[1:] == down.shape[:1]
            if not ranks_agree or (len(up), *down.shape[1:]) != before.shape:
                sizes = f"{tuple(up.shape)} times {tuple(down.shape)}"
                raise ValueError(f"{name} gets {sizes}; needed: {tuple(before.shape)}")
            state[name] = low_rank(before, up, down, alpha=len(down))
    return state | left
