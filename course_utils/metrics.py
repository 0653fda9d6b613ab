"""How good is it: BLEU, exact match, alignment error rate, perplexity. Each agrees with its standard definition.

Scores of translations lie between 0 and 100, as sacrebleu prints them; the others between 0 and 1, perplexity from 1.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence

import torch.nn.functional as F
from torch import Tensor

from course_utils.checks import (
    described,
    flag,
    list_of_texts,
    one_of,
    real_numbers,
    whole_number,
)
from course_utils.loss import tokens_that_count

ORDER = 4
TOKENIZERS = ("13a", "zh", "char", "none")


class Bleu(float):
    """A BLEU score, 0–100: a number, with what it is made of.

    precisions: of n-grams, n = 1 … 4, in %; brevity: the penalty, ≤ 1; hypothesis_length, reference_length: in tokens
    """

    def __new__(cls, score, **made_of):
        self = super().__new__(cls, score)
        vars(self).update(made_of)
        return self

    def __str__(self) -> str:
        parts = "/".join(f"{p:.1f}" for p in self.precisions)
        lengths = f"{self.hypothesis_length} tokens, reference {self.reference_length}"
        return f"BLEU {float(self):.2f} = {parts} × {self.brevity:.3f} ({lengths})"


def bleu(
    hypotheses: Sequence[str],
    references: Sequence,
    lowercase: bool = False,
    tokenize: str = "13a",
) -> Bleu:
    """Corpus BLEU: how many 1- to 4-grams of the translations stand in a reference, times a penalty for brevity.

    hypotheses: n sentences; references: n sentences, or n lists of sentences, all of which count.
    tokenize: how sacrebleu cuts them: "13a" (its default), "zh" for Chinese, "none" for text that is cut already.
    An n-gram counts at most as often as in the reference that has it most often; the reference nearest in length
    gives the length; a precision of 0 is smoothed as sacrebleu does by default (half, a quarter … of one n-gram).

    Raises ValueError for unequal or empty lists, TypeError for anything but text.
    Source: Papineni et al. 2002; Post 2018 (sacrebleu), whose corpus score this equals.
    """
    from sacrebleu.metrics.bleu import BLEU

    hypotheses, references = _several(hypotheses, references)
    cut = BLEU(tokenize=one_of("tokenize", tokenize, TOKENIZERS)).tokenizer
    matches, totals, lengths = [0] * ORDER, [0] * ORDER, [0, 0]
    flag("lowercase", lowercase)
    for hypothesis, several in zip(hypotheses, references, strict=True):
        words, *others = [
            cut((s.lower() if lowercase else s).rstrip()).split()
            for s in (hypothesis, *several)
        ]
        lengths[0] += len(words)
        lengths[1] += min((abs(len(o) - len(words)), len(o)) for o in others)[1]
        for n in range(1, ORDER + 1):
            allowed = Counter()
            for other in others:
                allowed |= ngrams(other, n)  # the larger count of each
            ours = ngrams(words, n)
            matches[n - 1] += (ours & allowed).total()
            totals[n - 1] += ours.total()
    p, brevity = _precisions(matches, totals), brevity_penalty(*lengths)
    score = 100 * brevity * math.exp(sum(map(math.log, p)) / ORDER) if min(p) > 0 else 0.0
    percent = tuple(100 * one for one in p)
    return Bleu(
        score,
        precisions=percent,
        brevity=brevity,
        hypothesis_length=lengths[0],
        reference_length=lengths[1],
    )


def ngrams(words: Sequence[str], n: int) -> Counter:
    """How often each run of n words occurs."""
    if isinstance(words, str | bytes) or not isinstance(words, Sequence):
        raise TypeError(
            f"words is {described(words)}; needed: a list of words: text.split()"
        )
    whole_number("n", n, 1)
    return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))


def brevity_penalty(hypothesis_length: int, reference_length: int) -> float:
    """1 if the translation is at least as long as its reference, else e^(1 − reference / translation); 0 for none."""
    (
        whole_number("hypothesis_length", hypothesis_length, 0),
        whole_number("reference_length", reference_length, 0),
    )
    if hypothesis_length >= reference_length:
        return 1.0
    return (
        math.exp(1 - reference_length / hypothesis_length) if hypothesis_length else 0.0
    )


def exact_match(hypotheses: Sequence[str], references: Sequence) -> float:
    """The share of translations that equal one of their references, 0–1; case and spacing aside."""
    hypotheses, several = _several(hypotheses, references)
    words = [
        [one.lower().split() for one in (h, *r)]
        for h, r in zip(hypotheses, several, strict=True)
    ]
    return sum(found in right for found, *right in words) / len(words)


def alignment_error_rate(
    predicted: Iterable, sure: Iterable, possible: Iterable | None = None
) -> float:
    """AER = 1 − (|A ∩ S| + |A ∩ P|) / (|A| + |S|), 0 (all right) to 1, over one sentence or a corpus.

    predicted A, sure S, possible P: sets of links (target, source), or lists of such sets, one for each sentence.
    possible defaults to sure, and always includes it. Without any link, predicted or sure, the rate is 0.
    Raises ValueError for lists of unequal length. Source: Och & Ney 2003.
    """
    predicted, sure = _sets(predicted), _sets(sure)
    possible = sure if possible is None else _sets(possible)
    counts = len(predicted), len(sure), len(possible)
    if len(set(counts)) > 1:
        raise ValueError(
            "{} predicted, {} sure and {} possible sets of links; needed: as many of each".format(
                *counts
            )
        )
    hits = links = 0
    for a, s, p in zip(predicted, sure, possible, strict=True):
        hits += len(a & s) + len(a & (p | s))
        links += len(a) + len(s)
    return 1 - hits / links if links else 0.0


def links_of(weights: Tensor) -> set[tuple[int, int]]:
    """Links (target, source) of attention weights [T, K]: each target's heaviest source.

    Raises ValueError for weights that are not finite.
    """
    weights = real_numbers("weights", weights)
    if weights.dim() != 2 or not weights.isfinite().all():
        raise ValueError(
            f"weights are {described(weights)}, needed: [T, K], finite, a row for each target"
        )
    return {
        (t, int(k))
        for t, (k, w) in enumerate(zip(weights.argmax(-1), weights.sum(-1), strict=True))
        if w > 0
    }


def perplexity(logits: Tensor, target: Tensor, mask: Tensor | None = None) -> float:
    """exp of the mean cross-entropy: among how many words the model still hesitates, 1 … V.

    logits [..., V], target [...] whole numbers, mask [...] bool, True = counts; a target of −100 never does.
    Raises ValueError where shapes do not fit or no token counts.
    """
    logits = real_numbers("logits", logits)
    logits = logits[None] if logits.dim() == 1 else logits
    target = target[None] if isinstance(target, Tensor) and target.dim() == 0 else target
    counted = tokens_that_count(
        logits, target, mask, words=logits.shape[-1] if logits.dim() else 0
    )
    return math.exp(F.cross_entropy(logits[counted].double(), target[counted]).item())


def _precisions(matches: Sequence[int], totals: Sequence[int]) -> list[float]:
    """Matches over n-grams, each order; the k-th order without any match counts as 2⁻ᵏ matches (sacrebleu's "exp").

    If there is no n-gram at all of some order, that precision is 0, and so is the score.
    """
    if not any(matches):
        return [0.0] * len(matches)
    smallest, result = 1.0, []
    for match, total in zip(matches, totals, strict=True):
        smallest /= 2 if match == 0 and total else 1
        result.append((match or smallest) / total if total else 0.0)
    return result


def _several(
    hypotheses: Sequence[str], references: Sequence
) -> tuple[list[str], list[list[str]]]:
    """The hypotheses, and a list of references for each. Raises ValueError where they don't pair up."""
    hypotheses = list_of_texts("hypotheses", hypotheses, "one sentence each")
    if isinstance(references, str | dict | set) or not hasattr(references, "__iter__"):
        raise TypeError(
            f"references is {described(references)}; needed: a list, one sentence or one list for each"
        )
    several = [
        [r] if isinstance(r, str) else list_of_texts("references", r, "sentences")
        for r in references
    ]
    if len(hypotheses) != len(several) or not several or not all(several):
        raise ValueError(
            f"{len(hypotheses)} translations, {len(several)} sets of references; needed: as many of each, at least one,"
            " and no set empty (a set: all references of one sentence; of sacrebleu's streams list(zip(*streams)))"
        )
    if all(map(_looks_cut, several, hypotheses)):
        single = f"the references of {hypotheses[0][:40]!r} are its single words, {several[0][:3]} …"
        raise ValueError(
            f'{single}; needed: sentences: for one that is cut already write " ".join(words)'
        )
    return hypotheses, several


def _looks_cut(references: Sequence[str], hypothesis: str) -> bool:
    """Are these the words of one reference rather than several references? Three or more, half of them in the text."""
    ours = hypothesis.lower().split()
    single = (
        len(references) > 2
        and len(ours) > 2
        and not any(" " in word.strip() for word in references)
    )
    return single and 2 * sum(word.lower() in ours for word in references) >= len(
        references
    )


def _sets(links) -> list[set[tuple[int, int]]]:
    links = _listed("links are", links)
    sentences = (
        [links]
        if all(map(_is_pair, links))
        else [_listed("links hold", one) for one in links]
    )
    return [set(map(_pair, one)) for one in sentences]


def _listed(what: str, links) -> list:
    if isinstance(links, str | bytes) or not hasattr(links, "__iter__"):
        raise TypeError(
            f"{what} {described(links)}; needed: pairs (target, source), or a list of sets of them"
        )
    return links.tolist() if hasattr(links, "tolist") else list(links)


def _is_pair(link) -> bool:
    """Two numbers; an empty set or a set of links is none."""
    return (
        isinstance(link, tuple | list)
        and len(link) == 2
        and not any(hasattr(n, "__len__") for n in link)
    )


def _pair(link) -> tuple[int, int]:
    if isinstance(link, str | bytes) or not hasattr(link, "__len__") or len(link) != 2:
        raise ValueError(
            f"{link!r} is no link; needed: a pair (target, source) of places"
        )
    return tuple(whole_number("a place", number, 0) for number in link)
