"""Remove one hidden unit: a menu beside a scoring lab, and Python's answer for the vectors as they stand there."""

import ipywidgets
import torch
from IPython.display import display
from torch import nn

from course_kit.views.live import below
from course_utils.attention import masked_softmax


def weights_without(score: nn.Module, unit: int | None, query, keys) -> torch.Tensor:
    """Weights [K] of query [D] on keys [K, D] by an additive score with one hidden unit set to zero; None: with all.

    The score itself stays as it is.
    """
    w = score.w.weight.detach().clone()
    if unit is not None:
        w[0, unit] = 0
    queries, keys = torch.as_tensor(query).float().reshape(1, -1), torch.as_tensor(keys).float()
    scores = torch.func.functional_call(score, {"w.weight": w}, (queries, keys)).detach()
    return masked_softmax(scores)[0]


def remove_unit(view, score: nn.Module, names) -> None:
    """Displays a live scoring lab with a menu of the score's hidden units; a line says what each removal changes."""
    units = ipywidgets.Dropdown(options=range(1, score.w.weight.shape[1] + 1), description="remove unit")

    def tell():
        keys = torch.tensor(view.key_vectors).reshape(len(names), -1)
        made = (weights_without(score, unit, view.query, keys) for unit in (None, units.value - 1))
        before, after = (", ".join(f"{n} {x:.0%}" for n, x in zip(names, w.tolist(), strict=True)) for w in made)
        return f"With all units: {before}. Without unit {units.value}: {after}."

    said = below(view, tell, "query", "key_vectors")
    units.observe(lambda _: setattr(said, "value", tell()), names="value")
    display(view, units, said)
