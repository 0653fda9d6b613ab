"""What goes with what in one head of the translator of the lesson *Start here*: adjectives ask, nouns are found.

    table()         # [A, N] scores over √d: each adjective with each animal and each place
    asks()          # [A, S] the shares of one sentence's words, for each adjective at its end

Every sentence is "The … didn't cross the … because it was too …." The head is the second of the encoder's second layer,
the one whose arcs *Start here* shows.
"""

import functools

import torch
from torch import Tensor

from chapters.ch00.labs.cover import HEAD, LAYER, MODEL
from course_kit.checkpoints import load_checkpoint

ADJECTIVES = ("tired", "weak", "hungry", "old", "wide", "high", "dangerous", "dirty")
ANIMALS = ("cow", "dog", "cat", "horse", "frog", "fox", "bear", "mouse")
PLACES = ("bridge", "street", "lake", "park", "stream", "forest", "river", "road")
ANIMAL, PLACE, ADJECTIVE = 1, 5, 10  # the places of these words in a sentence, from 0
WORDS = ["The", "cow", "didn't", "cross", "the", "bridge", "because", "it", "was", "too", "…", "."]


def sentence(animal: str, place: str, adjective: str) -> str:
    return f"The {animal} didn't cross the {place} because it was too {adjective}."


@functools.cache
@torch.no_grad()
def scores() -> Tensor:
    """What the adjective's query scores with each word's key, over √d, as this head computes it -> [A, 8, 8, S].

    The second and third axis: the animal and the place of the sentence.
    """
    loaded = load_checkpoint(MODEL)
    model, attention = loaded.model, loaded.model.encoder[LAYER - 1].attention
    asked = [sentence(a, p, adjective) for adjective in ADJECTIVES for a in ANIMALS for p in PLACES]
    given: list[Tensor] = []
    hook = attention.register_forward_hook(lambda module, inputs, output: given.append(inputs[0]))
    model.encode(torch.tensor([loaded.source.encode(one) for one in asked]))
    hook.remove()
    q, k = (made(given[0]).unflatten(-1, (attention.heads, -1))[:, :, HEAD - 1]
            for made in (attention.query, attention.key))  # [512, S, d]  # fmt: skip
    products = (k @ q[:, ADJECTIVE, :, None])[..., 0] / q.shape[-1] ** 0.5  # [512, S]
    return products.unflatten(0, (len(ADJECTIVES), len(ANIMALS), len(PLACES)))


def table() -> Tensor:
    """The scores of each adjective with the animals, then the places -> [A, 16]: means over the other noun's eight."""
    animals, places = scores()[..., ANIMAL].mean(2), scores()[..., PLACE].mean(1)
    return torch.cat([animals, places], 1)


def asks() -> Tensor:
    """How each adjective shares its attention when the cow does not cross the bridge -> [A, S]."""
    return torch.softmax(scores()[:, ANIMALS.index("cow"), PLACES.index("bridge")], -1)
