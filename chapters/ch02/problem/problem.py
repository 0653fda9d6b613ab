"""A look-up, by hand · 30 minutes

One layer of attention can look something up in a table, without any training: you write its three matrices.

A store is a table of rows of 18 numbers, x [T, 18]:

    x[:, :16]    a key: 16 numbers whose squares sum to 1, drawn at random
    x[:, 16]     a value, between -1 and 1
    x[:, 17]     a flag: 0 in the rows of the store, 1 in the last row, which is the question

The question has the key of one of the rows above it. What stands in the question's place for a value is noise. All 18
numbers of a row go through the same layer, SelfAttention of the lesson, which computes

    q, k, v = x @ Q.T, x @ K.T, x @ V.T;    softmax(q k.T / sqrt(d)) v        d: rows of Q and of K

Write matrices() so that the output of the last row is the value that belongs to its key: within 0.05, in 99 of 100
stores of 64 keys. Q and K are [d, 18], with a d of your choice; V is [1, 18].

Judge it:  course problem 02   (or: pytest, in this folder)
"""

import torch


def store(keys=64, seed=0):
    """A store to try yours on -> x [keys + 1, 18], and the value that is wanted."""
    draw = torch.Generator().manual_seed(seed)
    x = torch.zeros(keys + 1, 18)
    x[:, :16] = torch.nn.functional.normalize(torch.randn(keys + 1, 16, generator=draw), dim=1)
    x[:, 16] = 2 * torch.rand(keys + 1, generator=draw) - 1
    wanted = int(torch.randint(keys, (), generator=draw))
    x[-1, :16], x[-1, 17] = x[wanted, :16], 1
    return x, x[wanted, 16]


def matrices():
    """-> Q [d, 18], K [d, 18], V [1, 18]"""
    raise NotImplementedError
