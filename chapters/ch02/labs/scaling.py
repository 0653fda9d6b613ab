"""The √d lab: what the size of vectors does to their dot products, to softmax, and to its gradient."""

import numpy as np
import torch

from course_kit.arguments import whole_number, whole_numbers
from course_kit.views.live import shell
from course_kit.views.table import TextTable
from course_kit.views.view import View

SHOWN, QUERIES, KEYS, BASE = 12, 384, 24, 12  # queries on show and in all; 12 vectors each, turned round, make the rest


class Scaling(View):
    """See `scaling`."""

    kind = "scaling"
    size = (7.4, 2.8)

    def vectors(self, name: str, count: int) -> torch.Tensor:
        """[count, D] in float64: the 12 that travel, then the same ones with their features turned round."""
        base = torch.from_numpy(self.arrays[name].astype(np.float64)).reshape(BASE, -1)
        turns = count // BASE
        return torch.cat([base.roll(-i * max(1, base.shape[1] // turns), -1) for i in range(turns)])

    def measure(self, d: int, scaled: bool) -> dict:
        """At size d, in float64: scores, weights [Q, K]; spread of the scores, mean entropy of the weights, and
        the gradient of the median query: median of the Frobenius norm of ∂α/∂(q·k), times √d, so the response to one
        standard deviation of q·k. Softmax's Jacobian is diag(α) − ααᵀ; with √d the chain rule divides it by √d."""
        q, k = self.vectors("queries", QUERIES)[:, :d], self.vectors("keys", KEYS)[:, :d]
        scores = q @ k.T / (d**0.5 if scaled else 1)
        weights = torch.softmax(scores, -1)
        jacobian = torch.diag_embed(weights) - weights[:, :, None] * weights[:, None]
        return {
            "scores": scores.numpy(),
            "weights": weights.numpy(),
            "spread": scores.std(correction=0).item(),
            "entropy": torch.special.entr(weights).sum(-1).mean().item(),
            "gradient": jacobian.flatten(1).norm(dim=-1).quantile(0.5).item() * (1 if scaled else d**0.5),
        }

    def describe(self) -> str:
        d, keys = self.state["d"], KEYS
        plain, scaled = self.measure(d, False), self.measure(d, True)
        return (
            f"Random vectors of size {d}. Standard deviation of the dot products {plain['spread']:.1f}; divided by √d, "
            f"{scaled['spread']:.1f}. Evenness of the weights (entropy) {plain['entropy']:.2f} of at most "
            f"{np.log(keys):.2f}, with √d {scaled['entropy']:.2f}. Response of the median query: "
            f"{plain['gradient']:.3f}, with √d {scaled['gradient']:.3f}."
        )

    def table(self) -> TextTable:
        plain, scaled = (self.measure(self.state["d"], s) for s in (False, True))
        names = {
            "spread": "standard deviation of the scores",
            "entropy": "evenness (entropy)",
            "gradient": "response of the median query",
        }
        rows = [[text, f"{plain[key]:.3f}", f"{scaled[key]:.3f}"] for key, text in names.items()]
        return TextTable([f"d = {self.state['d']}", "q·k", "÷ √d"], rows)

    def draw(self, figure) -> None:
        from course_kit.views import picture

        d = self.state["d"]
        for axes, scaled in zip(figure.subplots(1, 2), (False, True), strict=True):
            made = self.measure(d, scaled)
            axes.imshow(made["weights"][:SHOWN], cmap=picture.ink_map(), vmin=0, vmax=1, aspect="auto")
            name = "with √d: softmax(q·k / √d)" if scaled else "without √d: softmax(q·k)"
            axes.set(title=f"{name}, d = {d}", xticks=[], yticks=[], xlabel=f"{KEYS} keys", ylabel=f"{SHOWN} queries")
            axes.title.set_size(9)


def scaling(
    sizes=range(1, 1025),
    *,
    d=64,
    seed=16,
    title="Why divide by √d?",
    caption="Queries and keys are random vectors of d numbers. The more ink in a cell, the larger its weight. "
    "Drag d: which of the two maps never fills a cell?",
    live=False,
    presenting=None,
):
    """Dot products of random vectors with and without √d: spread, weights, entropy and gradient, as d grows.

    sizes: the sizes d that may be shown, whole numbers from 1 to 1,024 (the slider takes about 60 of them, evenly on a
    doubling scale); d: where to start. Queries and keys are independent numbers of variance 1, from `seed`, in
    half precision. live=True: Python reads `d`. Raises ValueError for sizes outside 1 … 1,024.
    """
    sizes = sorted(set(whole_numbers("sizes", sizes, 1, 1024)))
    if not sizes:
        raise ValueError("sizes is empty; needed: at least one whole number from 1 to 1024")
    d = whole_number("d", d, sizes[0], sizes[-1])
    steps = np.geomspace(sizes[0], sizes[-1], 61)
    wanted = sorted({min(sizes, key=lambda s, t=t: abs(s - t)) for t in steps} | {s for s in _ROUND if s in sizes})
    d = min(wanted, key=lambda s: abs(s - d))
    source = torch.Generator().manual_seed(whole_number("seed", seed, 0, 2**63 - 1))
    most = sizes[-1]
    queries, keys = (torch.randn(n, most, generator=source).half().numpy() for n in (BASE, BASE))
    arrays = {"queries": queries.ravel().astype("<f2"), "keys": keys.ravel().astype("<f2")}
    controls = [
        {"kind": "range", "name": "d", "label": "size d", "values": wanted, "digits": 0},
        {"kind": "button", "name": "reset", "label": "reset"},
    ]
    options = {"shape": [SHOWN, QUERIES, KEYS, BASE, most], "sizes": wanted}
    return shell(Scaling(title, caption, arrays, {"d": d}, controls, options, presenting), live)


_ROUND = (1, 4, 16, 64, 100, 256, 400, 512, 1024)
