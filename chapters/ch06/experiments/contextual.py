"""One word in many sentences: its vector in the table, and after each layer of an encoder.

    sentences, kinds = banks()                             # half of them about money, half by the water
    steps = word_vectors(encoder, tokenizer, "bank", sentences)
    nearest_alike(steps[-1], kinds)                        # how often the nearest other “bank” means the same

Sizes: N sentences, D features. Source of the question: Peters et al. 2018, ELMo, section 5.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from chapters.ch06.pairs import collate, encode_all
from course_utils.data import stories
from course_utils.models.bert import Bert
from course_utils.support.restored import evaluating
from course_utils.views import plot

MONEY = ("money", "loan", "cash")


def banks(split: str = "valid") -> tuple[list[str], Tensor]:
    """Sentences of held-out stories with a bank, as many about money as by the water, and kinds [N]: True for money.

    What a bank it is, the story tells. Sentences that differ in names only are taken once.
    """
    found: dict[bool, dict[str, str]] = {True: {}, False: {}}
    for story in stories.load("stories", split):
        about_money = any(word in " ".join(story.sentences) for word in MONEY)
        for sentence in story.sentences:
            if " bank" in sentence:
                pattern = " ".join(word for word in sentence.split() if word.islower())
                found[about_money].setdefault(pattern, sentence)
    count = min(map(len, found.values()))
    sentences = [s for kind in found.values() for s in list(kind.values())[:count]]
    return sentences, torch.arange(2 * count) < count


@torch.no_grad()
def word_vectors(encoder: Bert, tokenizer, word: str, sentences: list[str]) -> list[Tensor]:
    """The vectors of a word, at its first place in each sentence -> list of [N, D]: its row in the table, with position
    and segment, and after each block. Raises ValueError for a sentence that has it not as one token."""
    read = encode_all(tokenizer, sentences, encoder.config.max_length)
    without = [s for s, one in zip(sentences, read, strict=True) if word not in one.tokens]
    if without:
        raise ValueError(f"{word!r} is no token of {without[0]!r}; needed: a word of the vocabulary, in each sentence")
    batch, rows = collate(read), torch.arange(len(read))
    at = torch.tensor([one.tokens.index(word) for one in read])
    with evaluating(encoder):
        steps = [encoder.embeddings.tokens(batch.ids), encoder.embeddings(batch.ids, batch.segments)]
        for block in encoder.blocks:
            steps.append(block(steps[-1], batch.mask[:, None]).features)
    return [step[rows, at] for step in steps]


def cosines(vectors: Tensor) -> Tensor:
    """How alike vectors are once their mean is taken off, which all share: [N, D] -> [N, N]; equal vectors give 1."""
    apart = vectors - vectors.mean(0)
    if apart.abs().max() < 1e-5 * vectors.abs().max():
        return torch.ones(len(vectors), len(vectors))
    unit = F.normalize(apart, dim=-1)
    return unit @ unit.T


def nearest_alike(vectors: Tensor, kinds: Tensor) -> float:
    """The share of vectors whose nearest other one is of their kind: vectors [N, D], kinds [N] -> 0 to 1."""
    nearest = cosines(vectors).fill_diagonal_(-torch.inf).argmax(-1)
    return (kinds[nearest] == kinds).float().mean().item()


def nearest_by_words(sentences: list[str], kinds: Tensor) -> float:
    """What `nearest_alike` must be compared with: the same share, if the nearest sentence is the one with the largest
    share of words in common (those of both, divided by those of either)."""
    words = [set(sentence.lower().strip(".").split()) for sentence in sentences]
    shared = torch.tensor([[len(a & b) / len(a | b) for b in words] for a in words])
    nearest = shared.fill_diagonal_(-1).argmax(-1)
    return (kinds[nearest] == kinds).float().mean().item()


def similarity_maps(steps: dict[str, Tensor], kinds: Tensor):
    """The cosines of each step as a map, the kinds named in the middle of their rows and columns."""
    names = [""] * len(kinds)
    names[len(kinds) // 4], names[3 * len(kinds) // 4] = "money", "river"
    labels = dict.fromkeys(steps, names)
    return plot.maps(
        {name: cosines(vectors) for name, vectors in steps.items()}, labels, labels,
        limits=(-0.5, 1), title="Do the two meanings part?",
        caption=f"Each cell: the cosine of two of {len(kinds)} “bank”, after subtracting the mean of all. Dark: "
        "similar. In which of the three are both squares on the diagonal dark?",
    )  # fmt: skip
