"""Right answers to the lessons' exercises, as others write them; and wrong ones that nobody foresaw, which are told
something true."""

import math
import re
from collections import Counter

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from unit.small_exercises import not_right, not_told

from chapters.ch04.exercises.bugs import relative_encoding
from chapters.ch07.exercises.sampling import nucleus_cases
from course_utils.attention import MultiHeadAttention, masked_softmax, multi_head
from course_utils.blocks import AddNorm, PositionwiseFFN
from course_utils.kernels import gaussian_kernel, nadaraya_watson
from course_utils.merges import joined
from course_utils.post_training import advantages, answer_targets


def by_fused_attention(queries, keys, values, width=1.0):
    """−(q − k)²/2 = qk − k²/2 − q²/2, and the last term is the same for all keys."""
    q, k = queries[:, None] / width, keys[:, None] / width
    bias = (-(k**2) / 2).T.expand(len(q), len(k)).contiguous()
    out = F.scaled_dot_product_attention(q[None], k[None], values[None, :, None], attn_mask=bias[None], scale=1.0)
    return out[0, :, 0], torch.softmax(q @ k.T + bias, -1)


def torch_own(queries, keys, values, mask):
    *front, K, _ = keys.shape
    table = torch.eye(K).expand(*front, K, K)
    weights = torch.nan_to_num(F.scaled_dot_product_attention(queries, keys, table, attn_mask=mask))
    return weights @ values, weights


def torch_rnn(words, Wx, Wh):
    network = nn.RNN(*Wx.shape, bias=False, batch_first=True)
    network.load_state_dict({"weight_ih_l0": Wx.T, "weight_hh_l0": Wh.T})
    return network(words[None])[0][0].detach()


def as_a_plain_list(step, state, bos, eos, max_length):
    ids = [bos]
    for _ in range(max_length):
        logits, state = step(ids[-1], state)
        ids.append(int(logits.argmax()))
        if ids[-1] == eos:
            return ids[1:-1]
    return ids[1:]


def torch_loss(logits, target, mask):
    return F.cross_entropy(logits[mask], target[mask])


def turned(x, positions):
    omega = 10000 ** (-torch.arange(0, x.shape[-1], 2) / x.shape[-1])
    turn = torch.polar(torch.ones(x.shape[-2], len(omega)), positions[:, None] * omega)
    return torch.view_as_real(torch.view_as_complex(x.unflatten(-1, (-1, 2)).contiguous()) * turn).flatten(-2)


class InThreeLines(nn.Module):
    def __init__(self, size, heads, hidden, dropout=0.0):
        super().__init__()
        self.attention = MultiHeadAttention(size, heads)
        self.cross_attention = MultiHeadAttention(size, heads)
        self.ffn = PositionwiseFFN(size, hidden)
        self.around_attention, self.around_cross, self.around_ffn = (AddNorm(size, dropout) for _ in range(3))

    def forward(self, x, memory, mask=None, memory_mask=None):
        x = self.around_attention(x, lambda h: self.attention(*2 * [h], mask)[0])
        x = x + self.around_cross.dropout(self.cross_attention(self.around_cross.norm(x), memory, memory_mask)[0])
        return self.around_ffn(x, self.ffn)


def masked_by(hidden=0.8, swapped=0.5, labels=lambda ids, chosen: ids.masked_fill(~chosen, -100), seed=0):
    """The way of a widely used collator: 80 %, then half of what is left; or its two draws with other chances."""

    def mask(ids, special_mask, vocab, mask_id, generator=None):
        generator = generator or torch.default_generator
        generator.manual_seed(generator.initial_seed() + seed)

        def draw(chance):
            return torch.bernoulli(torch.full(ids.shape, chance), generator=generator).bool()

        chosen = draw(0.15) & ~special_mask
        first = chosen & draw(hidden)
        second = chosen & ~first & draw(swapped)
        inputs = ids.masked_fill(first, mask_id)
        inputs[second] = torch.randint(vocab, ids.shape, generator=generator)[second]
        return inputs, labels(ids, chosen)

    return mask


