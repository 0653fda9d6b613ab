"""The lesson's GPT beside the course's: the same parameters in either, and what a text costs it.

    mine = small_of(load_checkpoint("gpt-shakespeare").model)     # a SmallGPT that gives the same logits
    theirs = course_of(mine)                                      # a GPT, with a cache, and heads that can be looked at
    bits(mine, tokenizer.encode(text), len(text))                 # per character

What `python -m mine train` has left beside the notebook is read by `chapters.ch07.kept.training`.
"""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_kit.contexts import evaluating
from course_utils.gpt import GPT, GPTConfig
from course_utils.small_gpt import SmallGPT

RENAMED = {"around_attention.norm": "norm1", "around_ffn.norm": "norm2", "ffn.widen": "ffn.0", "ffn.narrow": "ffn.2"}
SMOOTHING = (0.3, 1.0, 3.0, 10.0, 30.0)  # how many extra successors each token gets


def parameters_of(model: GPT) -> dict[str, Tensor]:
    """The parameters of a GPT with learned positions, under the names that they have in SmallGPT."""
    found = {}
    for name, parameter in model.state_dict().items():
        for long, short in RENAMED.items():
            name = name.replace(long, short)
        found[name] = parameter
    del found["output.weight"]  # the token table
    return found


def small_of(model: GPT, kind: type[nn.Module] = SmallGPT) -> nn.Module:
    """A SmallGPT with the parameters of a GPT. kind: the class, such as the one of a notebook."""
    c = model.config
    small = kind(c.vocab_size, c.model_size, c.num_layers, c.num_heads, c.max_length)
    small.load_state_dict(parameters_of(model))
    return small


def course_of(small: nn.Module) -> GPT:
    """A GPT with the parameters of a SmallGPT."""
    V, D = small.tokens.weight.shape
    heads = small.blocks[0].attention.heads
    model = GPT(GPTConfig(V, D, len(small.blocks), heads, max_length=small.context)).eval()
    parameters = small.state_dict()
    for name, parameter in model.state_dict().items():
        for long, short in RENAMED.items():
            name = name.replace(long, short)
        parameter.copy_(parameters["tokens.weight" if name == "output.weight" else name])
    return model


@torch.no_grad()
def bits(model: nn.Module, ids: Sequence[int], characters: int) -> float:
    """What a text costs, in bits for each of its characters. Each token but the first is predicted once, from at least
    half a context."""
    whole, half, nats = torch.as_tensor(ids), model.context // 2, 0.0
    with evaluating(model):
        for start in range(0, len(whole) - 1, half):
            begin = max(0, start - half)
            window = whole[begin : start + half + 1]
            logits = model(window[None, :-1])[0, start - begin :]
            nats += F.cross_entropy(logits, window[1 + start - begin :], reduction="sum").item()
    return nats / math.log(2) / characters


def bigram_bits(train: Sequence[int], valid: Sequence[int], vocabulary: int, characters: int) -> float:
    """The same of a table that counts which token follows which, at the best of five amounts of smoothing.

    A token's row is its counts, and so many extra successors, shared out by how frequent each token is.
    """
    train, valid = torch.as_tensor(train), torch.as_tensor(valid)
    table = torch.zeros(vocabulary, vocabulary)
    table.index_put_((train[:-1], train[1:]), torch.ones(len(train) - 1), accumulate=True)
    frequency = (torch.bincount(train, minlength=vocabulary) + 1.0) / (len(train) + vocabulary)
    found = []
    for extra in SMOOTHING:
        p = (table + extra * frequency) / (table.sum(1, keepdim=True) + extra)
        found.append(-p[valid[:-1], valid[1:]].log2().sum().item() / characters)
    return min(found)
