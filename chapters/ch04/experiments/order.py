"""Two small tasks that need order, with each kind of positions.

`course results positions` records what takes longer than a lesson in data/results/.
Sizes: B batch, T time, D features.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from chapters.ch04.kept.positions import LetterReader
from course_kit.contexts import seeded
from course_kit.training import fit
from course_utils.attention import causal_mask
from course_utils.blocks import EncoderBlock
from course_utils.self_attention import SelfAttention

KINDS = ("none", "learned", "sinusoidal", "rotary")
LETTERS, BACK, TRAINED, BEYOND = 10, 2, 20, 60  # the letters' task: how many, places back, lengths of training and test


class Reader(nn.Module):
    """Who does it? ids [B, T] -> logits [B, answers]."""

    def __init__(self, words, answers, positions=None, size=16):
        super().__init__()
        self.embedding = nn.Embedding(words, size)
        self.positions = positions or nn.Identity()
        self.attention = SelfAttention(size, size, size)
        self.output = nn.Linear(size, answers)

    def forward(self, ids):
        x = self.positions(self.embedding(ids))  # [B, T, D]
        mixed, weights = self.attention(x)  # [B, T, D], [B, T, T]
        return self.output(mixed.mean(1))  # [B, answers]


class Decoder(nn.Module):
    """Chapter 5's blocks under a causal mask, without positions: letters [B, T] -> logits [B, T, LETTERS]."""

    def __init__(self, layers: int, size: int = 64, heads: int = 4):
        super().__init__()
        self.embedding = nn.Embedding(LETTERS, size)
        self.blocks = nn.ModuleList(EncoderBlock(size, heads, 2 * size) for _ in range(layers))
        self.norm, self.output = nn.LayerNorm(size), nn.Linear(size, LETTERS)

    def forward(self, ids: Tensor) -> Tensor:
        x, mask = self.embedding(ids), causal_mask(ids.shape[1])
        for block in self.blocks:
            x = block(x, mask)
        return self.output(self.norm(x))


class LettersBefore:
    """The task: at each place, say the letter that stood BACK places before. Texts of random letters."""

    def model(self, positions: str, seed: int = 0) -> LetterReader:
        """A fresh model with one of KINDS. The global random state is left alone."""
        with seeded(seed):
            return LetterReader(positions)

    def batches(self, generator: torch.Generator, length: int = TRAINED, count: int = 64) -> Tensor:
        """ids [count, length]."""
        return torch.randint(LETTERS, (count, length), generator=generator)

    def loss(self, model: nn.Module, ids: Tensor, first: int = 0) -> Tensor:
        """first: the place at which the texts begin"""
        if first:
            x = model.positions(model.embedding(F.pad(ids, (first, 0))))[:, first:]
            said = model.output(model.weights(x) @ model.v(x))
        else:
            said = model(ids)
        return F.cross_entropy(said[:, BACK:].flatten(0, 1), ids[:, :-BACK].flatten())

    def train(self, model: nn.Module, steps: int = 300, rate: float = 6e-3, seed: int = 0, show=False, anywhere=False,
              **options):  # fmt: skip
        """fit() with texts of TRAINED letters, the rate falling to 0 -> Run. anywhere: they begin at random places of
        BEYOND, not at 0."""

        def batches(generator):
            ids, last = self.batches(generator), BEYOND - TRAINED
            return ids, int(torch.randint(last + 1, (1,), generator=generator)) if anywhere else 0

        settings = {"lr": rate, "schedule": lambda i: 1 - i / steps} | options
        loss = lambda of, batch: self.loss(of, *batch)  # noqa: E731
        return fit(model, batches, loss, steps=steps, seed=seed, show=show, **settings)

    @torch.no_grad()
    def by_place(self, model: nn.Module, length: int = BEYOND, count: int = 500) -> Tensor:
        """The share of right letters at each place from BACK on, in fresh texts: [length − BACK]."""
        ids = self.batches(torch.Generator().manual_seed(10**6), length, count)
        return (model(ids)[:, BACK:].argmax(-1) == ids[:, :-BACK]).double().mean(0)

    def right(self, model: nn.Module) -> tuple[float, float]:
        """Share right inside the trained length (texts of TRAINED letters), and beyond it (the places from TRAINED on
        in texts of BEYOND letters)."""
        return self.by_place(model, TRAINED).mean().item(), self.by_place(model)[TRAINED - BACK :].mean().item()


