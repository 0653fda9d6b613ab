"""Writing with a trained translator, word by word: greedily or with a beam.

A model that writes has two methods, and this file knows nothing else of it:

    start(source [B, S], source_mask [B, S]) -> state
    step(words [B], state) -> logits [B, V], state, weights [B, S] or None

`steps.steps_of` makes them for a Transformer and for a Translator with GRUs. A beam picks the
rows of a state with which it goes on. Sizes: B sentences, S source, T target, V vocabulary.
Sources: Graves 2012 (beam search); Wu et al. 2016, equation 14 (length penalty).
"""

import copy
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from course_kit.checkpoints import Loaded
from course_kit.contexts import evaluating
from course_kit.decoding.sampling import check_logits
from course_kit.decoding.steps import steps_of
from course_kit.i18n import t
from course_kit.text import BOS, EOS, PAD, UNK, pad
from course_utils.cache import Cache

LONGEST_RATIO = 2.0  # a translation ends at so many times the source's tokens, plus ten


class Written(NamedTuple):
    """One sentence as it was written.

    ids: without <bos> and <eos>; score: its log-probability, <eos> included; weights: [T,
    S], one row for each id, or None; ended: did it end by itself (else the limit cut it)?
    """

    ids: list[int]
    score: float
    weights: Tensor | None
    ended: bool


@torch.no_grad()
def beam_search(
    model: Any,
    source: Int[Tensor, "B S"],
    source_mask: Bool[Tensor, "B S"] | None = None,
    max_length: int | Sequence[int] = 64,
    beam: int = 1,
    length_penalty: float = 1.0,
) -> list[Written]:
    """The best of several sentences kept side by side: [B].

    beam: how many are kept at each step; 1: greedy, the most probable word at each. max_length: the most words, of
    each sentence or of all; one that has not ended by then is cut: the end is put there, and its probability counts in
    the score. length_penalty α: sentences are compared by log-probability / ((5 + length) / 6)^α, as each word costs
    probability; 0: as they are. A source is done when as many sentences have ended as the beam is wide, or when none
    can still overtake the best.
    """
    count, device = len(source), source.device
    limits = [max_length] * count if isinstance(max_length, int) else list(max_length)
    if beam < 1 or min(limits) < 0:
        raise ValueError(f"beam is {beam}, max_length {max_length}; needed: from 1, and from 0")
    if not 0 <= length_penalty < float("inf"):
        raise ValueError(f"length_penalty is {length_penalty}; needed: from 0")
    steps = steps_of(model)
    each = torch.arange(count, device=device)
    state = pick(steps.start(source, source_mask), each.repeat_interleave(beam))
    words = source.new_full((count * beam,), BOS)
    scores = torch.full((count, beam), float("-inf"), device=device)
    scores[:, 0] = 0.0  # all beams begin alike: one of them counts
    written, weights = source.new_zeros(count * beam, 0), None
    best = [(float("-inf"), Written([], float("-inf"), None, False))] * count
    ended = [0] * count  # sentences of each source
    for length in range(1, max(limits) + 2):
        logits, state, row = steps.step(words, state)
        if row is not None:
            weights = row[:, None] if weights is None else torch.cat([weights, row[:, None]], 1)  # [B · beam, T, S]
        p = log_probabilities(logits)
        by_itself = (p.argmax(-1) == EOS).tolist()
        total = scores[:, :, None] + p.unflatten(0, (count, beam))  # [B, beam, V]
        scores, rows, words = _candidates(total, [length > limit for limit in limits])
        for b, *best_first in zip(range(count), scores.tolist(), rows.tolist(), words.tolist(), strict=True):
            for score, number, word in list(zip(*best_first, strict=True))[:beam]:
                if word != EOS or score == float("-inf") or ended[b] == beam:
                    continue
                ended[b] += 1
                if (value := score / penalty(length, length_penalty)) > best[b][0]:
                    ids = written[number].tolist()
                    on = None if weights is None else weights[number, : len(ids)].float()
                    own = length <= limits[b] or by_itself[number]
                    best[b] = value, Written(ids, score, on, own)
        scores, chosen = scores.masked_fill(words == EOS, float("-inf")).topk(beam)
        rows, words = (found.gather(1, chosen).flatten() for found in (rows, words))
        best_open = zip(scores[:, 0].tolist(), limits, strict=True)
        hope = [score / penalty(limit + 1, length_penalty) for score, limit in best_open]  # at most
        if all(length > limits[b] or ended[b] == beam or (ended[b] and best[b][0] >= hope[b]) for b in range(count)):
            break
        if beam > 1:  # else each goes on from itself
            written, state = written[rows], pick(state, rows)
            weights = None if weights is None else weights[rows]
        written = torch.cat([written, words[:, None]], 1)
    return [sentence for _, sentence in best]


