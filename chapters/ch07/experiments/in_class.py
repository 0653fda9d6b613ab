"""Chapter 7's experiments with a small GPT: what it gains over counting pairs, and what it does with too little text.

    lesson = TextLesson(load_text("stories"))
    model = small_model(lesson)
    run = learn(lesson, model, show=True)              # about a minute on two cores, with samples on the way
    overfit(lesson.text, characters=3000)

Heads that copy are in `induction`, what attention costs in `cost`.
"""

import copy
import weakref

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from chapters.ch07 import optimizers
from chapters.ch07.language import Text, TextLesson, load_text
from course_kit import arguments
from course_kit.callbacks import Samples
from course_kit.contexts import seeded
from course_kit.fused import fuse
from course_kit.heads import attention_weights
from course_kit.runtime import has_bfloat16
from course_kit.training import Run
from course_utils.attention import MultiHeadAttention, causal_mask
from course_utils.blocks import PositionwiseFFN
from course_utils.gpt import GPT, write
from course_utils.positions import LearnedPositions

SIZES = {"size": 128, "layers": 4, "heads": 4}
STEPS = 1000


class Bigram(nn.Module):
    """A table: one row of V logits for each token, read off by the last token alone. It takes a GPT's sizes."""

    def __init__(self, vocab: int, size: int, layers: int, heads: int, context: int):
        super().__init__()
        self.context = context
        self.table = nn.Embedding(vocab, vocab)
        nn.init.zeros_(self.table.weight)  # undecided: it begins at ln V

    def forward(self, ids: Tensor) -> Tensor:
        """ids [B, T] -> logits [B, T, V]"""
        return self.table(ids)


class Layer(nn.Module):
    """Causal self-attention, with the parts of a block that are asked for; the feed-forward network has a residual
    connection of its own."""

    def __init__(self, size: int, heads: int, residual: bool, ffn: bool, norms: bool):
        super().__init__()
        self.residual = residual
        self.attention = MultiHeadAttention(size, heads)
        self.ffn = PositionwiseFFN(size, 4 * size, F.gelu) if ffn else None
        self.norms = nn.ModuleList(nn.LayerNorm(size) if norms else nn.Identity() for _ in range(2))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """x [B, T, D] -> [B, T, D]"""
        y = self.norms[0](x)
        y, _ = self.attention(y, y, mask)
        x = x + y if self.residual else y
        return x if self.ffn is None else x + self.ffn(self.norms[1](x))


class Ladder(nn.Module):
    """Token and position vectors, Layers and an output matrix; without options, attention alone."""

    def __init__(
        self, vocab: int, size: int, layers: int, heads: int, context: int,
        residual: bool = False, ffn: bool = False, norms: bool = False,
    ):  # fmt: skip
        super().__init__()
        self.context = context
        self.tokens = nn.Embedding(vocab, size)
        self.positions = LearnedPositions(context, size)
        self.blocks = nn.ModuleList(Layer(size, heads, residual, ffn, norms) for _ in range(layers))
        self.norm = nn.LayerNorm(size) if norms else nn.Identity()
        self.output = nn.Linear(size, vocab)
        nn.init.normal_(self.tokens.weight, std=size**-0.5)

    def forward(self, ids: Tensor) -> Tensor:
        """ids [B, T] -> logits [B, T, V]"""
        x = self.positions(self.tokens(ids))
        mask = causal_mask(ids.shape[1], ids.device)
        for block in self.blocks:
            x = block(x, mask)
        return self.output(self.norm(x))


ONE = {"layers": 1, "heads": 1}
RUNGS = {"bigram": (Bigram, 1e-1, {}), "one head": (Ladder, 2e-2, ONE), "GPT": (GPT, 5e-3, {})}  # class, rate, sizes


