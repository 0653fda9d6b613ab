"""What to try where an answer stops with an error, by what the error says.

A pattern in its message, and behind " | " in the student's line -> what to try; the first that fits is said.
"""

from course_kit.i18n import t

ADVICE = {
    "^name 'math'": t("`import math` in a line above it."),
    "^name 'np'": t("`import numpy as np` in a line above it."),
    "^name 'nn'": t("`from torch import nn` in a line above it."),
    "^name 'F'": t("`import torch.nn.functional as F` in a line above it."),
    "^name '": t("Is it spelt right, and imported?"),
    "not associated with a value|referenced before assign": t(
        "It needs a value before that: `total = 0` before a loop, for example."
    ),
    "builtin_function_or_method|'method'": t("Are the brackets missing after a method's name, `x.sum()`?"),
    "'Tensor' object is not callable": t(
        "A tensor stands before round brackets: is a `*` missing, or should they be square?"
    ),
    r"^(max|min)\(\) received": t(
        "`torch.max` and `torch.min` compare two tensors. For max(0, x) there is `torch.relu(x)` or `x.clamp(min=0)`."
    ),
    r"^Boolean value of Tensor.*\| .*\b(max|min)\(": t(
        "Python's `max` and `min` compare single numbers. For max(0, x) there is `torch.relu(x)` or `x.clamp(min=0)`."
    ),
    "unhashable type": t("A key of a dict, or a member of a set, cannot be a list: make a tuple of it, `tuple(…)`."),
    "NoneType": t(
        "Something is None here: an argument that may be left out, or what a function without `return` gives."
    ),
    (
        r"operand type\(s\) for .*'(?!Tensor)[A-Z]|must be Tensor, not (?!Tensor)[A-Z]|'(Linear|Embedding|"
        "LayerNorm)' object (is not subscriptable|has no attribute 'shape')"
    ): t(
        "A layer is called like a function: `self.query(x)`, not `x @ self.query`. The matrix inside it is "
        "its `.weight`."
    ),
    r"operand type\(s\) for .*'(function|method|type|builtin_function_or_method|Tensor' and 'type)'": t(
        "A function or a class stands where its result is needed: call it, with its brackets."
    ),
    r"operand type\(s\) for @: .*'(int|float)'|must be Tensor, not (int|float)": t(
        "A number stands where a tensor is needed. To begin with zeros, write `torch.zeros(…)` with their shape."
    ),
    "must be tuple of ints, ?but got float|'float' object cannot be interpreted|slice indices must be": t(
        "`/` makes decimal numbers, also of whole ones: for a size or a place write `//`."
    ),
    "bitwise_(and|or)": t("`&` and `|` join masks of True and False: make one with `.bool()`, or with a comparison."),
    "invalid combination of arguments": t("It is given something that it does not take: `help(…)` says what it takes."),
    "does not match the shape of the indexed tensor": t(
        "In `x[mask]` the mask must have exactly the shape of `x`. `x.masked_fill(mask, …)` and "
        "`torch.where` broadcast it."
    ),
    r"has no len\(\)": t("Make a list of it first: `list(…)`."),
    "operator.invert": t("Make a mask of True and False first, with `== 0` or `.bool()`."),
    'arguments?: "dim"': t("Along which axis? `dim=-1` is the last one."),
    "^The expanded size": t(
        "Two shapes don't fit: print both. `expand` repeats only axes of size 1; and a mask must be that "
        "of these queries and these keys."
    ),
    "must match the size": t(
        "Print the shapes just before this line. Is one of the two transposed, or does it need an axis, `[:, None]`, "
        "or a sum its `keepdim=True`?"
    ),
    "Expected target size|Expected input batch_size|multi-target not supported": t(
        "`cross_entropy` wants the classes on axis 1: `logits.transpose(1, 2)`, or flatten both, "
        "`logits.flatten(0, 1)` and `target.flatten()`. And are there as many places as targets?"
    ),
    r"expected Tensor as element \d+ in argument 0, but got (int|float)": t(
        "It joins tensors, and this is a number: make one of it, with `torch.full_like(…)` or `torch.tensor([…])`."
    ),
    "does not require grad": t(
        "No gradient can pass: it was computed under `no_grad`, or an `argmax`, `.item()` or `.detach()` "
        "has cut it off."
    ),
    "expects each tensor to be equal size": t(
        "`torch.stack` joins tensors of one shape: print theirs. Are they cut along the right axis?"
    ),
    "cannot be concatenated|same number of dimensions": t(
        "One of these tensors has lost an axis: print the shapes just before this line. Is there a "
        "`squeeze()` without a number?"
    ),
    r"'tuple' object has no attribute|operand type\(s\) for .*'tuple'|must be Tensor, not tuple": t(
        "A call that gives two things gives a tuple. Take them apart: `first, second = …`."
    ),
    "'list' object has no attribute": t(
        "It is a list of Python: `torch.stack(…)` makes one tensor of a list of tensors."
    ),
    "'(function|type)' object has no attribute|must be Tensor, not (function|type)": t(
        "A function itself is given where its result is needed: call it, with its brackets."
    ),
    "before Module.__init__": t("The first line of `__init__` is `super().__init__()`."),
    "has no attribute": t("Is it spelt right?"),
    "only one element|single-element|can be converted to Python": t(
        "`math`, `float` and `torch.tensor([…])` take single numbers, and this has more: use torch's "
        "functions for whole tensors; `torch.stack([…])` joins several."
    ),
    "must match|mat1 and mat2|broadcast|inconsistent tensor size|shape .* is invalid|size mismatch": t(
        "Print the shapes just before this line."
    ),
    "same dtype|expected m1 and m2|to have the same|result type .* can't be cast|expected scalar type": t(
        "Two dtypes meet here: bring both to one, with `.float()` for example."
    ),
    "number of subscripts": t(
        "In `einsum` the dots of a shape are dots, too: '...qd,...kd->...qk' takes any axes in front."
    ),
    r"bitwise_xor|for \^": t("`^` is no power in Python: write `**`."),
    "^Boolean value of Tensor": t(
        "`not`, `and`, `or` and `if` want one truth value; for tensors there are `~`, `&`, `|`."
    ),
    "dimensions of batch": t("Print the shapes just before this line. Is a transpose missing? In a batch it is `.mT`."),
    "return_types": t("With a `dim`, `max` and `min` return two things; the numbers are in `.values`."),
    "Dimension out of range": t("The tensor has fewer axes than that; count from the end, with `dim=-1`."),
    "Dimension specified as|too many indices": t(
        "The tensor has fewer axes than the brackets name: print its shape. Has it a batch?"
    ),
    "^tuple index out of range": t("A shape has fewer axes than that; count from the end, `shape[-1]`."),
    "out of (bounds|range)": t(
        "There is no such place along this axis, where they go from 0 to n − 1. Is another axis meant, as in `x[:, i]`?"
    ),
}
