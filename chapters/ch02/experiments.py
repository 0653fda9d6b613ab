"""What the twelve scores cost, and what each can and cannot learn: measured.

Five small tasks tell the functions apart. In each, a query has eight keys and one of them is right; the rule
is known, and the score must learn it. `course results scores` records all of it in data/results/.
"""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from chapters.ch02.costs import cost_of
from chapters.ch02.linear import PositiveFeatures, linear_attention
from chapters.ch02.scores import SCORES
from course_kit import arguments, results
from course_kit.clock import seconds, slope
from course_kit.contexts import seeded
from course_kit.training import fit
from course_kit.views.table import Table
from course_utils.attention import scaled_dot_product_attention

SIZE, NUM_KEYS = 4, 8  # features of a vector, keys before each query

TASKS = {  # name: which of the eight keys is right
    "direction": "points most nearly where the query points, however long it is",
    "reach": "reaches furthest along the query: direction and length together",
    "length": "is the longest, whatever the query",
    "feature": "fits after a hidden map has rotated the query and, with 4 features, mirrored it",
    "place": "is at the position that the query names, whatever the key",
}


def _unit(x: Tensor) -> Tensor:
    return x / x.norm(dim=-1, keepdim=True)


def hidden_map(size: int = SIZE) -> Tensor:
    """The orthogonal map of the task "feature", [size, size]: a quarter turn in the plane, a rotation in space; with
    4 features its determinant is −1, so it mirrors as well."""
    if size == 2:
        return torch.tensor([[0.0, 1.0], [-1.0, 0.0]])
    return torch.linalg.qr(torch.randn(size, size, generator=torch.Generator().manual_seed(5))).Q


def _places(size: int) -> Tensor:
    """The direction in which a query must point to mean each of the eight places, [8, size]."""
    if size == 2:
        turn = torch.arange(NUM_KEYS) * (2 * torch.pi / NUM_KEYS)
        return torch.stack([turn.cos(), turn.sin()], dim=1)
    return _unit(torch.linalg.qr(torch.randn(NUM_KEYS, size, generator=torch.Generator().manual_seed(6))).Q)


def task_batch(task: str, count: int, generator: torch.Generator, size: int = SIZE) -> tuple[Tensor, Tensor, Tensor]:
    """queries [count, 1, size], keys [count, 8, size], the number of the right key [count].

    Lengths of keys are spread evenly over ¼ … 4 on a doubling scale; in "feature" all keys have length 1.
    """
    arguments.one_of("task", task, TASKS)
    queries = torch.randn(count, 1, size, generator=generator)
    directions = _unit(torch.randn(count, NUM_KEYS, size, generator=generator))
    keys = directions * torch.exp2(4 * torch.rand(count, NUM_KEYS, 1, generator=generator) - 2)
    if task == "feature":
        keys = directions
    truth = {
        "direction": lambda: queries @ directions.mT,
        "reach": lambda: queries @ keys.mT,
        "length": lambda: keys.norm(dim=-1).unsqueeze(1),
        "feature": lambda: queries @ hidden_map(size) @ keys.mT,
        "place": lambda: queries @ _places(size).mT,
    }[task]()
    return queries, keys, truth[:, 0].argmax(-1)


class Chooser(nn.Module):
    """A score and one learned sharpness: (queries [B, 1, D], keys [B, K, D]) -> logits [B, K] over the keys.

    The sharpness is fair to all: without it a cosine could never make up its mind.
    """

    def __init__(self, name: str, size: int = SIZE, hidden_size: int = 32):
        super().__init__()
        self.score = SCORES[name](size, size, hidden_size, max_keys=NUM_KEYS)
        self.log_sharpness = nn.Parameter(torch.zeros(()))

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        return self.score(queries, keys)[:, 0] * self.log_sharpness.exp()


def choice_loss(chooser: Chooser, batch: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    """Cross-entropy of the right key: −log of the weight it gets, mean over the batch."""
    queries, keys, right = batch
    return nn.functional.cross_entropy(chooser(queries, keys), right)


def train_chooser(name, task, seed=0, steps=300, rate=2e-2, size=SIZE, hidden_size=32, show=False) -> Chooser:
    """Adam, batches of 128 fresh examples, the rate falling linearly to 0: about a third of a second."""
    with seeded(seed):
        chooser = Chooser(name, size, hidden_size)
    batches = lambda generator: task_batch(task, 128, generator, size)  # noqa: E731
    fit(chooser, batches, choice_loss, steps=steps, lr=rate, schedule=lambda i: 1 - i / steps, seed=seed, show=show)
    return chooser


@torch.no_grad()
def share_right(chooser: Chooser, task: str, count: int = 4000, size: int = SIZE) -> float:
    """Share of fresh examples whose right key gets the largest weight; guessing gives 1/8."""
    queries, keys, right = task_batch(task, count, torch.Generator().manual_seed(10**6), size)
    return (chooser(queries, keys).argmax(-1) == right).double().mean().item()


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


def attention_times(lengths=(128, 256, 512, 1024, 2048, 4096, 8192), size: int = 32, features: int = 64) -> Table:
    """Seconds for exact and for linear attention at each length, forward, one head, best of three."""
    phi, rows = PositiveFeatures(size, features), []
    for length in lengths:
        q, k, v = torch.randn(3, length, size, generator=torch.Generator().manual_seed(0))
        with torch.no_grad():
            exact = seconds(lambda q=q, k=k, v=v: scaled_dot_product_attention(q, k, v), 3)
            linear = seconds(lambda q=q, k=k, v=v: linear_attention(q, k, v, phi), 3)
        rows.append({"tokens": length, "exact s": exact, "linear s": linear})
    return Table(rows, f"one head, {size} features; {features} random features")


def record_tasks(seeds=range(5), steps: int = 300) -> dict:
    """Every score on every task: share right, by seed; the figures behind data/results/scores_task.json."""
    shares = {
        name: {task: [share_right(train_chooser(name, task, seed, steps), task) for seed in seeds] for task in TASKS}
        for name in SCORES
    }
    return {"seeds": list(seeds), "steps": steps, "examples": 4000, "guessing": 1 / NUM_KEYS, "share_right": shares}


# what each score with parameters is trained for, before the twelve are shown beside each other
LAB_TASKS = {
    **dict.fromkeys(["general", "biased_general", "activated_general"], "feature"),
    **dict.fromkeys(["concat", "additive", "deep"], "direction"),
    **dict(location_based="place", feature_based="length"),
}


def record_trained(sizes=(2, 3), hidden_size: int = 8, steps: int = 1500) -> dict:
    """Trained weights of scores for 2 and 3 features, float32; the figures behind data/results/scores_trained.json."""
    figures = {"seeds": [0], "steps": steps, "hidden_size": hidden_size, "tasks": LAB_TASKS, "weights": {}, "share": {}}
    for size in sizes:
        for name, task in LAB_TASKS.items():
            chooser = train_chooser(name, task, steps=steps, size=size, hidden_size=hidden_size)
            weights = {key: value.tolist() for key, value in chooser.score.state_dict().items()}
            figures["weights"].setdefault(str(size), {})[name] = weights
            figures["share"].setdefault(str(size), {})[name] = share_right(chooser, task, size=size)
    return figures


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


def record_costs() -> dict:
    """Cost against length; the figures behind data/results/scores_cost.json."""
    times = attention_times()
    lengths = [row["tokens"] for row in times]
    slopes = {kind: slope(lengths, [row[f"{kind} s"] for row in times]) for kind in ("exact", "linear")}
    return {"times": list(times), "slopes": slopes}
