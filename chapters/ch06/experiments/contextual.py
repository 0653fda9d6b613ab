"""One word in many sentences: its vector in the table, and after each layer of an encoder.

    steps = word_vectors(encoder, tokenizer, "bank", sentences)
    nearest_alike(steps[-1], kinds)                        # how often the nearest other “bank” means the same

Sizes: N sentences, D features. Source of the question: Peters et al. 2018, ELMo, section 5.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from chapters.ch06.pairs import collate, encode_all
from chapters.ch06.published import require_minilm
from course_kit.contexts import evaluating
from course_kit.convert import from_huggingface
from course_kit.text.subwords import WordPiece
from course_utils.bert import Bert

# Written before any model was asked: only what follows "bank" tells which one it is.
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

# Written when the first sixteen were known, and before any model was asked.
TOLD_AFTERWARDS = {
    "money": (
        "The bank charges five per cent for a loan.",
        "The bank opens an account for every new customer.",
        "The bank asked for two signatures on the form.",
        "The bank lost its best clients after the scandal.",
        "The bank has a branch in almost every town.",
        "The bank changed our dollars into euros.",
        "The bank hired a guard for the night.",
        "The bank sold the debt to an investor.",
    ),
    "river": (
        "The bank was a good place for fishing.",
        "The bank collapsed under the weight of the cows.",
        "The bank is home to otters and kingfishers.",
        "The bank was flooded after three days of storm.",
        "The bank turned green as soon as April came.",
        "The bank led us to a shallow crossing.",
        "The bank was slippery, so we held on to the roots.",
        "The bank lay in the shade of tall poplars.",
    ),
}


def in_order(*told: dict[str, tuple[str, ...]]) -> tuple[list[str], Tensor]:
    """Sentences, and True for each that is about money."""
    pairs = [(sentence, kind == "money") for one in told for kind, of in one.items() for sentence in of]
    return [sentence for sentence, _ in pairs], torch.tensor([kind for _, kind in pairs])


def record_minilm_banks() -> dict:
    """Of how many sentences the nearest other one has a *bank* of its own kind: by MiniLM's vectors in our class,
    before the first block and after the last, and by shared words. Needs MiniLM's weights."""
    real = require_minilm()
    encoder, tokenizer = from_huggingface(real.model).eval(), WordPiece(real.tokenizer.backend_tokenizer)
    figures: dict = {}
    for name, told in (("first", [TOLD_LATER]), ("new", [TOLD_AFTERWARDS]), ("all", [TOLD_LATER, TOLD_AFTERWARDS])):
        sentences, money = in_order(*told)
        steps = word_vectors(encoder, tokenizer, "bank", sentences)
        shares = {"MiniLM": nearest_alike(steps[-1], money), "shared words": nearest_by_words(sentences, money)}
        figures[name] = {"sentences": len(sentences)} | {who: round(len(money) * x) for who, x in shares.items()}
        figures[name]["alike before"] = bool((steps[0] - steps[0][0]).abs().max() == 0)
    return figures


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
