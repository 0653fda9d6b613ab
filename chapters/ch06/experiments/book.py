"""BERT on a real book, in a minute, and what counting reaches. Behind data/results/bert_book.json.

The text is The Adventures of Sherlock Holmes, its last tenth held out, in 1,000 pieces. A small BERT is
pre-trained on it. Beside it, what counting neighbours reaches, and what many more steps bring.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from chapters.ch06.experiments.tasks import over_seeds
from course_kit import data
from course_kit.contexts import seeded
from course_kit.i18n import mark, t
from course_kit.models.fused import fuse
from course_kit.text import WordPiece
from course_kit.training import fit, warm_then_fall
from course_utils.bert import BertForPreTraining, make_bert, mask_tokens, mlm_loss
from course_utils.loss import IGNORED

PIECES, LENGTH, ROWS, STEPS, LONGER, RATE, WARM_UP, SEEDS = 1000, 16, 128, 1000, 4000, 3e-3, 100, 3
AMONG = 30.0  # how many more readings of a neighbour the shares of all words count for
FEW = 3.0  # the same for readings of two neighbours


class Holmes(NamedTuple):
    """The book in numbers: what is trained on, what is held out, and gaps in that [N, T], labels −100 elsewhere."""

    tokenizer: WordPiece
    train: Tensor
    held: Tensor
    inputs: Tensor
    labels: Tensor


def holmes() -> Holmes:
    """The book, its last tenth held out; the gaps are the same at each call."""
    text = data.book()
    cut = 9 * len(text) // 10
    tokenizer = WordPiece.build([text[:cut]], max_size=PIECES)
    train, held = (torch.tensor(tokenizer.encode(part)) for part in (text[:cut], text[cut:]))
    windows = held[: len(held) // LENGTH * LENGTH].view(-1, LENGTH)
    inputs, labels = gaps_in(windows, tokenizer, torch.Generator().manual_seed(1))
    return Holmes(tokenizer, train, held, inputs, labels)


def gaps_in(ids: Tensor, tokenizer: WordPiece, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Windows of the book with 15 % of their pieces to be guessed."""
    special = torch.zeros_like(ids, dtype=torch.bool)
    return mask_tokens(ids, special, len(tokenizer), tokenizer.mask, generator)


@torch.no_grad()
def right(model: BertForPreTraining, book: Holmes) -> float:
    """Where the held-out tenth has [MASK], the share of pieces whose first guess is right."""
    masked = book.inputs == book.tokenizer.mask
    said = model.words(model.bert(book.inputs).hidden[masked]).argmax(-1)
    return (said == book.labels[masked]).float().mean().item()


def pretrained(book: Holmes, steps: int, seed: int) -> BertForPreTraining:
    """A small BERT after so many steps on the book; the seed decides first weights and windows."""
    with seeded(seed):
        model = fuse(make_bert(len(book.tokenizer), context=LENGTH))

    def batch(generator):
        starts = torch.randint(len(book.train) - LENGTH, (ROWS, 1), generator=generator)
        return gaps_in(book.train[starts + torch.arange(LENGTH)], book.tokenizer, generator)

    def loss(model, given):
        inputs, labels = given
        asked = labels != IGNORED
        return mlm_loss(model.words(model.bert(inputs).hidden[asked]), labels[asked])

    fit(model, batch, loss, steps=steps, seed=seed, lr=RATE, clip=1.0, schedule=warm_then_fall(steps, WARM_UP),
        optimizer=adam, show=False)  # fmt: skip
    return model


def adam(parameters, lr: float) -> torch.optim.Optimizer:
    """AdamW that forgets old gradients sooner than by default."""
    return torch.optim.AdamW(parameters, lr=lr, betas=(0.9, 0.98))


def by_counting(book: Holmes) -> dict[str, float]:
    """The share that counted pairs of neighbours get right, where the input is [MASK].

    p(w | left) and p(w | right), each mixed with the shares of all words, are multiplied and divided by p(w).
    """
    V, mask = len(book.tokenizer), book.tokenizer.mask
    alone = torch.bincount(book.train, minlength=V) + 1.0
    alone = alone / alone.sum()
    pairs = torch.zeros(V, V).index_put_((book.train[:-1], book.train[1:]), torch.tensor(1.0), accumulate=True)
    after = ((pairs + AMONG * alone) / (pairs.sum(1, keepdim=True) + AMONG)).log()  # [before, w]
    before = ((pairs.T + AMONG * alone) / (pairs.T.sum(1, keepdim=True) + AMONG)).log()  # [behind, w]
    after[mask] = before[mask] = alone.log()  # a hidden neighbour says nothing
    masked, edge = book.inputs == mask, torch.full((len(book.inputs), 1), mask)
    left = torch.cat([edge, book.inputs[:, :-1]], 1)[masked]
    behind = torch.cat([book.inputs[:, 1:], edge], 1)[masked]
    second = torch.cat([edge, edge, book.inputs[:, :-2]], 1)[masked]
    true = book.labels[masked]
    scores = {
        mark("the commonest piece"): alone.log().expand(len(true), -1),
        mark("left neighbour"): after[left],
        mark("two on the left"): _after_two(book.train, second, left, after, mask),
        mark("both neighbours"): after[left] + before[behind] - alone.log(),
    }
    return {name: (score.argmax(-1) == true).float().mean().item() for name, score in scores.items()}


def _after_two(train: Tensor, second: Tensor, left: Tensor, after: Tensor, mask: int) -> Tensor:
    """log p(w | the two before), mixed with p(w | the one before): [N], [N] and [V, V] -> [N, V]."""
    V = len(after)
    key = train[:-2] * V + train[1:-1]
    scores = after[left].exp()
    for n, (a, b) in enumerate(zip(second.tolist(), left.tolist(), strict=True)):
        if mask not in (a, b):
            seen = torch.bincount(train[2:][key == a * V + b], minlength=V)
            scores[n] = (seen + FEW * scores[n]) / (seen.sum() + FEW)
    return scores.log()


def record_book(
    parts: Sequence[str] = ("counting", "training"), steps: int = STEPS, longer: int = LONGER, seeds: int = SEEDS
) -> dict:
    """Several seeds of so many steps, one of many more, and counting. parts: which of the two is made, if not both."""
    book = holmes()
    figures = {
        "book": t("The Adventures of Sherlock Holmes, its last tenth held out"),
        "pieces": len(book.tokenizer), "steps": steps, "longer": longer, "seeds": seeds,
        "gaps": int((book.inputs == book.tokenizer.mask).sum()),
    }  # fmt: skip
    if "counting" in parts:
        figures["counting"] = {name: round(share, 4) for name, share in by_counting(book).items()}
    if "training" in parts:
        models = [pretrained(book, steps, seed) for seed in range(seeds)]
        figures["both sides"] = over_seeds([right(model, book) for model in models])
        figures["both sides, longer"] = round(right(pretrained(book, longer, 0), book), 4)
    return figures
