"""LoRA: a matrix stays as it is, and two thin ones beside it learn.

    add_low_rank(model.bert, rank=4)      # from now on only the thin matrices learn

Source: Hu et al. 2022, section 4.
"""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils import parametrize

from .bert import Bert


def low_rank(
    W: Float[Tensor, "O I"],
    B: Float[Tensor, "O r"],
    A: Float[Tensor, "r I"],
    alpha: float,
) -> Float[Tensor, "O I"]:
    """W, and a change of rank r on top: W + (α / r) B A."""
    return W + alpha / len(A) * (B @ A)


class LowRank(nn.Module):
    """A change of rank r on top of a matrix W [O, I]: a parametrization."""

    def __init__(self, W: Tensor, rank: int, alpha: float):
        super().__init__()
        self.alpha = alpha
        self.B = nn.Parameter(W.new_zeros(len(W), rank))  # 0: at first, nothing changes
        self.A = nn.Parameter(W.new_empty(rank, len(W[0])).normal_(0, len(W[0]) ** -0.5))

    def forward(self, W: Float[Tensor, "O I"]) -> Float[Tensor, "O I"]:
        return low_rank(W, self.B, self.A, self.alpha)


def add_low_rank(bert: Bert, rank: int, alpha: float = 8) -> None:
    """Freeze the encoder except its pooler, and add a change of this rank to each query
    and value matrix. Raises ValueError for a second one."""
    if any(isinstance(module, LowRank) for module in bert.modules()):
        raise ValueError("This BERT has a low-rank change: load one without, and add it.")
    bert.requires_grad_(False)
    bert.pooler.requires_grad_(True)
    for name, layer in list(bert.blocks.named_modules()):
        if isinstance(layer, nn.Linear) and name.endswith(("query", "value")):
            change = LowRank(layer.weight, rank, alpha)
            parametrize.register_parametrization(layer, "weight", change)
