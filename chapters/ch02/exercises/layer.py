"""Chapter 2: a layer of self-attention, a class with three matrices."""

import torch
from torch import Tensor, nn

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
from course_kit.exercises.properties import changed, part_of, rows_sum_to_one, sees_only
from course_kit.i18n import mark, t
from course_utils.attention import padding_mask, scaled_dot_product_attention
from course_utils.self_attention import SelfAttention

from .attention import sees_all_allowed

NEEDED = "query, key, value"
LISTED = t(", ").join(NEEDED.split(", "))
EXAMPLE = (2, 9, 1)  # its sizes: two features, a query of nine, a value of one: none is another, nor √9
SEEN = torch.tensor([[[True, True, False]]])  # of the example


def parameters_of(sizes: tuple[int, ...]) -> SelfAttention:
    """The course's layer with numbers that are always the same; those of the example stand in the notebook."""
    with seeded(sum(sizes)):
        layer = SelfAttention(*sizes)
        if sizes == EXAMPLE:
            matrices = {"query": [[1.0, 0]] * 9, "key": [[0.0, 1]] * 9, "value": [[2.0, 1]]}
            layer.load_state_dict({f"{name}.weight": torch.tensor(rows) for name, rows in matrices.items()})
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


def _by_model_size(layer: SelfAttention, x: Tensor, mask: Tensor | None = None):
    q = layer.query(x)
    return scaled_dot_product_attention(q * (q.shape[-1] / x.shape[-1]) ** 0.5, layer.key(x), layer.value(x), mask)


def _unlike(answer, case: Case, layer: SelfAttention) -> str:
    """What is different about the parameters of a layer; one in the grader's sandbox cannot be looked at."""
    needed = t("needed: {NEEDED}, each an nn.Linear without bias.", NEEDED=LISTED)
    if not isinstance(answer, type):
        return t("Its matrices have other names or sizes than {needed}", needed=needed)
    have, want = ({name: list(x.shape) for name, x in one.state_dict().items()} for one in (answer(*case.init), layer))
    if biases := [name for name in have if name.endswith(".bias")]:
        return t(
            "`{biases}` has a bias; {needed} Write `bias=False`.", biases=biases[0].removesuffix(".bias"), needed=needed
        )
    if have.keys() != want.keys():
        names = ", ".join(name.removesuffix(".weight") for name in have) or "none"
        return t("The names of its matrices: {names}; {needed}", names=names, needed=needed)
    name = next(name for name in want if have[name] != want[name])
    sizes = t("{have}; needed here: {want}, [inputs, outputs]", have=have[name][::-1], want=want[name][::-1])
    return t("The size of `{name}`: {sizes}.", name=name.removesuffix(".weight"), sizes=sizes)


def _case(lengths, sizes, seed, shown=False) -> Case:
    x = some_numbers(len(lengths), max(lengths), sizes[0], seed=seed)
    layer, mask = parameters_of(sizes), padding_mask(torch.tensor(lengths), max(lengths))
    given = {t("W of {name}", name=name): getattr(layer, name).weight.detach().T for name in NEEDED.split(", ")}
    return Case({"x": x, "mask": mask}, init=sizes, given=given, shown=shown)


@variants
def _layer(
    layer,
    x,
    mask=None,
    *,
    value=lambda layer, x: layer.value(x),
    attend=scaled_dot_product_attention,
):
    """Self-attention with one thing done in another way."""
    return attend(layer.query(x), layer.key(x), value(layer, x), mask)


def _by_values(q: Tensor, k: Tensor, v: Tensor, mask: Tensor):
    weights = scaled_dot_product_attention(k, q, v, mask)[1]
    return weights @ v, weights


def _reads_padding(run, case, mine, want):
    if "mask" not in case.args:
        return None
    there = case.args["mask"][:, 0]  # [B, T]
    other = torch.where(there[..., None], case.args["x"], case.args["x"] + 1)
    return not same(part_of(mine)[there], part_of(run(changed(case, x=other)))[there])


LAYER = Exercise(
    name=mark("a self-attention layer"),
    task=t(
        "Write the class: three matrices make q, k and v of the same x, and attention does the rest: x [B, T, D], "
        "mask [B, 1, T] bool, or none -> (output [B, T, dv], weights [B, T, T]). So that the parameters of a trained "
        "layer fit, the matrices are called {NEEDED}, each an nn.Linear without bias.",
        NEEDED=LISTED,
    ),
    reference=SelfAttention,
    cases=lambda: [
        Case({"x": torch.tensor([[[1.0, 0], [2, 1], [1, 2]]]), "mask": SEEN}, init=EXAMPLE, shown=True),
        _case([4, 2], (5, 3, 4), 910),
        _case([1, 3], (4, 4, 2), 920),
        Case({"x": some_numbers(2, 3, 4, seed=930)}, init=(4, 3, 2)),
    ],
    returns=("output", "weights"),
    run=_run,
    properties=(
        Property(t("What is in the padding changes what words get. Is the mask handed on?"), _reads_padding),
        sees_only(),
        sees_all_allowed(),
        rows_sum_to_one(part=1),
        Property(
            t(
                "The weights are right, the output is not. It is the weights times `self.value(x)`, and no more: x is "
                "not added, and nothing bends it."
            ),
            lambda run, case, mine, want: same(mine[1], want[1]) and not same(mine[0], want[0]),
        ),
        Property(
            t(
                "The weights are others. They are the softmax, along the keys, of `self.query(x)` times "
                "`self.key(x)` transposed, divided by √d."
            ),
            lambda run, case, mine, want: mine[1].shape == want[1].shape and not same(mine[1], want[1]),
        ),
    ),
    used=t("Your layer is trained in [Five: can it be learned?](#Five:-can-it-be-learned?)"),
    hints=(
        t("In `__init__`, `self.query = nn.Linear(size, head_size, bias=False)`. Which sizes have the other two?"),
        t("`nn.Linear(D, d, bias=False)` is a matrix W [D, d] that learns: `self.query(x)` is x W, for every word."),
        t(
            "In `forward`: q, k and v of the same x, then `scaled_dot_product_attention(q, k, v, mask)`, which gives "
            "both results."
        ),
    ),
    minutes=8,
    difficulty=2,
    wrong=wrong_answers(
        _layer(attend=_by_values),
        t("Queries and keys have changed places. Row i of the weights belongs to query i."),
        _layer(attend=lambda q, k, v, mask: scaled_dot_product_attention(q * q.shape[-1] ** 0.5, k, v, mask)),
        t("The division by √d is missing."),
        _by_model_size,
        t(
            "The scores are divided by √D, the size of x. A dot product adds up the d products of a query: √d, "
            "`q.shape[-1]`."
        ),
        _layer(value=lambda layer, x: x),
        t("The inputs themselves are averaged. The values have a matrix of their own, `self.value(x)`."),
    ),
)
