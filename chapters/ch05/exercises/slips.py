"""Chapter 5, find-the-error: a whole class with five of them."""

import torch
from torch import Tensor, nn

from course_kit.exercises.define import (
    Case,
    FindError,
    construct,
    drawn,
    is_class,
    some_numbers,
    variants,
    wrong_answers,
)
from course_kit.exercises.properties import any_order
from course_kit.i18n import mark, t
from course_utils.attention import masked_softmax

from .heads import join_heads, reshaped, split_heads

LAYERS = ("query", "key", "value", "out")


class MultiHead(torch.nn.Module):
    """Multi-head attention: size D, heads H; forward(x [B, Q, D], memory [B, K, D], mask [B, Q, K]) -> [B, Q, D]."""

    def __init__(self, size: int, heads: int):
        super().__init__()
        self.heads = heads
        self.query, self.key = torch.nn.Linear(size, size), torch.nn.Linear(size, size)
        self.value, self.out = torch.nn.Linear(size, size), torch.nn.Linear(size, size)

    def split(self, x: Tensor) -> Tensor:
        """[B, T, D] -> [B, H, T, d]."""
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def forward(self, x: Tensor, memory: Tensor, mask: Tensor) -> Tensor:
        """Queries from x, keys and values from memory; True in the mask = may be attended."""
        q = self.split(self.query(x))
        k, v = self.split(self.key(memory)), self.split(self.value(memory))
        scores = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5
        scores = scores.masked_fill(~mask[:, None], float("-inf"))
        heads = torch.softmax(scores, dim=-1) @ v  # [B, H, Q, d]
        return self.out(heads.transpose(1, 2).flatten(2))


def _attend(
    x,
    memory,
    mask,
    heads,
    layers,
    *,
    split=split_heads,
    keys=lambda x, memory: memory,
    root=lambda d, D: d**0.5,
    seen=lambda mask: mask[:, None],
    weigh=masked_softmax,
):
    """What MultiHead computes, by its four layers."""
    query, key, value, out = layers
    q, k, v = split(query(x), heads), split(key(keys(x, memory)), heads), split(value(memory), heads)
    weights = weigh(q @ k.mT / root(q.shape[-1], x.shape[-1]), seen(mask))
    return out(join_heads(weights @ v))


def _over_the_heads(hidden):
    return lambda scores, mask: torch.softmax(scores.masked_fill(~mask, hidden), 1)


OVER_HEADS = t("The softmax still runs over the heads. Each query shares one unit among the keys: `dim=-1`.")

_with = variants(_attend)
_SLIPS = {
    "split": reshaped,
    "keys": lambda x, memory: x,
    "root": lambda d, D: D**0.5,
    "seen": lambda mask: ~mask[:, None],
    "weigh": _over_the_heads(-1e9),
}


def _run(answer, case: Case) -> Tensor:
    """The class with parameters that are always the same; a known mistake gets its layers as they are."""
    size, heads = case.init
    layers = nn.ModuleDict({name: nn.Linear(size, size) for name in LAYERS})
    for n, layer in enumerate(layers.values()):
        layer.weight.data, layer.bias.data = drawn(1500 + 10 * n, (size, size), (size,))
    if is_class(answer):
        return construct(answer, case, layers.state_dict())(*case.args.values())
    return answer(*case.args.values(), heads, layers.values())


def _case(batch, queries, keys, size, heads, mask, seed, shown=False) -> Case:
    x, memory = some_numbers(batch, queries, size, seed=seed), some_numbers(batch, keys, size, seed=seed + 1)
    mask = torch.tensor([[[c == "1" for c in row] for row in rows.split()] for rows in mask])
    return Case({"x": x, "memory": memory, "mask": mask}, init=(size, heads), shown=shown)


