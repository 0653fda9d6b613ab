"""Writing with a trained decoder, word by word: greedily or with a beam. One implementation for all models.

A model that can be decoded has two methods, and this module knows nothing else about it:

    start(source [B, K], source_mask [B, K]) -> state
    step(words [B], state) -> Step(logits, state, weights)

A beam picks the rows of a state with which it goes on.
Sources: Graves 2012 (beam search for transduction); Wu et al. 2016, equation 14 (length penalty).
"""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor

from course_utils.checks import described, list_of_texts, real_number, whole_number
from course_utils.decoding.sampling import check_logits, check_model
from course_utils.restored import evaluating
from course_utils.text import BOS, EOS, PAD, UNK, pad

WIDEST, FARTHEST = 1000, 10_000  # beams, and words of one sentence: more is a slip of the pen
LONGEST = 2.0  # a translation stops at so many times the source's tokens, plus ten


class Step(NamedTuple):
    """One word further.

    logits [B, V] of the next word; weights [B, K] over the source, or None; state: any nest of tuples, lists and dicts
    of tensors, batch first: a recurrent state, or the keys and values of what was written so far
    """

    logits: Tensor
    state: Any
    weights: Tensor | None


class Written(NamedTuple):
    """One sentence as it was written.

    ids: without <bos> and <eos>; score: its log-probability, <eos> included; weights: [T, K], one row for each id, or
    None; ended: did it end by itself (else the limit cut it)?
    """

    ids: list[int]
    score: float
    weights: Tensor | None
    ended: bool


@torch.no_grad()
def greedy(model, source: Tensor, source_mask: Tensor | None = None, max_length: int = 64) -> list[Written]:
    """The most probable word at each step, until <eos> or max_length words: source [B, K] -> B × Written.

    A sentence that has not ended by then is cut: the end is put there, and its probability counts in the score.
    """
    _check(model, source, max_length, 1)
    state, words = model.start(source, source_mask), source.new_full((len(source),), BOS)
    scores, ended = torch.zeros(len(source), device=source.device), source.new_zeros(len(source), dtype=torch.bool)
    by_itself, written, weights = ended, [], []
    for length in range(1, max_length + 2):
        logits, state, seen = model.step(words, state)
        p = _log_probabilities(logits)
        best, words = p.max(-1)
        by_itself = by_itself | (words == EOS) & ~ended
        if length > max_length:  # no room left
            best, words = p[:, EOS], torch.full_like(words, EOS)
        scores = torch.where(ended, scores, scores + best)
        words = words.masked_fill(ended, PAD)
        written.append(words), weights.append(seen)
        ended = ended | (words == EOS)
        if ended.all():
            break
    rows = torch.stack(written, 1).tolist()  # [B, T]
    seen = [None] * len(rows) if weights[0] is None else torch.stack(weights, 1).float()  # [B, T, K]
    ends = [row.index(EOS) for row in rows]
    return [
        Written(row[:end], score, w if w is None else w[:end], own)
        for row, end, score, w, own in zip(rows, ends, scores.tolist(), seen, by_itself.tolist(), strict=True)
    ]