class WhoDoesIt:
    """The task: of "the dog bites the man", say who does it. A fifth of the sentences is held out, each together with
    the one in which both have changed places."""

    nouns = ["dog", "man", "cat", "woman", "bear", "fox", "girl", "horse", "mouse", "wolf"]
    verbs = ["bites", "sees", "hears", "follows", "washes", "draws"]

    def __init__(self, seed: int = 0):
        self.words = ["the", ".", *self.nouns, *self.verbs]
        pairs = [(a, v, b) for v in self.verbs for i, a in enumerate(self.nouns) for b in self.nouns[:i]]
        order = torch.randperm(len(pairs), generator=torch.Generator().manual_seed(seed)).tolist()
        course = [i for i in order if set(pairs[i]) == {"dog", "bites", "man"}]
        order = course + [i for i in order if i not in course]  # the course's own pair is held out
        held = len(pairs) // 5
        self.test, self.training = (self._both([pairs[i] for i in part]) for part in (order[:held], order[held:]))

    def _both(self, pairs) -> list[str]:
        return [f"the {x} {v} the {y} ." for a, v, b in pairs for x, y in ((a, b), (b, a))]

    def encode(self, sentences: list[str]) -> tuple[Tensor, Tensor]:
        """ids [B, T] and the number of the noun that does it, its first one, [B]."""
        ids = torch.tensor([[self.words.index(w) for w in s.split()] for s in sentences])
        first = [next(w for w in s.split() if w in self.nouns) for s in sentences]
        return ids, torch.tensor([self.nouns.index(w) for w in first])

    def train(self, model: nn.Module, steps: int = 150, seed: int = 0, show: bool = False, **options):
        """fit() on the sentences that are not held out -> Run."""
        ids, right = self.encode(self.training)

        def batches(generator):
            rows = torch.randint(len(ids), (64,), generator=generator)
            return ids[rows], right[rows]

        def loss(model, batch):
            return F.cross_entropy(model(batch[0]), batch[1])

        return fit(model, batches, loss, steps=steps, lr=1e-2, seed=seed, show=show, **options)

    @torch.no_grad()
    def answers(self, model: nn.Module, sentence: str) -> dict[str, float]:
        """{noun: probability that it does it}, most probable first."""
        p = model(self.encode([sentence])[0])[0].softmax(-1).tolist()
        return dict(sorted(zip(self.nouns, p, strict=True), key=lambda pair: -pair[1]))

    @torch.no_grad()
    def right(self, model: nn.Module) -> float:
        """The share of held-out sentences answered rightly."""
        ids, right = self.encode(self.test)
        return (model(ids).argmax(-1) == right).double().mean().item()


# ---- what is recorded -----------------------------------------------------------------------------------------------


def record_causal(seeds=range(3), layers=(1, 2, 3), steps: int = 1000) -> dict:
    """The letters' task with a causal mask alone; the figures behind data/results/positions_causal.json.

    right: for each number of layers the share of right letters in texts of TRAINED letters, one for each seed
    """
    letters, right = LettersBefore(), {}
    for count in layers:
        right[str(count)] = []
        for seed in seeds:
            with seeded(seed):
                model = Decoder(count)
            letters.train(model, steps, 2e-3, seed, clip=1.0)
            right[str(count)].append(round(letters.by_place(model, TRAINED).mean().item(), 4))
    return {"seeds": list(seeds), "steps": steps, "right": right}


def record_lengths(seeds=range(5), lengths=(20, 60, 160, 640), steps: int = 300) -> dict:
    """How far rotary positions reach, trained on texts of TRAINED letters; data/results/positions_lengths.json.

    early and late: for each seed, the share right at the first 18 answers and at the later ones, in texts of each of
    the lengths (late: of those longer than TRAINED).
    """
    letters, early, late = LettersBefore(), [], []
    for seed in seeds:
        model = letters.model("rotary", seed)
        letters.train(model, steps, seed=seed)
        found = [letters.by_place(model, length, count=100) for length in lengths]
        early.append([round(shares[:18].mean().item(), 4) for shares in found])
        late.append([round(shares[18:].mean().item(), 4) for shares in found if len(shares) > 18])
    return {"seeds": list(seeds), "steps": steps, "lengths": list(lengths), "early": early, "late": late}