def exactly_fifteen_per_cent(ids, special_mask, vocab, mask_id, generator=None):
    """As many as the share says, drawn without putting back, then dealt out."""
    inputs, labels = ids.clone(), torch.full_like(ids, -100)
    places = (~special_mask).flatten().nonzero().flatten()
    places = places[torch.randperm(len(places), generator=generator)][: round(0.15 * len(places))]
    labels.view(-1)[places] = ids.flatten()[places]
    first, second = int(0.8 * len(places)), int(0.9 * len(places))
    inputs.view(-1)[places[:first]] = mask_id
    inputs.view(-1)[places[first:second]] = torch.randint(5, vocab, (second - first,), generator=generator)
    return inputs, labels


def all_pairs(start_logits, end_logits, allowed):
    p, q = start_logits.softmax(0).tolist(), end_logits.softmax(0).tolist()
    places = [i for i, fine in enumerate(allowed.tolist()) if fine]
    return max(((a, b) for a in places for b in places if b >= a), key=lambda pair: p[pair[0]] * q[pair[1]])


def as_sennrich(words, before=r"(?<!\S)", after=r"(?!\S)"):
    """The paper's program: text with blanks, and a regular expression for whole pieces."""
    words, found = {" ".join(w): n for w, n in words.items()}, Counter()
    for word, n in words.items():
        symbols = word.split()
        for i in range(len(symbols) - 1):
            found[symbols[i], symbols[i + 1]] += n
    best = found.most_common(1)[0][0]
    bigram = re.compile(before + re.escape(" ".join(best)) + after)
    return best, {bigram.sub("".join(best), word): n for word, n in words.items()}


def as_huggingface(logits, top_p):
    """From the smallest up, and what must go is marked."""
    ordered, order = torch.sort(logits, descending=False)
    gone = ordered.softmax(dim=-1).cumsum(dim=-1) <= (1 - top_p)
    gone[..., -1:] = False
    gone = gone.scatter(-1, order, gone)
    return logits.masked_fill(gone, -float("inf")).softmax(-1)


class ByHand(nn.Module):
    def __init__(self, size, head_size, value_size):
        super().__init__()
        self.query, self.key = nn.Linear(size, head_size, bias=False), nn.Linear(size, head_size, bias=False)
        self.value = nn.Linear(size, value_size, bias=False)

    def forward(self, x, mask=None):
        scores = torch.einsum("btd,bsd->bts", self.query(x), self.key(x)) / self.query.out_features**0.5
        weights = (scores if mask is None else scores.masked_fill(~mask, -1e9)).softmax(-1)
        return weights @ self.value(x), weights


def prefer_with_softplus(liked, disliked, liked_before, disliked_before, beta=0.1):
    return sum(F.softplus(-beta * x) for x in (liked - liked_before) - (disliked - disliked_before)) / len(liked)


