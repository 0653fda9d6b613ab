"""The KV cache: a token's key and value never change, as it sees no later one.

    caches = model.caches()     # one for each block
    model(ids, caches)          # [B, T]: reads a text, and keeps what it read
    model(new, caches)          # [B, 1]: one token more, behind all of these

Sizes: B texts, G heads of keys, T new tokens, K tokens in all, d features of a head.
"""

import torch
from jaxtyping import Float
from torch import Tensor


class Cache:
    """The keys and values of all that one layer has read."""

    def __init__(self) -> None:
        self.k = self.v = torch.empty(0)
        self.length = 0

    def extend(
        self, k: Float[Tensor, "B G T d"], v: Float[Tensor, "B G T d"]
    ) -> tuple[Float[Tensor, "B G K d"], Float[Tensor, "B G K d"]]:
        """Keep new ones behind the old -> all of them."""
        if self.length:
            k, v = torch.cat([self.k, k], 2), torch.cat([self.v, v], 2)
        self.k, self.v, self.length = k, v, k.shape[2]
        return k, v