SLIPS = FindError(
    name=mark("program 5.22"),
    title=t("five slips in one class"),
    task=t(
        "write the class again: MultiHead(size, heads), with the layers query, key, value and out; forward(x [B, Q, "
        "D], memory [B, K, D], mask [B, Q, K], True = may be attended) -> [B, Q, D]. (The check gives the layers "
        "parameters that are always the same.)"
    ),
    program=(
        "class MultiHead(torch.nn.Module):",
        "    def __init__(self, size, heads):",
        "        super().__init__()",
        "        self.heads = heads",
        "        self.query, self.key = torch.nn.Linear(size, size), torch.nn.Linear(size, size)",
        "        self.value, self.out = torch.nn.Linear(size, size), torch.nn.Linear(size, size)",
        "    def split(self, x):  # [B, T, D] -> [B, H, T, d]",
        "        return x.reshape(len(x), self.heads, x.shape[1], -1)",
        "    def forward(self, x, memory, mask):  # [B, Q, D], [B, K, D], [B, Q, K]",
        "        q = self.split(self.query(x))",
        "        k, v = self.split(self.key(x)), self.split(self.value(memory))",
        "        scores = q @ k.transpose(-2, -1) / x.shape[-1] ** 0.5",
        "        scores = scores.masked_fill(mask[:, None], -1e9)",
        "        weights = torch.softmax(scores, dim=1)  # [B, H, Q, K]",
        "        heads = weights @ v  # [B, H, Q, d]",
        "        return self.out(heads.transpose(1, 2).flatten(2))",
    ),
    line=(8, 11, 12, 13, 14),
    found=t(
        "the split mixes words and heads; the keys come from x; the scale is that of the whole model; the mask hides "
        "what may be attended; the softmax runs over the heads."
    ),
    innocent={
        1: t("it only gives the class its name."),
        2: t("it only names what comes in."),
        3: t("every module begins with it."),
        4: t("it only remembers the number of heads."),
        5: t("these are two layers of the right size."),
        6: t("these are two layers of the right size."),
        7: t("it only names what comes in, and the shapes are the right ones."),
        9: t("it only names what comes in."),
        10: t("queries come from x."),
        15: t("each head's mean of its own values."),
        16: t("swapped first and joined afterwards, as it should be, and then mixed by the last layer."),
    },
    reference=MultiHead,
    cases=lambda: [
        _case(1, 2, 2, 4, 2, ["10 11"], 1400, shown=True),
        _case(2, 3, 3, 4, 2, ["111 110 011", "100 110 111"], 1410),
        _case(2, 2, 4, 6, 3, ["1111 1011", "0110 1100"], 1420),
        _case(3, 3, 2, 4, 2, ["11 01 11", "10 10 11", "11 11 01"], 1430),
    ],
    returns=("output",),
    run=_run,
    properties=(any_order("memory", masks=("mask",)),),
    hints=(
        t(
            "Go line by line, and write the shape and the owner of each tensor beside it. Whose words are the keys? "
            "Along which axis must the weights sum to 1?"
        ),
        t("One error each in: how the features are cut, where the keys come from, the scale, the mask, the softmax."),
        t(
            "The cut is [B, T, H, d] first and then a swap. A head has D / H features. In this course True in a mask "
            "means *may be attended*. A row of weights runs over the keys."
        ),
    ),
    minutes=14,
    difficulty=3,
    wrong=wrong_answers(
        _with(**_SLIPS),
        t("Several of the five errors are still in it. Begin with the shapes."),
        _with(split=_SLIPS["split"]),
        t("The split still mixes words with heads: [B, T, D] must be cut to [B, T, H, d], and then two axes swapped."),
        _with(keys=_SLIPS["keys"]),
        t("The keys still come from x. Keys and values belong to the same words: memory."),
        _with(root=_SLIPS["root"]),
        t("The scale is still √D. A dot product of one head adds up d = D / H products."),
        _with(seen=_SLIPS["seen"]),
        t("The mask still hides what may be attended. True means *may be attended*: fill in −∞ where it is False."),
        _with(weigh=_SLIPS["weigh"]),
        OVER_HEADS,
    ),
)