RIGHT = [
    ("weighted average", lambda weights, values: weights @ values / weights.sum()),
    ("weighted average", lambda weights, values: np.average(values, weights=weights)),
    ("weighted average", lambda w, v: sum(a * b for a, b in zip(w, v, strict=True)) / sum(w)),
    ("gaussian kernel", lambda d, width=1: torch.exp(-d.pow(2) / (2 * width**2))),
    ("gaussian kernel", lambda distance, width=1.0: math.e ** (-((distance / width) ** 2) / 2)),
    ("gaussian kernel", lambda distance, width=1.0: torch.exp(-0.5 * (distance.half() / width) ** 2)),
    ("attention pooling", lambda q, k, v, width=1.0: nadaraya_watson(q, k, v, lambda d: gaussian_kernel(d, width))),
    ("attention pooling", by_fused_attention),
    ("attention pooling", lambda q, k, v, width=1.0: shares(lambda x: x.sum(-1, keepdim=True))(q, k, v, width)),
    ("program 4.7", lambda i, j, D: relative_encoding(j, i, D)),
    ("stable masked softmax", lambda scores, mask: torch.softmax(scores.masked_fill(~mask, -1e9), dim=-1) * mask),
    ("stable masked softmax", lambda scores, mask: scores.masked_fill(~mask, -math.inf).softmax(-1).nan_to_num(0.0)),
    ("scaled dot-product score", lambda q, k: torch.einsum("bqd,bkd->bqk", q, k).div(q.shape[-1] ** 0.5)),
    ("scaled dot-product score", lambda q, k: (q / q.shape[-1] ** 0.25) @ (k / k.shape[-1] ** 0.25).transpose(1, 2)),
    ("scaled dot-product attention", torch_own),
    ("a self-attention layer", ByHand), ("recurrent network", torch_rnn), ("masked loss", torch_loss),
    ("masked loss", lambda logits, target, mask: F.cross_entropy(logits.mT, target.masked_fill(~mask, -100))),
    ("greedy loop", as_a_plain_list),
    ("rotary", turned),
    ("split heads", lambda x, heads: torch.stack(x.chunk(heads, -1), 1)),
    ("residual and norm", lambda x, f, norm: torch.add(x, f(norm(x.clone())))),
    ("a decoder block", InThreeLines), ("mask tokens", masked_by()),
    ("mask tokens", exactly_fifteen_per_cent),
    ("answer span", all_pairs),
    ("task head", lambda hidden, pooler, classifier: nn.Sequential(pooler, nn.Tanh(), classifier)(hidden[:, 0])),
    ("next token targets", lambda ids: ids.unfold(1, ids.shape[1] - 1, 1).unbind(1)),
    ("temperature", lambda logits, temperature: (logits / max(temperature, 1e-6)).softmax(-1)),
    ("temperature", lambda logits, temperature: F.softmax(logits / (temperature + 1e-8), dim=-1)),
    ("top-p", as_huggingface), ("bpe merge", as_sennrich),
    ("rms norm", lambda x, weight, eps=1e-5: F.rms_norm(x, x.shape[-1:], weight, eps)),
    ("rms norm", lambda x, w,
     eps=1e-5: w * x * torch.rsqrt(torch.einsum("...d,...d->...", x, x)[..., None] / len(w) + eps)),
    ("share heads", lambda x, heads: torch.stack([x[:, h * x.shape[1] // heads] for h in range(heads)], dim=1)),
    ("share heads", lambda x, n: x[:, :, None].expand(-1, -1, n // x.shape[1], -1, -1).flatten(1, 2)),
    ("answer targets", lambda ids, is_answer: torch.where(is_answer[:, 1:], ids[:, 1:], -100)),
    ("dpo loss", prefer_with_softplus),
    ("advantages", lambda r, eps=1e-4: (r.T - r.mean(1)).T / (r.var(1).sqrt()[:, None] + eps)),
]  # fmt: skip


def test_answers_that_people_write_in_another_way_pass():
    assert [said for name, answer in RIGHT if (said := not_right(name, answer))] == []


def test_masking_is_judged_alike_whatever_is_drawn():
    """The figures of a right masking stay within the bands, and those of another share outside them."""
    assert not_right("mask tokens", masked_by(seed=1000)) == "" != not_right("mask tokens", masked_by(swapped=1.0))


def test_sums_stay_away_from_top_p():
    """No right answer fails by rounding: a running sum is its top_p, to the last bit, or far from it."""
    for case in nucleus_cases():
        sums = case.args["logits"].softmax(-1).sort(-1, descending=True).values.cumsum(-1)
        sums = sums[..., :-1] if case.args["top_p"] == 1 else sums
        off = (sums - case.args["top_p"]).abs()
        assert off[off > 0].min() > 1e-3


def loses_the_last_of_all(logits, top_p):
    """Rounding may leave the sum just below 1; an argmax over "has it reached 1?" then finds the first token."""
    p, order = logits.softmax(-1).sort(-1, descending=True)
    last = (p.cumsum(-1) >= top_p - 2e-7).int().argmax(-1, keepdim=True)
    p = p * (torch.arange(p.shape[-1]) < last + (top_p < 1))
    return torch.zeros_like(p).scatter(-1, order, p / p.sum(-1, keepdim=True))


def minus_the_mean(scores, mask):
    exps = (scores - scores.mean(-1, keepdim=True)).exp() * mask
    return (exps / exps.sum(-1, keepdim=True)).nan_to_num()


def without_an_axis(query, keys, mask, W1, W2, w):
    weights = masked_softmax(torch.tanh(query @ W1 + keys @ W2) @ w, mask)
    return (weights[:, None] @ keys)[:, 0], weights


def masked_in_place(ids, *given):
    inputs, labels = masked_by()(ids, *given)
    ids.copy_(inputs)
    return ids, torch.where(labels == -100, -100, ids)


def zeroed_in_place(scores, mask):
    weights = scores.masked_fill(~mask, -torch.inf).softmax(-1)
    weights[~mask.any(-1)] = 0
    return weights


def learns_no_width(queries, keys, values, width=1.0):
    weights = (-0.5 * ((queries[:, None] - keys) / width) ** 2).softmax(-1)
    return weights.detach() @ values, weights


def half_of_it(liked, disliked, liked_before, disliked_before, beta=0.1):
    return -F.logsigmoid(beta * (liked.detach() - liked_before - disliked + disliked_before)).mean()


def hidden_by_minus_one(start_logits, end_logits, allowed):
    fits = (allowed[:, None] & allowed).triu()
    return divmod(int((start_logits[:, None] + end_logits).where(fits, -1).argmax()), len(allowed))


def of_three_axes(q, k, v, mask):
    weights = masked_softmax(torch.einsum("bqd,bkd->bqk", q, k) / q.shape[-1] ** 0.5, mask)
    return weights @ v, weights


def ends_at(ends, most=0):
    """A greedy loop that ends where `ends(word, words so far, bos, eos)`; most: so many words come at least."""

    def greedy(step, state, bos, eos, max_length):
        ids, word = [], bos
        while len(ids) < max(max_length, most):
            logits, state = step(word, state)
            word = int(logits.argmax())
            if ends(word, ids, bos, eos):
                break
            ids.append(word)
        return torch.tensor(ids, dtype=torch.int64)

    return greedy


def counted_by_length(words):
    pairs = Counter()
    for pieces, times in words.items():
        for pair in zip(pieces, pieces[1:], strict=False):
            pairs[pair] += times * len(pieces)
    best = max(pairs, key=pairs.get)
    return best, {joined(pieces, best): times for pieces, times in words.items()}


def with_a_list(words):
    pair, words = as_sennrich(words)
    return list(pair), words


def masked_with(words):
    """Masking in which `words(ids, vocab, generator)` are put in."""

    def mask(ids, special_mask, vocab, mask_id, generator=None):
        chosen = (torch.rand(ids.shape, generator=generator) < 0.15) & ~special_mask
        dice = torch.rand(ids.shape, generator=generator)
        inputs = torch.where(chosen & (dice >= 0.9), words(ids, vocab, generator), ids)
        return inputs.masked_fill(chosen & (dice < 0.8), mask_id), ids.masked_fill(~chosen, -100)

    return mask


def shares(total, kernel=gaussian_kernel):
    """Attention pooling whose weights are divided by this function of the closenesses."""

    def pool(queries, keys, values, width=1.0):
        closeness = kernel(queries[:, None] - keys, width)
        weights = closeness / total(closeness)
        return weights @ values, weights

    return pool


def in_a_row(distance):
    return lambda i, j, D: relative_encoding(distance(i, j, D), 0, D)


def every_second_feature(q, k, v, heads, mask=None):
    order = torch.arange(q.shape[-1]).view(-1, heads).T.flatten()
    output, weights = multi_head(q[..., order], k[..., order], v[..., order], heads, mask)
    return output[..., order.argsort()], weights


def clears_too_late(model, batches, prompt, count, context):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
    for ids in batches:
        loss = F.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten())
        loss.backward()
        optimizer.zero_grad()
        optimizer.step()
    model.eval()
    for _ in range(count):
        prompt = torch.cat([prompt, model(prompt[:, -context:])[:, -1:].argmax(-1)], 1)
    return loss.item(), prompt


def in_a_ring(kernel, length):
    C = torch.zeros(length, length)
    for i in range(length):
        for n, weight in enumerate(kernel):
            C[i, (i + n - len(kernel) // 2) % length] += weight
    return C


def smaller_sum(candidate, reference, n):
    ours, theirs = ([tuple(x[i : i + n]) for i in range(len(x) - n + 1)] for x in (candidate, reference))
    return min(sum(x in theirs for x in ours), sum(x in ours for x in theirs)), len(ours)


@pytest.mark.parametrize(
    ("name", "answer", "word"),
    [("stable masked softmax", zeroed_in_place, "changed in place"),
     ("attention pooling", learns_no_width, "gradient"), ("dpo loss", half_of_it, "back to `liked`"),
     ("residual and norm", lambda x, f, norm: x + f(norm(x.detach())), "gradient of `x`"),
     ("answer span", hidden_by_minus_one, "not low enough"), ("scaled dot-product attention", of_three_axes, "...qd"),
     ("weighted average", lambda weights, values: (weights * values).sum() / 7, "all values are 3"),
     ("stable masked softmax", minus_the_mean, "sum to 1"),
     ("masked loss", lambda logits, target, mask: F.cross_entropy(logits, target), "classes on axis 1"),
     ("masked loss", lambda logits, target, mask: float(torch_loss(logits, target, mask)), "no gradient passes"),
     ("additive attention step", without_an_axis, "[:, None]"),
     ("attention in heads", lambda *given: multi_head(*given)[0], "output, weights"),
     ("split heads", lambda x, heads: x[..., None] + 0.5, "[1, 2, 3, 2]"),
     ("mask tokens", masked_in_place, "been masked"),
     ("temperature", lambda logits, temperature: (logits / (temperature + 0.01)).softmax(-1), "temperature 0"),
     ("answer span", lambda start, end, allowed: start.argmax(), "`first, last`"),
     ("next token targets", lambda ids: (ids[:, :-1].float(), ids[:, 1:]), "whole numbers"),
     ("bpe merge", lambda words: "e s", "`pair, words after it`"),
     ("greedy loop", ends_at(lambda word, ids, bos, eos: word == 3), "which is 9 here: compare with `eos`"),
     ("greedy loop", ends_at(lambda word, ids, bos, eos: word in (bos, eos)), "stops after"),
     ("greedy loop", ends_at(lambda word, ids, bos, eos: word == eos or word in ids[-1:]), "may come twice"),
     ("greedy loop", ends_at(lambda word, ids, bos, eos: word == eos, most=1), "more words than max_length"),
     ("bpe merge", counted_by_length, "pairs of longer words"), ("bpe merge", with_a_list, "`tuple(pair)`"),
     ("answer targets", lambda ids, mask: answer_targets(ids, mask & (ids != 0)), "token 0"),
     ("program 4.7", in_a_row(lambda i, j, D: (i - j) % D), "begin again"),
     ("program 4.7", in_a_row(lambda i, j, D: abs(i - j)), "Let the sign stay"),
     ("program 4.7", in_a_row(lambda i, j, D: i * j), "or their product"),
     ("gaussian kernel", lambda d, width=1.0: gaussian_kernel(d, width) * (d.abs() < 3 * width), "is 0"),
     ("gaussian kernel", lambda d, width=1.0: gaussian_kernel(d, width).round(decimals=3), "rounded"),
     ("attention pooling", shares(lambda closeness: closeness.sum(-1, keepdim=True) + 1e-8), "no longer sum to 1"),
     ("mask tokens", masked_with(lambda ids, vocab, draw: torch.randint(1, vocab + 1, ids.shape, generator=draw)),
      "does not have"),
     ("mask tokens", masked_with(lambda ids, vocab, draw: ids.roll(1, 1)), "from the sentence itself"),
     ("attention in heads", every_second_feature, "not into (d, H)"),
     ("program 7.14", clears_too_late, "before `backward`, or after"),
     ("clipped n-grams", smaller_sum, "smaller of two sums"),
     ("convolution as a matrix", in_a_ring, "in a ring"),
     ("task head", lambda hidden, pooler, new: new(pooler(hidden[:, 0].tanh())), "Two steps have changed places"),
     ("advantages", lambda r, eps=1e-4: (r - r.mean(1, True)) / (r.var(1)[:, None] + eps) ** 0.5, "after the root"),
     ("advantages", lambda r, eps=1e-4: advantages(r, eps).clamp(-1, 1), "sum to 0"),
     ("next token targets", lambda ids: (ids[:, :-1], ids.roll(1, 1)[:, :-1]), "should be [11, 12, 13, 14]"),
     ("bpe merge", lambda words: (("e", "s"), {5: 1}), "5 × 1"), ("top-p", loses_the_last_of_all, "'top_p': 1")],
)  # fmt: skip
def test_what_nobody_foresaw_is_described(name, answer, word):
    assert not_told(name, answer, word) == ""