def _candidates(total: Float[Tensor, "B beam V"], full: list[bool]) -> tuple[Tensor, Tensor, Tensor]:
    """The best 2 · beam ways to go on: scores, rows, words, each [B, 2 · beam]. full: of which sources only an end may
    follow. At most `beam` of them end here, so that `beam` of them go on."""
    count, beam, V = total.shape
    if any(full):
        no_end = torch.arange(V, device=total.device) != EOS
        total = total.masked_fill(torch.tensor(full, device=total.device)[:, None, None] & no_end, float("-inf"))
    scores, places = total.flatten(1).topk(2 * beam)
    return scores, beam * torch.arange(count, device=total.device)[:, None] + places // V, places % V


def penalty(length: int, alpha: float) -> float:
    """What a log-probability is divided by: ((5 + length) / 6)^α."""
    return ((5 + length) / 6) ** alpha


def pick(state: Any, rows: Int[Tensor, " N"]) -> Any:
    """The rows of a state, in a new order: each tensor [B, …] in it -> [N, …], and each Cache."""
    if isinstance(state, Tensor):
        return state.index_select(0, rows)
    if isinstance(state, Cache):
        chosen = copy.copy(state)
        if state.length:
            chosen.k, chosen.v = pick(state.k, rows), pick(state.v, rows)
        return chosen
    if isinstance(state, tuple):
        parts = [pick(x, rows) for x in state]
        return type(state)(*parts) if hasattr(state, "_fields") else tuple(parts)
    return state


def log_probabilities(logits: Float[Tensor, "B V"]) -> Float[Tensor, "B V"]:
    """Their log softmax; <pad> and <bos> are never written."""
    logits = logits.float().clone()
    logits[:, [PAD, BOS]] = float("-inf")
    return check_logits(logits).log_softmax(-1)


@dataclass(frozen=True)
class Translation:
    """What `translate` gives for a sentence.

    weights [tokens, source_tokens]: rows sum to 1; None for a model without attention.
    """

    text: str
    tokens: list[str]
    source_tokens: list[str]  # as the model read them: an unknown one is <unk>
    weights: Tensor | None = field(repr=False)
    note: str = ""  # unknown words, source cut, no end
    seen: bool | None = None  # was it trained on this source? None where that is not known
    score: float = 0.0

    def __str__(self) -> str:
        return f"{self.text}   [{self.note}]" if self.note else self.text


def translate(
    loaded: Loaded, sentences: str | Sequence[str], beam: int = 4, length_penalty: float = 1.0, batch: int = 64
) -> list[Translation]:
    """Translate sentences: loaded = load_checkpoint(name) -> a Translation for each.

    Any sentence is answered: the empty one with an empty translation, one that is too
    long with that of its beginning; `.note` says so.
    """
    sentences = [sentences] if isinstance(sentences, str) else list(sentences)
    model: Any = loaded.model
    device = next(model.parameters()).device
    limit = steps_of(model).context
    encoded = [loaded.source.encode(sentence) for sentence in sentences]
    empty = Translation("", [], [], None, note=t("nothing to translate: the sentence holds no word"))
    results = {n: empty for n, ids in enumerate(encoded) if not ids}
    order = sorted(set(range(len(sentences))) - set(results), key=lambda n: len(encoded[n]))
    with evaluating(model):
        for at in range(0, len(order), batch):
            rows = order[at : at + batch]
            ids, mask = pad([encoded[n][:limit] for n in rows])
            longest = [int(LONGEST_RATIO * length) + 10 for length in mask.sum(1).tolist()]
            settings = longest, beam, length_penalty
            written = beam_search(model, ids.to(device), mask.to(device), *settings)
            for n, sentence in zip(rows, written, strict=True):
                results[n] = _translation(loaded, sentences[n], encoded[n], limit, sentence)
    return [results[n] for n in range(len(sentences))]


def _translation(loaded: Loaded, sentence: str, ids: list[int], limit: int, written: Written) -> Translation:
    pieces, notes = loaded.source.cut(sentence), []
    unknown = [piece for piece, number in zip(pieces, ids, strict=True) if number == UNK]
    if unknown:
        shown = textwrap.shorten(", ".join(dict.fromkeys(unknown)), 60, placeholder=" …")
        notes.append(t("unknown: {value}", value=shown or len(unknown)))
    if len(ids) > limit:
        notes.append(t("only the first {limit} of {count} tokens were read", limit=limit, count=len(ids)))
    if not written.ended:
        notes.append(t("cut: it did not come to an end"))
    weights = written.weights
    if weights is not None:
        weights = weights[:, : min(len(ids), limit)].cpu()
    return Translation(
        loaded.target.decode(written.ids),
        loaded.target.tokens(written.ids),
        loaded.source.tokens(ids[:limit]),
        weights,
        "; ".join(notes),
        loaded.was_seen(sentence),
        written.score,
    )
