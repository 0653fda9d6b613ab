"""A memory of 128 · 60 minutes

A chat goes on, and the cache grows with each token. llama-holmes was trained on texts of 128 tokens, and further on it
gets worse: in one passage its loss is 4.2 in the first 128 tokens, and 4.5 from 500 on. Write Memory, a cache which
keeps the first 4 tokens and the last 124, and forgets what is between, so that a text may be as long as you like.
(Large models attend much to the first tokens, whatever they are. To llama-holmes they matter little.)

Llama of the lesson stays as it is. In each call, model(ids, caches), each block

    turns the queries and keys of its T new tokens by their places: length, length + 1, … (length of the first cache)
    calls cache.extend(k, v) with the turned keys and the values of the new ones, and
    attends to what it gives back: length + T keys, the old ones and behind them the new

So `length` is the number of keys that are kept, and places are counted in what is kept: after any text, the next token
stands at place 128 at most. Forget after you have given back, not before. What is wanted:

    up to 128 tokens     the same as with the lesson's Cache
    from then on         the same as if the kept tokens stood side by side, as one text without a gap: exactly so in a
                         model of one block; in llama-holmes the loss stays low in 1,000 tokens
    always               never more than 128 keys and values in a cache after a call, however many tokens come at once

Judge it:  course problem 08   (or: pytest, in this folder)
"""

import torch
from torch import nn

from course_utils.cache import Cache
from course_utils.llama import Llama, LlamaConfig

FIRST, LAST = 4, 124


def one_block():
    """A model of one block to try yours on: model(ids [B, T], [Memory()]) -> logits [B, T, 50]"""
    torch.manual_seed(0)
    model = Llama(LlamaConfig(50, size=32, layers=1, heads=4, key_heads=2, hidden=64))
    for linear in model.blocks.modules():
        if isinstance(linear, nn.Linear):
            linear.weight.data *= 10  # attends to some far more than to others
    return model


class Memory(Cache):
    """Keys and values of the first 4 tokens and the last 124: k, v [B, G, K, d], K = length <= 128"""

    def extend(self, k, v):
        """new keys and values [B, G, T, d] -> those kept and the new ones [B, G, length + T, d]"""
        raise NotImplementedError
