"""Heads of SmolLM2: what they attend to, and whether one of them knows what "it" is.

    record_sinks(); record_it()      # one to three minutes of one core each

Source: Levesque et al. 2012 (twin sentences, the Winograd schemas).
"""

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from chapters.ch02.linear import local_mask
from chapters.ch08.experiments.quantising import held_out, require_smollm
from chapters.ch08.published import Published
from course_kit.heads import attention_weights, silenced
from course_utils.llama import Llama

Heads = list[tuple[int, int]]  # (layer, head), both from 1


def ranked(scores: Tensor) -> Heads:
    """All heads, (layer, head) from 1, the highest score first."""
    order = scores.flatten().argsort(descending=True).tolist()
    return [(n // scores.shape[1] + 1, n % scores.shape[1] + 1) for n in order]


# Who needs the first token?


@contextlib.contextmanager
def masked(model: Llama, mask: Tensor) -> Iterator[None]:
    """Within it, every layer sees this mask [T, T] instead of the causal one."""

    def swap(_: Any, given: tuple) -> tuple:
        x, turns, _causal, *rest = given
        return (x, turns, mask, *rest)

    hooks = [block.attention.register_forward_pre_hook(swap) for block in model.blocks]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def window_mask(size: int, window: int, first: int = 0) -> Tensor:
    """Each position may attend to itself, to the window − 1 before it, and to the first tokens: [T, T]."""
    mask = local_mask(size, window)
    mask[:, :first] = torch.ones(size, size, dtype=torch.bool).tril()[:, :first]
    return mask


@torch.no_grad()
def record_sinks(size: int = 384, window: int = 64, firsts: Iterable[int] = (0, 1, 4)) -> dict:
    """The figures behind data/results/smollm_sinks.json: the loss of the tokens from position 2 · window on."""
    smol = require_smollm()
    ids = torch.tensor([smol.tokenizer.encode(held_out()).ids[:size]])

    def late(mask: Tensor) -> float:
        with masked(smol.model, mask):
            return F.cross_entropy(smol.model(ids)[0, 2 * window : -1], ids[0, 2 * window + 1 :]).item()

    with attention_weights(smol.model) as weights:
        smol.model(ids)
    on_first = torch.stack([w[0, :, window:, 0].mean(-1) for w in weights["decoder"]])  # [layers, H]
    return {
        "tokens": size, "window": window, "all": late(window_mask(size, size)),
        "windows": {str(first): late(window_mask(size, window, first)) for first in firsts},
        "on the first token": [[round(share, 3) for share in layer] for layer in on_first.tolist()],
    }  # fmt: skip


# Does a head know what "it" is?


def question(sentence: str, before: str | None = None) -> str:
    """A sentence, or what stands before the question instead, and the question whose answer is the noun."""
    last = sentence.split(" because it ")[1]
    question = f"was {last[3:]}" if last.startswith("is ") else last
    return f"{before or sentence}. What {question}? It was the"


class Twin(NamedTuple):
    """A beginning, and two last words: after the first, "it" is `one`, after the second `other`."""

    begin: str
    one: str
    other: str
    if_one: str
    if_other: str

    def sentences(self, alone: bool = False) -> list[tuple[str, str, str]]:
        """(text with its question, the noun that "it" is, the other noun), for both. alone: the sentence is left out,
        and the text only names the two nouns, so that nothing but the words themselves can tell."""
        before = f"The {self.one} and the {self.other}" if alone else None
        return [
            (question(f"{self.begin} {self.if_one}", before), self.one, self.other),
            (question(f"{self.begin} {self.if_other}", before), self.other, self.one),
        ]


TWINS = tuple(
    Twin(*(part.strip() for part in line.split("|")))
    for line in """
The animal didn't cross the street because it was too | animal | street | tired | wide
The trophy doesn't fit into the suitcase because it is too | trophy | suitcase | big | small
The ball broke the window because it was so | ball | window | hard | thin
The dog couldn't jump over the fence because it was too | dog | fence | old | high
The truck couldn't pass under the bridge because it was too | truck | bridge | tall | low
The knife couldn't cut the bread because it was too | knife | bread | blunt | stale
The horse didn't reach the river because it was too | horse | river | weak | far
The ship couldn't enter the harbour because it was too | ship | harbour | large | shallow
The table won't go through the door because it is too | table | door | wide | narrow
The cat couldn't climb the tree because it was too | cat | tree | lazy | smooth
The plane couldn't land on the field because it was too | plane | field | heavy | short
The bird didn't eat the apple because it was not | bird | apple | hungry | ripe
The book didn't fit on the shelf because it was too | book | shelf | thick | full
The child didn't drink the soup because it was too | child | soup | sleepy | hot
The boat couldn't cross the lake because it was | boat | lake | broken | frozen
The key didn't go into the lock because it was too | key | lock | thick | narrow
The fish couldn't swallow the hook because it was too | fish | hook | young | large
The bus couldn't use the road because it was too | bus | road | heavy | narrow
The sack couldn't hold the grain because it was too | sack | grain | weak | heavy
The nail didn't go into the wood because it was too | nail | wood | soft | hard
The lamp didn't light up the cave because it was too | lamp | cave | weak | deep
The wolf couldn't catch the rabbit because it was too | wolf | rabbit | slow | fast
The mouse didn't get into the box because it was too | mouse | box | fat | tight
The cow didn't eat the grass because it was too | cow | grass | ill | dry
The letter didn't fit into the envelope because it was too | letter | envelope | long | small
The train didn't stop at the station because it was | train | station | late | closed
The wind couldn't move the stone because it was too | wind | stone | gentle | heavy
The bear couldn't get into the tent because it was too | bear | tent | big | small
The rope couldn't lift the piano because it was too | rope | piano | thin | heavy
The snake couldn't swallow the egg because it was too | snake | egg | young | large
The camel couldn't cross the desert because it was too | camel | desert | thirsty | vast
The goat didn't climb the hill because it was too | goat | hill | lame | steep
""".strip().splitlines()
)
READS_FROM = ("the last word", "the question's end")


class Read(NamedTuple):
    """What one sentence gave: [2 places, layers, H] weight on the right noun minus weight on the wrong one, and log p
    of the right noun minus log p of the wrong one as the answer."""

    margin: Tensor
    answer: float


def places_of(smol: Published, ids: list[int], text: str, word: str) -> list[int]:
    """The tokens of the first occurrence of " word" in a text."""
    begin, end, at, found = text.index(f" {word}"), text.index(f" {word}") + len(word) + 1, 0, []
    for n, token in enumerate(ids):
        after = at + len(smol.tokenizer.decode([token]))
        if at < end and after > begin:
            found.append(n)
        at = after
    return found


@torch.no_grad()
def read(smol: Published, text: str, right: str, wrong: str) -> Read:
    """One text with its question, read once."""
    ids, last = smol.tokenizer.encode(text).ids, text.split("?")[0].split(" ")[-1]  # the word that decides
    *nouns, decides = [places_of(smol, ids, text, word) for word in (right, wrong, last)]
    with attention_weights(smol.model) as weights:
        logits = smol.model(torch.tensor([ids]))[0, -1]
    rows = torch.stack([w[0][:, [decides[-1], -1]] for w in weights["decoder"]])  # [layers, H, 2, T]
    on = [rows[..., places].sum(-1) for places in nouns]
    first = [smol.tokenizer.encode(f" {noun}").ids[0] for noun in (right, wrong)]
    return Read((on[0] - on[1]).permute(2, 0, 1), (logits[first[0]] - logits[first[1]]).item())


def read_twins(smol: Published, twins: Iterable[Twin], alone: bool = False) -> list[tuple[Read, Read]]:
    """Both sentences of each twin, read."""
    return [tuple(read(smol, *one) for one in twin.sentences(alone)) for twin in twins]


def follows(pairs: list[tuple[Read, Read]]) -> Tensor:
    """The share of twins in which a head moves its weight to the right noun when the last word changes: [2 places,
    layers, H]. A head that always prefers the same noun, or the nearer one, gets no credit: chance is 0.5."""
    return torch.stack([(one.margin + other.margin > 0).float() for one, other in pairs]).mean(0)


def answers(pairs: list[tuple[Read, Read]]) -> dict[str, float]:
    """How often the model's answer is the right noun, and how often it moves towards it within a twin."""
    each = [(one.answer, other.answer) for one, other in pairs]
    return {
        "right": sum((a > 0) + (b > 0) for a, b in each) / (2 * len(each)),
        "moves": sum(a + b > 0 for a, b in each) / len(each),
        "margin": sum(a + b for a, b in each) / len(each),
    }


def record_it(twins: tuple[Twin, ...] = TWINS, draws: int = 3) -> dict:
    """The figures behind data/results/smollm_it.json: heads are chosen on every other twin, measured on the rest."""
    smol = require_smollm()
    known, rest = (read_twins(smol, twins[start::2]) for start in (0, 1))
    words = read_twins(smol, twins[1::2], alone=True)
    found, test, by_words = follows(known), follows(rest), follows(words)
    size = sum((one.margin + other.margin for one, other in known), torch.zeros(found.shape[1:]))  # breaks ties
    rows = []
    for n, place in enumerate(READS_FROM):
        best = ranked(found[n] + 1e-3 * size[n])[:5]
        share = {head: [part[n, head[0] - 1, head[1] - 1].item() for part in (found, test, by_words)] for head in best}
        rows.append({
            "from": place,
            "heads": [
                {"head": list(head), "chosen on": a, "measured on": b, "words alone": c}
                for head, (a, b, c) in share.items()
            ],
            "mean of all heads": test[n].mean().item(), "mean of all heads, words alone": by_words[n].mean().item(),
            "heads as good on the rest": int((test[n] >= share[best[0]][1]).sum()),
            "correlation": torch.corrcoef(torch.stack([found[n].flatten(), test[n].flatten()]))[0, 1].item(),
        })  # fmt: skip
    chosen, everything = [tuple(one["head"]) for one in rows[1]["heads"]], ranked(found[1])

    def without(heads: Heads) -> dict[str, float]:
        with silenced(smol.model, heads):
            return answers(read_twins(smol, twins[1::2]))

    others = []
    for seed in range(draws):
        drawn = torch.randperm(len(everything), generator=torch.Generator().manual_seed(seed)).tolist()
        others.append(without([everything[i] for i in drawn if everything[i] not in chosen][:5]))
    return {
        "twins": len(twins), "chosen on": len(known), "measured on": len(rest), "places": rows,
        "answers": {"chosen on": answers(known), "measured on": answers(rest), "words alone": answers(words)},
        "without": {"the first head": without(chosen[:1]), "the five heads": without(chosen)},
        "without five others": others,
    }  # fmt: skip
