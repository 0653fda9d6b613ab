"""One word in many sentences: its vector in the table, and after each layer of an encoder.

    sentences, kinds = in_two_senses("light")              # half of them not heavy, half to see by
    steps = word_vectors(encoder, tokenizer, "light", sentences)
    nearest_alike(steps[-1], kinds)                        # how often the nearest other “light” means the same

Sizes: N sentences, D features. Source of the question: Peters et al. 2018, ELMo, section 5.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from chapters.ch06.pairs import collate, encode_all
from course_kit.contexts import evaluating
from course_kit.i18n import mark
from course_utils.bert import Bert

# Written for this purpose, before any model was asked: twelve sentences for each sense, with few words in common.
SENSES = {
    "bank": {
        "money": (
            "He kept his savings in the bank.",
            "The bank had closed its doors and paid nobody.",
            "She drew fifty pounds from the bank.",
            "The clerk at the bank counted the notes.",
            "A robbery at the bank ruined the town.",
            "The bank refused to lend him more.",
            "His father was a partner in a bank in London.",
            "The merchant owed the bank a thousand pounds.",
            "They sent a cheque to the bank on Monday.",
            "The manager of the bank shook his hand.",
            "Her fortune lay safely at the bank.",
            "The bank failed, and the family were beggars.",
        ),
        "river": (
            "They sat on the bank and fished.",
            "The boat struck the bank and stopped.",
            "Willows grew along the bank.",
            "The children played on the grassy bank.",
            "He climbed the steep bank out of the water.",
            "The stream had flooded its bank after the rain.",
            "A heron stood on the further bank.",
            "We tied the raft to the bank with a rope.",
            "The horse slipped down the muddy bank.",
            "Reeds hid the bank from those who rowed past.",
            "He swam to the opposite bank.",
            "Primroses covered the bank below the mill.",
        ),
    },
    "light": {
        mark("not heavy"): (
            "The basket was so light that a child could lift it.",
            "He travelled with light luggage and a full purse.",
            "Her step was light upon the stair.",
            "A light boat needs little water under it.",
            "The soldiers wore light armour on the march.",
            "They carried the light end of the trunk.",
            "He was a light man, quick on his feet.",
            "We took a light supper and went to bed.",
            "The load seemed light to the old horse.",
            "She wore a light dress in the heat of summer.",
            "A feather is light and a stone is not.",
            "His purse was light after the fair.",
        ),
        mark("to see by"): (
            "The light of the candle fell upon the wall.",
            "One light burned in the window all night.",
            "She turned her face away from the light.",
            "There was no light in the passage.",
            "The moon gave but little light that evening.",
            "He held the light above his head and looked round.",
            "The first light of morning came through the trees.",
            "We saw a light far off at sea.",
            "By the light of the fire he read the letter.",
            "The room was full of light and flowers.",
            "They put out the light and listened.",
            "The light blinded him when the door was opened.",
        ),
    },
}

# Written before any model was asked, too: only what follows "bank" tells which one it is.
TOLD_LATER = {
    "money": (
        "The bank had closed its doors and paid nobody.",
        "The bank refused to lend him more.",
        "The bank failed, and the family were beggars.",
        "The bank sent him a cheque for a hundred pounds.",
        "The bank was robbed of all its money.",
        "The bank paid the merchant his thousand pounds.",
        "The bank kept their savings in a safe.",
        "The bank would not give her credit.",
    ),
    "river": (
        "The bank was steep and wet with the rain.",
        "The bank was covered with reeds and willows.",
        "The bank sloped gently down to the water.",
        "The bank gave way, and the horse fell into the stream.",
        "The bank was so muddy that the boat could not land.",
        "The bank rose high above the river.",
        "The bank was full of primroses in the spring.",
        "The bank on the other side was lined with trees.",
    ),
}


def in_two_senses(word: str) -> tuple[list[str], Tensor]:
    """The sentences of SENSES with a word, and kinds [N]: True for its first sense."""
    first, second = SENSES[word].values()
    return [*first, *second], torch.arange(len(first) + len(second)) < len(first)


@torch.no_grad()
def word_vectors(encoder: Bert, tokenizer, word: str, sentences: list[str]) -> list[Tensor]:
    """The vectors of a word, at its first place in each sentence -> list of [N, D]: its row in the table, with position
    and segment, and after each block. Raises ValueError for a sentence that has it not as one token."""
    read = encode_all(tokenizer, sentences, encoder.config.context)
    without = [s for s, one in zip(sentences, read, strict=True) if word not in one.tokens]
    if without:
        raise ValueError(f"{word!r} is no token of {without[0]!r}; needed: a word of the vocabulary, in each sentence")
    batch, rows = collate(read), torch.arange(len(read))
    at = torch.tensor([one.tokens.index(word) for one in read])
    with evaluating(encoder):
        steps = [encoder.embeddings.tokens(batch.ids), encoder.embeddings(batch.ids, batch.segments)]
        for block in encoder.blocks:
            steps.append(block(steps[-1], batch.mask[:, None]))
    return [step[rows, at] for step in steps]


def cosines(vectors: Tensor) -> Tensor:
    """How alike vectors are once their mean is taken off, which all share: [N, D] -> [N, N]; equal vectors give 1."""
    apart = vectors - vectors.mean(0)
    if apart.abs().max() < 1e-5 * vectors.abs().max():
        return torch.ones(len(vectors), len(vectors))
    unit = F.normalize(apart, dim=-1)
    return unit @ unit.T


def nearest(vectors: Tensor) -> Tensor:
    """The number of the other vector that is most like each: [N, D] -> [N]."""
    return cosines(vectors).fill_diagonal_(-torch.inf).argmax(-1)


def nearest_alike(vectors: Tensor, kinds: Tensor) -> float:
    """The share of vectors whose nearest other one is of their kind: vectors [N, D], kinds [N] -> 0 to 1."""
    return (kinds[nearest(vectors)] == kinds).float().mean().item()


@torch.no_grad()
def neighbours(encoder: Bert, tokenizer, word: str, sentences: list[str], reach: int) -> Tensor:
    """A rival that reads nothing but neighbours: the mean of the table's rows of the tokens up to `reach` places from
    the word (not of [CLS] and [SEP]), in each sentence -> [N, D]."""
    means = []
    for one in encode_all(tokenizer, sentences, encoder.config.context):
        at = one.tokens.index(word)
        near = [n for n in range(max(1, at - reach), min(len(one) - 1, at + reach + 1)) if n != at]
        means.append(encoder.embeddings.tokens(collate([one]).ids[0, near]).mean(0))
    return torch.stack(means)


def nearest_by_words(sentences: list[str], kinds: Tensor) -> float:
    """What `nearest_alike` must be compared with: the same share, if the nearest sentence is the one with the largest
    share of words in common (those of both, divided by those of either)."""
    words = [set(sentence.lower().strip(".").split()) for sentence in sentences]
    shared = torch.tensor([[len(a & b) / len(a | b) for b in words] for a in words])
    nearest = shared.fill_diagonal_(-1).argmax(-1)
    return (kinds[nearest] == kinds).float().mean().item()


@torch.no_grad()
def gpt_vectors(loaded, word: str | None, sentences: list[str]) -> Tensor:
    """The vector of a word, or of the last token where it is None, after the last block of a GPT -> [N, D].

    loaded: a checkpoint that reads from the left, such as gpt-prose
    """
    found: list[Tensor] = []
    hook = loaded.model.blocks[-1].register_forward_hook(lambda _, __, out: found.append(out))
    try:
        with evaluating(loaded.model):
            at = []
            for sentence in sentences:
                ids = loaded.tokenizer.encode(sentence)
                pieces = [loaded.tokenizer.decode([i]).strip() for i in ids]
                at.append(-1 if word is None else pieces.index(word))
                loaded.model(torch.tensor([ids]))
    finally:
        hook.remove()
    return torch.stack([(x[0] if isinstance(x, tuple) else x)[0, place] for x, place in zip(found, at, strict=True)])
