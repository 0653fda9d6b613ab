"""A solution of chapter 8's problem. It stands here and nowhere else."""

import torch

from course_utils.cache import Cache
from course_utils.rotary import rotary

FIRST, LAST = 4, 124


class Memory(Cache):
    def extend(self, k, v):
        k, v = super().extend(k, v)
        if (over := k.shape[2] - FIRST - LAST) > 0:
            late = k[:, :, FIRST + over :]
            late = rotary(late, torch.full((LAST,), -over))  # they move to the front, so they turn back
            self.k = torch.cat([k[:, :, :FIRST], late], 2)
            self.v = torch.cat([v[:, :, :FIRST], v[:, :, FIRST + over :]], 2)
            self.length = FIRST + LAST
        return k, v