def small_model(lesson: TextLesson, kind: str = "GPT", seed: int = 0, **sizes) -> nn.Module:
    """A fresh model for a lesson: "GPT" (4 layers, 4 heads, 128 features), "one head" or "bigram"; sizes: others.
    The global random state is left alone."""
    arguments.one_of("kind", kind, RUNGS)
    model, _, usual = RUNGS[kind]
    settings = {"context": lesson.block} | SIZES | usual | sizes
    with seeded(seed):
        return fuse(model(len(lesson.tokenizer), **settings)).to(lesson.device)


def learn(
    lesson: TextLesson, model: nn.Module, steps: int = STEPS, seed: int = 0, show: bool = False, start: str = "\n",
    **options,
) -> Run:  # fmt: skip
    """Train in class: the rate and the optimiser that fit the kind of model, bfloat16 where this machine multiplies in
    it, a sample after `start` beside the curve at each measurement -> Run. options: of fit, and half: bfloat16."""
    rate = next(rate for kind, rate, _ in RUNGS.values() if isinstance(model, kind))
    settings = {"lr": rate, "every": max(1, steps // 8)}
    settings |= {"callbacks": [Samples(lambda m: continuation(lesson, m, start, seed=seed))]}
    settings |= {"half": isinstance(model, GPT) and has_bfloat16(torch.device(lesson.device))}
    settings |= {} if isinstance(model, Bigram) else {"optimizer": optimizers.maker("muon", model)}
    settings |= options
    return lesson.train(model, steps, seed, show, **settings)


_trained: weakref.WeakKeyDictionary[TextLesson, dict[int, nn.Module]] = weakref.WeakKeyDictionary()


def two_blocks(lesson: TextLesson, steps: int = 400) -> nn.Module:
    """A GPT of two blocks for the sections of the annex that need one: trained once a kernel, each gets a copy."""
    known = _trained.setdefault(lesson, {})
    if steps not in known:
        model = small_model(lesson, layers=2)
        run = learn(lesson, model, steps=steps, lr=0.01, evaluate=None, callbacks=(), resume=True)
        if run.stopped:  # what was stopped by hand is not what the next section needs
            return model.eval()
        known[steps] = model
    return copy.deepcopy(known[steps]).eval()


def continuation(
    lesson: TextLesson, model: nn.Module, start: str = "\n", length: int = 80, temperature: float = 0.8, seed: int = 0
) -> str:
    """How a model continues `start`: so many tokens, sampled."""
    ids = torch.tensor([lesson.tokenizer.encode(start)], device=lesson.device)
    with seeded(seed):
        ids = write(model, ids, length, temperature)[:, ids.shape[1] :]
    return start + lesson.tokenizer.decode(ids[0].tolist())


@torch.no_grad()
def weights_of(model: nn.Module, ids: Tensor) -> list[Tensor]:
    """The attention weights of each layer for ids [B, T]: [B, H, T, T]."""
    with attention_weights(model) as weights:
        model(ids)
    return weights["decoder"]


def overfit(text: Text, characters: int = 3000, steps: int = 400, seed: int = 0, show: bool = False) -> Run:
    """A GPT on the first few characters of a text: its history's "train" falls on, "valid" turns and rises.

    Both are measured on whole windows, without dropout, and the best state by "valid" is kept in `.model`.
    """
    small = Text(text.name, text.train[:characters], text.valid[:4000], text.note)
    lesson = TextLesson(small, TextLesson(text).tokenizer)
    model = small_model(lesson, seed=seed)

    def both(m):
        return {"valid": lesson.valid_loss(m), "train": lesson.valid_loss(m, part="train")}

    return learn(
        lesson,
        model,
        steps,
        seed,
        show,
        evaluate=both,
        callbacks=(),
        every=max(1, steps // 20),
        lr=2e-3,
        optimizer=None,
    )


def record_overfitting() -> dict:
    """`overfit` on Shakespeare's first characters; the figures behind data/results/gpt_overfitting.json."""
    run = overfit(load_text("shakespeare"))
    return {"characters": 3000, "steps": run.step, "seed": 0, "best": run.best.step,
            "curves": {n: [run.history[n][0], [round(v, 3) for v in run.history[n][1]]] for n in ("train", "valid")},
            }  # fmt: skip
