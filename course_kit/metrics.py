"""How good is it: BLEU, exact match, alignment error rate.

BLEU lies between 0 and 100, as sacrebleu prints it; the others between 0 and 1.
Each agrees with its standard definition.
"""

import math
from collections import Counter
from collections.abc import Sequence, Set
from itertools import zip_longest
from typing import Any

from jaxtyping import Float
from torch import Tensor

from course_kit.i18n import t
from course_kit.programs.arguments import finite, list_of_texts, one_of, several, whole_number

TOKENIZERS = ("13a", "zh", "char", "none")
Link = tuple[int, int]  # target, source


class Bleu(float):
    """A BLEU score, 0–100: a number, with what it is made of."""

    precisions: tuple[float, ...]  # of n-grams, n = 1 … 4, in %
    brevity: float  # the penalty, ≤ 1
    hypothesis_length: int  # in tokens
    reference_length: int

    def __new__(cls, score: float, **made_of: Any) -> "Bleu":
        self = super().__new__(cls, score)
        vars(self).update(made_of)
        return self

    def __str__(self) -> str:
        parts = "/".join(f"{p:.1f}" for p in self.precisions)
        lengths = t(
            "{hypothesis_length} tokens, reference {reference_length}",
            hypothesis_length=self.hypothesis_length,
            reference_length=self.reference_length,
        )
        return t(
            "BLEU {score} = {parts} × {brevity} ({lengths})",
            score=f"{float(self):.2f}",
            parts=parts,
            brevity=f"{self.brevity:.3f}",
            lengths=lengths,
        )


def bleu(
    hypotheses: Sequence[str], references: Sequence[str | Sequence[str]], lowercase: bool = False, tokenize: str = "13a"
) -> Bleu:
    """Corpus BLEU: how many 1- to 4-grams of the translations are in a reference.

    references: for each translation a sentence, or a list of them, all of which count;
    tokenize: how sacrebleu cuts: "13a", "zh" for Chinese, "none" for what is cut already.
    An n-gram counts as often as in the reference that has it most often; the reference
    nearest in length gives the length; a precision of 0 is smoothed as sacrebleu does.
    Source: Papineni et al. 2002; Post 2018 (sacrebleu), whose corpus score this is.
    """
    from sacrebleu.metrics.bleu import BLEU

    pairs = _with_references(hypotheses, references)
    ours, theirs = [h for h, *_ in pairs], list(zip_longest(*(r for _, *r in pairs)))
    scorer = BLEU(lowercase, tokenize=one_of("tokenize", tokenize, TOKENIZERS), force=True)
    found = scorer.corpus_score(ours, theirs)
    lengths = {"hypothesis_length": found.sys_len, "reference_length": found.ref_len}
    return Bleu(found.score, precisions=tuple(found.precisions), brevity=found.bp, **lengths)


def ngrams(words: Sequence[str], n: int) -> Counter[tuple[str, ...]]:
    """How often each run of n words occurs."""
    words, n = several("words", words), whole_number("n", n, 1)
    return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))


def brevity_penalty(hypothesis_length: int, reference_length: int) -> float:
    """1 if it is as long as the reference, else e^(1 − reference / translation)."""
    if hypothesis_length >= reference_length:
        return 1.0
    if hypothesis_length <= 0:
        return 0.0
    return math.exp(1 - reference_length / hypothesis_length)


def alignment_error_rate(
    predicted: Sequence[Set[Link]], sure: Sequence[Set[Link]], possible: Sequence[Set[Link]] | None = None
) -> float:
    """AER = 1 − (|A ∩ S| + |A ∩ P|) / (|A| + |S|), 0 (all right) to 1.

    predicted A, sure S, possible P: for each sentence a set of links (target, source); possible always includes sure.
    Without any link the rate is 0. Source: Och & Ney 2003.
    """
    hits = links = 0
    for a, s, p in zip(predicted, sure, sure if possible is None else possible, strict=True):
        hits += len(a & s) + len(a & (p | s))
        links += len(a) + len(s)
    return 1 - hits / links if links else 0.0


def links_of(weights: Float[Tensor, "T K"]) -> set[Link]:
    """Links (target, source) of attention weights: each target's heaviest source."""
    heaviest = finite("weights", weights).argmax(1).tolist()
    attends = (weights.sum(1) > 0).tolist()  # a row of zeros links nothing
    return {(t, k) for t, k in enumerate(heaviest) if attends[t]}


def _with_references(hypotheses: Sequence[str], references: Sequence[str | Sequence[str]]) -> list[list[str]]:
    """[translation, its references …] for each sentence."""
    theirs = [[r] if isinstance(r, str) else r for r in several("references", references)]
    ours = list_of_texts("hypotheses", hypotheses)
    pairs = [[h, *list_of_texts("references", r)] for h, r in zip(ours, theirs, strict=True)]
    if not pairs or min(map(len, pairs)) < 2:
        raise ValueError("references are missing; needed: at least one for each translation")
    return pairs
