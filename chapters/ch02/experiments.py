"""What the twelve scores cost, and what each can and cannot learn: measured.

Five small tasks tell the functions apart. In each, a query has eight keys and one of them is right; the rule
is known, and the score must learn it. The figures are in data/results/, with the commit whose program made them.
"""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from chapters.ch02.costs import cost_of
from chapters.ch02.linear import PositiveFeatures, linear_attention
from chapters.ch02.scores import SCORES
from course_kit import results
from course_kit.views.table import Table

NUM_KEYS = 8  # before each query

TASKS = {  # name: which of the eight keys is right
    "direction": "points most nearly where the query points, however long it is",
    "reach": "reaches furthest along the query: direction and length together",
    "length": "is the longest, whatever the query",
    "feature": "fits after a hidden map has rotated the query and, with 4 features, mirrored it",
    "place": "is at the position that the query names, whatever the key",
}


def kept_for_backward(compute: Callable[[], Tensor], given: Iterable[Tensor]) -> list[Tensor]:
    """What autograd keeps of a computation until the backward pass, each storage once; `given` is not counted."""
    known, kept = {x.untyped_storage().data_ptr() for x in given}, {}

    def keep(x):
        kept[x.untyped_storage().data_ptr()] = x.detach()
        return x

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda x: x):
        compute()
    return [x for pointer, x in kept.items() if pointer not in known]


def numbers_kept(score: nn.Module, queries: Tensor, keys: Tensor) -> int:
    """How many numbers autograd keeps for the backward pass, inputs and parameters not counted."""
    queries, keys = queries.detach().requires_grad_(), keys.detach().requires_grad_()
    kept = kept_for_backward(lambda: score(queries, keys), (queries, keys, *score.parameters(), *score.buffers()))
    return sum(x.untyped_storage().nbytes() // x.element_size() for x in kept)


def comparison(size: int = 64, hidden_size: int = 32, length: int = 128) -> Table:
    """The twelve side by side, from the code itself: queries and keys of `size` features, `length` of each.

    Multiply–adds per pair: all of them, projections included, divided by length². Kept per pair: numbers autograd
    holds for the backward pass.
    """
    source = torch.Generator().manual_seed(0)
    queries, keys = torch.randn(2, 1, length, size, generator=source)
    rows = []
    for name, kind in SCORES.items():
        with torch.random.fork_rng(devices=[]):
            score = kind(size, size, hidden_size, max_keys=length)
        rows.append(
            {
                "score": name,
                "equation": kind.equation,
                "reference": kind.reference,
                "parameters": score.num_parameters,
                "multiply–adds per pair": round(cost_of(score).total(length, length) / length**2, 1),
                "kept per pair": round(numbers_kept(score, queries, keys) / length**2, 1),
                "Dq ≠ Dk": "no" if kind.same_size else "yes",
            }
        )
    return Table(rows, f"{length} queries, {length} keys, {size} features, hidden size {hidden_size}")


def kernel_errors(counts=(64, 1024), spread: float = 0.5, seeds=range(5)) -> dict[int, float]:
    """{number of features: share of the weight put on the wrong keys}, Performer's kernel against exact softmax.

    128 queries and keys of 16 features, each of standard deviation `spread`; mean over rows and seeds.
    """
    source = torch.Generator().manual_seed(0)
    queries, keys = spread * torch.randn(2, 128, 16, generator=source)
    exact = torch.softmax(queries @ keys.mT / 4, -1)
    errors = {}
    for count in counts:
        total = 0.0
        for seed in seeds:
            features = PositiveFeatures(16, count, seed)
            weights = linear_attention(queries, keys, torch.eye(128), features)
            total += (weights - exact).abs().sum(-1).mean().item() / 2
        errors[count] = total / len(seeds)
    return errors


def trained_scores(size: int) -> tuple[dict[str, nn.Module], dict[str, str]]:
    """({name: score}, {name: the task it was trained for}), as recorded for vectors of 2 or 3 features.

    For other sizes only the scores without parameters. Location-based knows 8 places.
    """
    recorded = results.load("scores_trained")
    weights, scores = recorded["weights"].get(str(size), {}), {}
    for name, kind in SCORES.items():
        with torch.random.fork_rng(devices=[]):
            hidden = 32 if name == "generalized_kernel" else recorded["hidden_size"]
            score = kind(size, size, hidden, max_keys=NUM_KEYS)
        if name in weights:
            score.load_state_dict({key: torch.tensor(value) for key, value in weights[name].items()})
        if name in weights or not score.num_parameters:
            scores[name] = score
    return scores, {name: task for name, task in recorded["tasks"].items() if name in weights}
