"""Chapter 2: several heads beside each other, a class that holds layers of self-attention."""

import torch
from torch import nn

from chapters.ch02.heads import Heads
from course_kit.contexts import seeded
from course_kit.exercises.compare import same
from course_kit.exercises.define import (
    Case,
    Exercise,
    Property,
    construct,
    is_class,
    some_numbers,
    variants,
    wrong_answers,
)
from course_kit.exercises.properties import rows_sum_to_one, sees_only
from course_kit.i18n import mark, t
from course_utils.attention import padding_mask

EXAMPLE = (3, 2, 1, 1)  # its sizes: three features, two heads, a query and a value of one
ASKS, FOUND, GIVES = [0, 1], [1, 2], [2, 0]  # of the example: which feature each head takes
MIXED = [[1.0, 0], [0, 1], [1, 1]]  # of the example: first head, second head, both
SEEN = torch.tensor([[[True, True, False]]])  # of the example


def parameters_of(sizes: tuple[int, ...]) -> Heads:
    """The course's layer with numbers that are always the same; those of the example stand in the notebook."""
    with seeded(sum(sizes)):
        layer = Heads(*sizes)
        if sizes == EXAMPLE:
            eye = torch.eye(3)
            for head, *features in zip(layer.heads, ASKS, FOUND, GIVES, strict=True):
                for linear, feature in zip((head.query, head.key, head.value), features, strict=True):
                    linear.weight.data = eye[[feature]]
            layer.out.weight.data = torch.tensor(MIXED)
            return layer
        for parameter in layer.parameters():
            parameter.data = nn.init.normal_(parameter.data).mul(10).round().div(10)
    return layer


def _run(answer, case: Case):
    """The class with these parameters; a known mistake gets the course's layer that holds them."""
    layer = parameters_of(case.init)
    if not is_class(answer):
        return answer(layer, *case.args.values())
    return construct(answer, case, layer.state_dict(), lambda: _unlike(answer, case, layer))(*case.args.values())


def _unlike(answer, case: Case, layer: Heads) -> str:
    """What is different about the parameters of a layer; one in the grader's sandbox cannot be looked at."""
    needed = t(
        "needed: `heads`, an nn.ModuleList with a SelfAttention(size, head_size, value_size) for each head, and `out`, "
        "an nn.Linear(heads * value_size, size, bias=False)."
    )
    if not isinstance(answer, type):
        return t("Its layers have other names or sizes than {needed}", needed=needed)
    have, want = ({name: list(x.shape) for name, x in one.state_dict().items()} for one in (answer(*case.init), layer))
    if have.keys() != want.keys():
        names = t(", ").join(dict.fromkeys(name.partition(".")[0] for name in have)) or t("none")
        return t("The names of what it holds: {names}; {needed}", names=names, needed=needed)
    name = next(name for name in want if have[name] != want[name])
    sizes = t("{have}; needed here: {want}, [inputs, outputs]", have=have[name][::-1], want=want[name][::-1])
    return t("The size of `{name}`: {sizes}.", name=name.removesuffix(".weight"), sizes=sizes)


def _case(lengths, sizes, seed) -> Case:
    x = some_numbers(len(lengths), max(lengths), sizes[0], seed=seed)
    return Case({"x": x, "mask": padding_mask(torch.tensor(lengths), max(lengths))}, init=sizes)


@variants
def _heads(
    layer,
    x,
    mask=None,
    *,
    joined=lambda outputs: torch.cat(outputs, -1),
    of=list,
    hand_on=lambda mask: mask,
):
    """Several heads with one thing done in another way."""
    pairs = [head(x, hand_on(mask)) for head in of(layer.heads)]
    return layer.out(joined([output for output, _ in pairs])), torch.stack([weights for _, weights in pairs], 1)


HEADS = Exercise(
    name=mark("heads"),
    task=t(
        "Write the class: each head is a SelfAttention and looks at the same x; their outputs stand side by side, and "
        "`out` mixes them: x [B, T, D], mask [B, 1, T] bool, or none -> (output [B, T, D], weights [B, H, T, T]). So "
        "that the parameters of a trained layer fit, the heads are in `heads`, an nn.ModuleList, and `out` is an "
        "nn.Linear without bias."
    ),
    reference=Heads,
    cases=lambda: [
        Case({"x": torch.tensor([[[1.0, 0, 2], [0, 1, 1], [2, 2, 0]]]), "mask": SEEN}, init=EXAMPLE, shown=True),
        _case([4, 2], (5, 3, 4, 2), 950),
        _case([1, 3], (4, 1, 2, 3), 960),
        Case({"x": some_numbers(2, 3, 4, seed=970)}, init=(4, 2, 3, 2)),
    ],
    returns=("output", "weights"),
    run=_run,
    properties=(
        sees_only(),
        rows_sum_to_one(part=1),
        Property(
            t("The weights are right, the output is not. It is the heads' outputs side by side, times `self.out`."),
            lambda run, case, mine, want: same(mine[1], want[1]) and not same(mine[0], want[0]),
        ),
    ),
    used=t("Yours serves two wishes at once in [Six: two wishes at once](#Six:-two-wishes-at-once)"),
    hints=(
        t("In `__init__`, `self.heads = nn.ModuleList(SelfAttention(…) for _ in range(heads))`, and then `self.out`."),
        t("What is as wide as all outputs side by side goes into `self.out`, and `size` numbers come out of it."),
        t(
            "In `forward`: `pairs = [head(x, mask) for head in self.heads]`. The outputs go through `torch.cat(…, -1)` "
            "and `self.out`, the weights through `torch.stack(…, 1)`."
        ),
    ),
    minutes=8,
    difficulty=2,
    wrong=wrong_answers(
        _heads(joined=lambda outputs: torch.cat(outputs[::-1], -1)),
        t("The outputs stand side by side in the wrong order: head 1 comes first."),
        _heads(of=lambda heads: [heads[0]] * len(heads)),
        t("All heads are the same one. Each asks its own question: `for head in self.heads`."),
        _heads(hand_on=lambda mask: None),
        t("The mask is not handed on to the heads."),
    ),
)
