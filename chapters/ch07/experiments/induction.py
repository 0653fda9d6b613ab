"""Induction heads: a GPT that copies what once followed. Trained in class, found by a score, ablated.

    task = Repeats()                                   # random tokens, and then the same ones again
    model = task.model(); task.train(model)            # some seconds
    task.scores(model)                                 # [layers, heads]: how much each attends where copying needs it
    with silenced(model, [(2, 1)]): task.by_place(model)

In the second half each token can be known: look for the last time the present token occurred, and say what came after
it. A head that attends there is an induction head; it needs one in the layer below that attends to the token before.
Sources: Elhage et al. 2021, A mathematical framework for transformer circuits; Olsson et al. 2022, In-context learning
and induction heads.
"""

from collections.abc import Iterable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from chapters.ch07.reader_models import features
from course_kit.contexts import seeded
from course_kit.heads import attention_weights, silenced
from course_kit.i18n import mark, t
from course_kit.models.fused import fuse
from course_kit.models.rotary_gpt import RotaryGPT, gpt_sizes
from course_kit.training import Run, fit
from course_kit.views.table import Table
from course_utils.cache import Cache
from course_utils.gpt import next_token_loss
from course_utils.llama import LlamaConfig

STEPS = 400


class Copier(RotaryGPT):
    """A GPT that turns by positions, with an output matrix of its own. Its initial parameters are larger than GPT-2's,
    so that hundreds of steps are enough."""

    def __init__(self, config: LlamaConfig):
        super().__init__(config)
        self.output = nn.Linear(config.size, config.vocab, bias=False)
        nn.init.normal_(self.tokens.weight)
        nn.init.normal_(self.output.weight, std=0.02)
        for part in self.blocks.modules():
            if isinstance(part, nn.Linear):
                nn.init.xavier_uniform_(part.weight)
                nn.init.zeros_(part.bias)

    def forward(self, ids: Tensor, caches: list[Cache] | None = None) -> Tensor:
        """ids [B, T] -> logits [B, T, V]"""
        return self.output(features(super().forward, self.norm, ids, caches))


class Repeats:
    """The task: `half` random tokens of `size`, then the same again. In training each text repeats after another number
    of tokens, so that knowing places is not enough: a model must find the earlier copy by what it is."""

    def __init__(self, size: int = 24, half: int = 16):
        self.size, self.half = size, half

    def texts(self, generator: torch.Generator, rows: int = 64) -> Tensor:
        """ids [rows, 2 · half]: random tokens twice."""
        return torch.randint(self.size, (rows, self.half), generator=generator).repeat(1, 2)

    def batch(self, generator: torch.Generator, rows: int = 64) -> Tensor:
        """What is trained on, [rows, 2 · half]: random tokens that begin again after 4 … half of them."""
        period = torch.randint(4, self.half + 1, (rows, 1), generator=generator)
        first = torch.randint(self.size, (rows, self.half), generator=generator)
        return first.gather(1, torch.arange(2 * self.half).expand(rows, -1) % period)

    def model(self, layers: int = 2, seed: int = 0) -> Copier:
        """A fresh model of 64 features and two heads a layer. The global random state is left alone."""
        with seeded(seed):
            return fuse(Copier(gpt_sizes(self.size, 64, layers, 2, 2 * self.half)))

    def train(self, model: nn.Module, steps: int = STEPS, seed: int = 0, **options) -> Run:
        """fit() -> Run; beside "loss" its history holds the loss of the "second half", and the "induction score" of the
        head that has most of it."""
        settings = {"lr": 4e-3, "clip": 1.0, "schedule": lambda i: min((i + 1) / 40, max(1.03 - i / steps, 0.03))}
        settings |= {"evaluate": self.measured} | options
        return fit(model, self.batch, next_token_loss, steps=steps, seed=seed, **settings)

    def measured(self, model: nn.Module) -> dict[str, float]:
        """What is measured on the way."""
        return {mark("second half"): self.second_half(model), mark("induction score"): self.scores(model).max().item()}

    @torch.no_grad()
    def by_place(self, model: nn.Module, rows: int = 128) -> Tensor:
        """The loss at each place of fresh texts, [2 · half − 1]: of the second token first."""
        ids = self.texts(torch.Generator().manual_seed(10**6), rows)
        logits = model(ids[:, :-1])
        return F.cross_entropy(logits.transpose(1, 2), ids[:, 1:], reduction="none").mean(0)

    def second_half(self, model: nn.Module, rows: int = 128) -> float:
        """Mean loss of the tokens that can be known: those of the second half but its first one."""
        return self.by_place(model, rows)[self.half :].mean().item()

    @torch.no_grad()
    def weights(self, model: Copier, rows: int = 1) -> list[Tensor]:
        """What each layer's heads attend to in fresh texts, a list of [rows, H, T, T]."""
        ids = self.texts(torch.Generator().manual_seed(10**6), rows)
        with attention_weights(model) as weights:
            model(ids)
        return weights["decoder"]

    def scores(self, model: Copier, rows: int = 64, what: str = "induction") -> Tensor:
        """How much each head attends where copying needs it, [layers, heads], from 0 to 1: see `head_score`."""
        return torch.stack([head_score(w, self.half, what) for w in self.weights(model, rows)])


