"""What the twelve scores cost, and those that were trained, as data/results/ has them."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from chapters.ch02.scores import SCORES, GeneralizedKernel, Score
from course_kit import results
from course_kit.i18n import mark, t
from course_kit.views.table import Table


def multiply_adds(score: Score, queries: Tensor, keys: Tensor) -> int:
    """Multiply–adds of a score in products of vectors and matrices, as torch counts them; no others are counted."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        pairs = score(queries, keys).numel()
    in_log_space = pairs * score.hidden_size if isinstance(score, GeneralizedKernel) else 0  # torch sees no product
    return counter.get_total_flops() // 2 + in_log_space


def kept_for_backward(compute: Callable[[], Tensor], given: Iterable[Tensor]) -> list[Tensor]:
    """What autograd keeps of a computation until the backward pass, each storage once; `given` is not counted."""
    known, kept = {x.untyped_storage().data_ptr() for x in given}, {}

    def keep(x):
        kept[x.untyped_storage().data_ptr()] = x.detach()
        return x

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda x: x):
        compute()
    return [x for pointer, x in kept.items() if pointer not in known]


def numbers_kept(score: Score, queries: Tensor, keys: Tensor) -> int:
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
                mark("score"): name,
                mark("equation"): kind.equation,
                mark("reference"): kind.reference,
                mark("parameters"): score.num_parameters,
                mark("multiply–adds per pair"): round(multiply_adds(score, queries, keys) / length**2, 1),
                mark("kept per pair"): round(numbers_kept(score, queries, keys) / length**2, 1),
                "Dq ≠ Dk": mark("no") if kind.same_size else mark("yes"),
            }
        )
    return Table(
        rows,
        t(
            "{length} queries, {length} keys, {size} features, hidden size {hidden_size}",
            length=length,
            size=size,
            hidden_size=hidden_size,
        ),
    )


def trained_scores(size: int) -> dict[str, Score]:
    """The scores for vectors of 2 or 3 features, trained as recorded. Location-based knows 8 places."""
    recorded = results.load("scores_trained")
    weights, scores = recorded["weights"][str(size)], {}
    for name, kind in SCORES.items():
        with torch.random.fork_rng(devices=[]):
            hidden = 32 if name == "generalized_kernel" else recorded["hidden_size"]
            score = kind(size, size, hidden, max_keys=8)
        if name in weights:
            score.load_state_dict({key: torch.tensor(value) for key, value in weights[name].items()})
        if name in weights or not score.num_parameters:
            scores[name] = score
    return scores