@torch.no_grad()
def beam_search(
    model, source: Tensor, source_mask: Tensor | None = None, max_length: int = 64, beam: int = 4, length_penalty=1.0
) -> list[Written]:
    """The best of several sentences kept side by side: source [B, K] -> B × Written.

    beam: how many are kept at each step; 1 is greedy. length_penalty α: sentences are compared by their
    log-probability / ((5 + length) / 6)^α, since each word costs probability; 0 compares them as they are.
    A source is done when as many sentences have ended as the beam is wide, or none can still overtake the best.
    Raises ValueError for a model whose logits are NaN, a beam or max_length below 1, a negative length_penalty.
    """
    _check(model, source, max_length, beam)
    real_number("length_penalty", length_penalty, least=0, most=20)
    count, device = len(source), source.device
    state = pick(model.start(source, source_mask), torch.arange(count, device=device).repeat_interleave(beam))
    words = source.new_full((count * beam,), BOS)
    scores = torch.full((count, beam), float("-inf"), device=device)
    scores[:, 0] = 0.0  # all beams begin alike: one of them counts
    written, weights = source.new_zeros(count * beam, 0), None
    first = torch.arange(count, device=device)[:, None] * beam
    best: list[tuple[float, Written] | None] = [None] * count
    found = [0] * count
    for length in range(1, max_length + 2):
        logits, state, seen = model.step(words, state)
        if seen is not None:
            weights = seen[:, None] if weights is None else torch.cat([weights, seen[:, None]], 1)
        p = _log_probabilities(logits)
        ends = (p.argmax(-1) == EOS).tolist()  # would this row have ended by itself?
        total = scores[:, :, None] + p.unflatten(0, (count, beam))
        if length > max_length:  # no room left: only the end is allowed to follow, and the limit has cut it
            total[..., torch.arange(total.shape[-1], device=device) != EOS] = float("-inf")
        scores, flat = total.flatten(1).topk(2 * beam)  # at most `beam` of them end here, so `beam` go on
        rows, words = (first + flat // total.shape[-1]), flat % total.shape[-1]
        for b in range(count):
            for score, row, word in zip(scores[b, :beam].tolist(), rows[b].tolist(), words[b].tolist(), strict=False):
                if word != EOS or score == float("-inf") or found[b] >= beam:
                    continue
                found[b] += 1
                value = score / _penalty(length, length_penalty)
                if best[b] is None or value > best[b][0]:
                    ids = written[row].tolist()
                    by = None if weights is None else weights[row, : len(ids)].float()
                    best[b] = value, Written(ids, score, by, length <= max_length or ends[row])
        if length > max_length:
            break
        scores = scores.masked_fill(words == EOS, float("-inf"))
        scores, chosen = scores.topk(beam)
        rows, words = rows.gather(1, chosen).flatten(), words.gather(1, chosen).flatten()
        ahead = [s / _penalty(max_length + 1, length_penalty) for s in scores[:, 0].tolist()]  # at most
        if all(n >= beam or (n and b[0] >= a) for n, b, a in zip(found, best, ahead, strict=True)):
            break
        written = torch.cat([written[rows], words[:, None]], 1)
        weights = None if weights is None else weights[rows]
        state = pick(state, rows)
    return [chosen[1] for chosen in best]


def pick(state: Any, rows: Tensor) -> Any:
    """The rows of a state, in a new order: each tensor [B, …] -> [len(rows), …]."""
    if isinstance(state, Tensor):
        return state.index_select(0, rows)
    if isinstance(state, dict):
        return {name: pick(x, rows) for name, x in state.items()}
    if isinstance(state, tuple | list):
        parts = [pick(x, rows) for x in state]
        return type(state)(*parts) if hasattr(state, "_fields") else type(state)(parts)
    return state


@dataclass(frozen=True)
class Translation:
    """What `translate` gives for a sentence: .text .tokens .source_tokens .weights, and what a reader should know.

    weights [tokens, source_tokens]: rows sum to 1; of a GPT to less, being the part of its attention that falls on the
    source; None for a model without attention.
    """

    text: str
    tokens: list[str]
    source_tokens: list[str]  # as the model read them: an unknown one is <unk>
    weights: Tensor | None = field(repr=False)
    unknown: list[str] = field(default_factory=list)  # words (or pieces) of the source that the model does not know
    note: str = ""  # unknown words, source cut, no end found
    seen: bool | None = None  # was this source sentence in the training data? None where that is not known
    score: float = 0.0

    def __str__(self) -> str:
        return f"{self.text}   [{self.note}]" if self.note else self.text


def translate(
    loaded, sentences: str | Sequence[str], beam: int = 4, length_penalty: float = 1.0, batch: int = 64
) -> list[Translation]:
    """Translate sentences with a checkpoint: loaded = load_checkpoint(name) -> a Translation for each, in their order.

    Any sentence is answered, the empty one with an empty translation, one that is too long with that of its beginning;
    `.note` says so. Raises TypeError for anything but text, ValueError for a beam below 1.
    """
    sentences = [sentences] if isinstance(sentences, str) else sentences
    sentences = list_of_texts("sentences", sentences, "text, as in 'i am a student.'")
    if not hasattr(loaded, "model") or getattr(loaded, "source", None) is None:
        raise TypeError(f"loaded is {described(loaded)}; needed: a translator, as load_checkpoint(name) gives it")
    whole_number("beam", beam, 1, WIDEST), whole_number("batch", batch, 1)
    real_number("length_penalty", length_penalty, least=0, most=20)
    model, device = loaded.model, next(loaded.model.parameters()).device
    shared = getattr(model, "shares_context", False)  # a GPT: half for what is read, half for what is written
    limit = model.config.max_length // (2 if shared else 1)
    encoded = [loaded.source.encode(s) for s in sentences]
    empty = Translation("", [], [], None, note="nothing to translate: the sentence holds no word")
    results = {i: empty for i, ids in enumerate(encoded) if not ids}
    order = sorted(set(range(len(sentences))) - set(results), key=lambda i: len(encoded[i]))
    with evaluating(model):
        for at in range(0, len(order), batch):
            rows = order[at : at + batch]
            ids, mask = pad([encoded[i][:limit] for i in rows])
            longest = min(int(LONGEST * ids.shape[1]) + 10, limit - 1 if shared else FARTHEST)
            written = beam_search(model, ids.to(device), mask.to(device), longest, beam, length_penalty)
            for i, w in zip(rows, written, strict=True):
                results[i] = _translation(loaded, sentences[i], encoded[i], limit, w)
    return [results[i] for i in range(len(sentences))]


def _translation(loaded, sentence: str, ids: list[int], limit: int, written: Written) -> Translation:
    pieces, notes = loaded.source.cut(sentence), []
    unknown = [piece for piece, i in zip(pieces, ids, strict=True) if i == UNK]
    if unknown:
        shown = textwrap.shorten(", ".join(dict.fromkeys(unknown)), 60, placeholder=" …")
        notes.append(f"unknown: {shown or len(unknown)}")
    if len(ids) > limit:
        notes.append(f"only the first {limit} of {len(ids)} tokens were read")
    if not written.ended:
        notes.append("cut: it did not come to an end")
    weights = None if written.weights is None else written.weights[:, : min(len(ids), limit)].cpu()
    return Translation(
        loaded.target.decode(written.ids), loaded.target.tokens(written.ids), loaded.source.tokens(ids[:limit]),
        weights, unknown, "; ".join(notes), loaded.was_seen(sentence), written.score,
    )  # fmt: skip


def _log_probabilities(logits: Tensor) -> Tensor:
    """log softmax of logits [B, V]; <pad> and <bos> are never written. Raises ValueError where nothing can follow."""
    logits = logits.float().clone()
    logits[:, [PAD, BOS]] = float("-inf")
    check_logits(logits)
    return logits.log_softmax(-1)


def _penalty(length: int, alpha: float) -> float:
    return ((5 + length) / 6) ** alpha


def _check(model, source: Tensor, max_length: int, beam: int) -> None:
    check_model(model)
    if not isinstance(source, Tensor) or source.dim() != 2:
        raise TypeError(f"source is {described(source)}; needed: ids, a tensor [B, K] of int64")
    whole_number("max_length", max_length, 1, FARTHEST)
    whole_number("beam", beam, 1, WIDEST)