def head_score(weights: Tensor, half: int, what: str = "induction") -> Tensor:
    """Mean weight that each head puts on one place, over the second half of repeated texts: [B, H, T, T] -> [H].

    induction  the token after the earlier copy of the present one: half − 1 places back
    before     the token just before (over the whole text)
    """
    back, first = {"induction": (half - 1, 1), "before": (1, 0)}[what]
    looked = weights.diagonal(-back, -2, -1)  # entry t: from place t + back to place t
    return looked[..., first:].mean((0, 2))


class Knocked(NamedTuple):
    """head: (layer, head) from 1; induction, before: its scores; loss: of the second half without it."""

    head: tuple[int, int]
    induction: float
    before: float
    loss: float


def knock_out(task: Repeats, model: Copier) -> list[Knocked]:
    """Each head with its scores and the loss of the repeated half while it is silent, worst loss first."""
    induction, before, found = task.scores(model), task.scores(model, what="before"), []
    for layer, head in ((n, h) for n in range(len(induction)) for h in range(induction.shape[1])):
        with silenced(model, [(layer + 1, head + 1)]):
            loss = task.second_half(model)
        scores = induction[layer, head].item(), before[layer, head].item()
        found.append(Knocked((layer + 1, head + 1), *(round(s, 3) for s in scores), round(loss, 3)))
    return sorted(found, key=lambda row: -row.loss)


def head_table(task: Repeats, model: Copier) -> Table:
    """`knock_out` as a table, with the loss of the whole model above it."""
    rows = [{mark("head"): f"{k.head[0]}.{k.head[1]}", mark("induction score"): k.induction,
             mark("weight on the token before"): k.before,
             mark("loss of the second half without this head"): k.loss} for k in knock_out(task, model)]  # fmt: skip
    whole = f"{task.second_half(model):.3f}"
    return Table(
        rows,
        t("Head 2.1 is head 1 of layer 2. With all heads, the second half costs {whole} nats per token", whole=whole),
    )


def record_induction(steps: int = STEPS, seeds: Iterable[int] = range(3)) -> dict:
    """Two layers and one, several seeds; the figures behind data/results/gpt_induction.json."""
    task, found = Repeats(), []
    for layers in (1, 2):
        for seed in seeds:
            model = task.model(layers=layers, seed=seed)
            run = task.train(model, steps, seed)
            found.append({
                "layers": layers, "seed": seed, mark("second half"): round(task.second_half(model), 4),
                "heads": [list(k) for k in knock_out(task, model)],
                "curve": [[s, round(v, 3)] for s, v in zip(*run.history["second half"], strict=True)],
            })  # fmt: skip
    return {"size": task.size, "half": task.half, "steps": steps, "runs": found}
