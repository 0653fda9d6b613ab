"""Mistakes and right answers that were written without a look at the lists of known mistakes, as a student writes them.

Of a mistake it is said, in a regular expression, what a verdict must speak of to have named it. Misleading is a verdict
that recognises something else.
"""

import functools
import math
import re
from collections import Counter

import numpy
import pytest
import torch
import torch.nn.functional as F

from course_kit.exercises import check
from course_tools.classroom.catalogue import load

MISTAKES, RIGHT = [], []


def mistake(name, says):
    """says: what a verdict has to speak of."""
    return lambda answer: MISTAKES.append((name, says, answer)) or answer


def right(name):
    return lambda answer: RIGHT.append((name, answer)) or answer


# ---- 0 and 1: averages


@mistake("weighted average", r"sum of the weights|divi|by the number|how many|mean")
def the_mean_of_the_products(weights, values):
    return (weights * values).mean()


@mistake("weighted average", r"divi|normalis|sum of the weights")
def not_divided(weights, values):
    return torch.dot(weights, values)


@mistake("weighted average", r"values|softmax")
def softmax_of_the_weights(weights, values):
    return (torch.softmax(weights, 0) * values).sum()


@mistake("weighted average", r"sum|axis|one number|shape")
def the_sum_forgotten(weights, values):
    return weights * values / weights.sum()


@mistake("gaussian kernel", r"square")
def no_square(distance, width=1.0):
    return torch.exp(-(distance / width).abs() / 2)


@mistake("gaussian kernel", r"½|half|/ 2|by 2|two")
def no_half(distance, width=1.0):
    return torch.exp(-((distance / width) ** 2))


@mistake("gaussian kernel", r"minus|sign")
def no_minus(distance, width=1.0):
    return torch.exp((distance / width) ** 2 / 2)


@mistake("gaussian kernel", r"width")
def width_outside_the_square(distance, width=1.0):
    return torch.exp(-(distance**2) / width / 2)


@mistake("gaussian kernel", r"density|2π|factor|pooling|normalis|area|peak|at distance 0")
def a_density(distance, width=1.0):
    return torch.exp(-((distance / width) ** 2) / 2) / (width * math.sqrt(2 * math.pi))


@mistake("attention pooling", r"column|axis|row")
def sums_of_columns(queries, keys, values, width=1.0):
    closeness = torch.exp(-(((queries[:, None] - keys[None, :]) / width) ** 2) / 2)
    weights = closeness / closeness.sum(0)
    return weights @ values, weights


@mistake("attention pooling", r"width")
def width_never_passed(queries, keys, values, width=1.0):
    closeness = torch.exp(-((queries[:, None] - keys) ** 2) / 2)
    weights = closeness / closeness.sum(-1, keepdim=True)
    return weights @ values, weights


@mistake("attention pooling", r"order")
def results_exchanged(queries, keys, values, width=1.0):
    closeness = torch.exp(-(((queries[:, None] - keys) / width) ** 2) / 2)
    weights = closeness / closeness.sum(-1, keepdim=True)
    return weights, weights @ values


@mistake("stable masked softmax", r"sum to 1|after|renormalis|normalis")
def masked_after_the_softmax(scores, mask):
    return torch.softmax(scores, -1) * mask


@mistake("stable masked softmax", r"other way|invert|~mask|False|True")
def mask_the_wrong_way_round(scores, mask):
    weights = scores.masked_fill(mask, float("-inf")).softmax(-1)
    return torch.nan_to_num(weights)


@mistake("stable masked softmax", r"NaN|nothing to attend|empty")
def empty_rows_are_nan(scores, mask):
    return scores.masked_fill(~mask, -torch.inf).softmax(-1)


@mistake("stable masked softmax", r"overflow|large|maxim|infinite|NaN")
def no_maximum_taken_away(scores, mask):
    e = torch.exp(scores) * mask
    total = e.sum(-1, keepdim=True)
    return torch.where(total > 0, e / total, torch.zeros_like(e))


@mistake("stable masked softmax", r"exp\(0\)|e⁰|score of 0|score 0|0 is|zero|weight of|−inf|-inf")
def masked_scores_are_zero(scores, mask):
    return scores.masked_fill(~mask, 0).softmax(-1) * mask.any(-1, keepdim=True)


@mistake("leave-one-out mask", r"other way|opposite|itself|invert")
def only_itself(size):
    return torch.eye(size, dtype=torch.bool)


@mistake("leave-one-out mask", r"before|after|earlier|later|triang|others|both|causal")
def only_those_before(size):
    return torch.ones(size, size).tril(-1).bool()


@mistake("leave-one-out mask", r"True and False|bool")
def ones_and_zeros(size):
    return 1 - torch.eye(size)


# ---- 2: scores, masks, attention


@mistake("scaled dot-product score", r"root|√")
def divided_by_the_size(queries, keys):
    return queries @ keys.transpose(1, 2) / queries.size(-1)


@mistake("scaled dot-product score", r"√|scal|root|divide")
def not_scaled(queries, keys):
    return torch.einsum("bqd,bkd->bqk", queries, keys)


@mistake("scaled dot-product score", r"√D|size|number of keys|D\b|how many keys")
def scaled_by_the_number_of_keys(queries, keys):
    return queries @ keys.mT / math.sqrt(keys.shape[1])


@mistake("scaled dot-product score", r"\.mT|transpos")
def transposed_with_T(queries, keys):
    return queries @ keys.T / queries.shape[-1] ** 0.5


@mistake("additive score", r"tanh")
def no_tanh(queries, keys, W1, W2, b, w):
    return ((queries @ W1.T)[:, None] + (keys @ W2.T)[None] + b) @ w


@mistake("additive score", r"tanh")
def tanh_at_the_end(queries, keys, W1, W2, b, w):
    return torch.tanh(((queries @ W1.T)[:, None] + (keys @ W2.T)[None] + b) @ w)


@mistake("additive score", r"\bb\b|`b`|bias")
def bias_forgotten(queries, keys, W1, W2, b, w):
    return torch.tanh((queries @ W1.T).unsqueeze(1) + (keys @ W2.T).unsqueeze(0)) @ w


@mistake("additive score", r"transpos|Rows and columns|keys .*queries")
def a_table_of_keys_and_queries(queries, keys, W1, W2, b, w):
    return torch.tanh((queries @ W1.T)[None] + (keys @ W2.T)[:, None] + b) @ w


@mistake("padding and causal mask", r"past|future|later|before|other way|triu|triangle")
def looks_ahead(lengths, size):
    t = torch.arange(size)
    return (t[:, None] <= t) & (t < lengths[:, None, None])


@mistake("padding and causal mask", r"itself|diagonal|own")
def not_itself(lengths, size):
    t = torch.arange(size)
    return (t[:, None] > t) & (t < lengths[:, None])[:, None]


@mistake("padding and causal mask", r"padding|length|<")
def one_word_too_long(lengths, size):
    t = torch.arange(size)
    return (t <= lengths[:, None])[:, None] & torch.ones(size, size, dtype=torch.bool).tril()


@mistake("padding and causal mask", r"causal|later|future|comes after|0 … t")
def only_padding(lengths, size):
    return (torch.arange(size) < lengths[:, None])[:, None].expand(-1, size, -1)


@mistake("padding and causal mask", r"quer|row|key")
def padding_of_the_queries(lengths, size):
    t = torch.arange(size)
    return (t < lengths[:, None])[:, :, None] & torch.ones(size, size, dtype=torch.bool).tril()


@mistake("scaled dot-product attention", r"√|scal|root")
def attention_not_scaled(queries, keys, values, mask):
    scores = (queries @ keys.mT).masked_fill(~mask, -torch.inf)
    weights = torch.nan_to_num(scores.softmax(-1))
    return weights @ values, weights


@mistake("scaled dot-product attention", r"axis|column|row|dim")
def attention_over_the_queries(queries, keys, values, mask):
    scores = (queries @ keys.mT / queries.shape[-1] ** 0.5).masked_fill(~mask, -torch.inf)
    weights = torch.nan_to_num(scores.softmax(1))
    return weights @ values, weights


@mistake("scaled dot-product attention", r"sum to 1|after|normalis")
def attention_masked_afterwards(queries, keys, values, mask):
    weights = (queries @ keys.mT / queries.shape[-1] ** 0.5).softmax(-1) * mask
    return weights @ values, weights


@mistake("linear attention", r"divi|normalis|sum")
def linear_not_normalised(phi_q, phi_k, values):
    return phi_q @ (phi_k.T @ values)


@mistake("linear attention", r"softmax|exp")
def linear_with_a_softmax(phi_q, phi_k, values):
    return (phi_q @ phi_k.T).softmax(-1) @ values


# ---- 3: recurrent networks, losses, writing


@mistake("recurrent network", r"tanh")
def relu_network(words, Wx, Wh):
    state, states = torch.zeros(Wh.shape[0]), []
    for word in words:
        state = torch.relu(word @ Wx + state @ Wh)
        states.append(state)
    return torch.stack(states)


@mistake("recurrent network", r"old state|state .*(kept|zero|again|before)|Wh|earlier")
def forgets_the_old_state(words, Wx, Wh):
    state = torch.zeros(Wh.shape[0])
    return torch.stack([torch.tanh(word @ Wx + state @ Wh) for word in words])


@mistake("recurrent network", r"all|each|last|every|axis")
def only_the_last_state(words, Wx, Wh):
    state = torch.zeros(Wh.shape[0])
    for word in words:
        state = torch.tanh(word @ Wx + state @ Wh)
    return state


@mistake("masked loss", r"padding|real|mask|count")
def mean_over_the_padding_too(logits, target, mask):
    losses = F.cross_entropy(logits.transpose(1, 2), target, reduction="none")
    return (losses * mask).mean()


@mistake("masked loss", r"minus|sign|negative")
def log_likelihood(logits, target, mask):
    logp = logits.log_softmax(-1).gather(-1, target.unsqueeze(-1)).squeeze(-1)
    return logp[mask].mean()


@mistake("masked loss", r"sentence|each .*mean|average")
def mean_of_the_means(logits, target, mask):
    losses = F.cross_entropy(logits.transpose(1, 2), target, reduction="none") * mask
    return (losses.sum(1) / mask.sum(1)).mean()


@mistake("masked loss", r"twice|two softmax|softmax|logits")
def softmax_before_cross_entropy(logits, target, mask):
    return F.cross_entropy(logits.softmax(-1)[mask], target[mask])


@mistake("greedy loop", r"eos")
def eos_is_kept(step, state, bos, eos, max_length):
    word, ids = bos, []
    while len(ids) < max_length and word != eos:
        logits, state = step(word, state)
        word = logits.argmax().item()
        ids.append(word)
    return ids


@mistake("greedy loop", r"state")
def state_is_not_passed_on(step, state, bos, eos, max_length):
    word, ids = bos, []
    for _ in range(max_length):
        logits, _state = step(word, state)
        word = int(logits.argmax())
        if word == eos:
            break
        ids.append(word)
    return ids


@mistake("greedy loop", r"word|bos|same")
def always_begins_again(step, state, bos, eos, max_length):
    ids = []
    for _ in range(max_length):
        logits, state = step(bos, state)
        word = int(logits.argmax())
        if word == eos:
            break
        ids.append(word)
    return ids


@mistake("additive attention step", r"mask|padding")
def step_without_a_mask(query, keys, mask, W1, W2, w):
    scores = torch.tanh((query @ W1)[:, None] + keys @ W2) @ w
    weights = scores.softmax(-1)
    return (weights[..., None] * keys).sum(1), weights


@mistake("additive attention step", r"quer|W1|W₁")
def step_without_the_query(query, keys, mask, W1, W2, w):
    scores = (torch.tanh(keys @ W2) @ w).masked_fill(~mask, -torch.inf)
    weights = scores.softmax(-1)
    return (weights[:, None] @ keys)[:, 0], weights


# ---- 4: positions


@mistake("self-attention", r"√d|size of (a|the) quer|√D|D\b")
def scaled_by_the_model_size(X, WQ, WK, WV):
    Q, K, V = X @ WQ, X @ WK, X @ WV
    A = torch.softmax(Q @ K.T / math.sqrt(X.shape[1]), dim=-1)
    return A @ V, A


@mistake("self-attention", r"value|V\b|WV")
def averages_the_words_themselves(X, WQ, WK, WV):
    A = torch.softmax(X @ WQ @ (X @ WK).T / math.sqrt(WQ.shape[1]), dim=-1)
    return A @ X, A


@mistake("self-attention", r"column|axis|row")
def softmax_by_columns(X, WQ, WK, WV):
    A = torch.softmax(X @ WQ @ (X @ WK).T / math.sqrt(WQ.shape[1]), dim=0)
    return A @ (X @ WV), A


@mistake("sinusoidal encoding", r"sin|cos|order|even|interleav|half|halves")
def halves_of_sines_and_cosines(length, model_size):
    angle = torch.arange(length)[:, None] * 10000.0 ** (-torch.arange(0, model_size, 2) / model_size)
    return torch.cat([angle.sin(), angle.cos()], dim=-1)


@mistake("sinusoidal encoding", r"sin|cos")
def cosine_first(length, model_size):
    angle = torch.arange(length)[:, None] * 10000.0 ** (-torch.arange(0, model_size, 2) / model_size)
    return torch.stack([angle.cos(), angle.sin()], dim=-1).flatten(1)


@mistake("sinusoidal encoding", r"2j|exponent|frequenc|twice|pair")
def exponent_without_the_two(length, model_size):
    angle = torch.arange(length)[:, None] * 10000.0 ** (-torch.arange(model_size // 2) / model_size)
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(1)


@mistake("sinusoidal encoding", r"from 1|from 0|position|counted|start")
def positions_from_one(length, model_size):
    angle = torch.arange(1, length + 1)[:, None] * 10000.0 ** (-torch.arange(0, model_size, 2) / model_size)
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(1)


# ---- 6: BERT


@mistake("bert input", r"segment")
def separator_in_the_second_segment(first, second, cls, sep, pad, length):
    ids = [cls, *first, sep, *second, sep]
    segments = [0] * (len(first) + 1) + [1] * (len(second) + 2)
    rest = length - len(ids)
    mask = [True] * len(ids) + [False] * rest
    return torch.tensor(ids + [pad] * rest), torch.tensor(segments + [0] * rest), torch.tensor(mask)


@mistake("bert input", r"SEP|sep|end")
def no_separator_at_the_end(first, second, cls, sep, pad, length):
    ids = [cls, *first, sep, *second]
    segments = [0] * (len(first) + 2) + [1] * len(second)
    rest = length - len(ids)
    mask = [True] * len(ids) + [False] * rest
    return torch.tensor(ids + [pad] * rest), torch.tensor(segments + [0] * rest), torch.tensor(mask)


@mistake("embedding sum", r"position")
def no_positions(ids, segments, words, kinds, places):
    return words[ids] + kinds[segments]


@mistake("embedding sum", r"segment")
def no_segments(ids, segments, words, kinds, places):
    return words[ids] + places[: ids.shape[1]]


@mistake("low-rank change", r"α|alpha|scale")
def without_a_scale(W, B, A, alpha):
    return W + torch.matmul(B, A)


@mistake("masked language model loss", r"asked|−100|-100|divid|how many|count")
def mlm_over_all_positions(logits, labels):
    return F.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="sum") / labels.numel()


@mistake("answer span", r"first ≤ last|before|last")
def two_argmaxes(start_logits, end_logits, allowed):
    first = start_logits.masked_fill(~allowed, -torch.inf).argmax().item()
    last = end_logits.masked_fill(~allowed, -torch.inf).argmax().item()
    return first, last


@mistake("answer span", r"allowed|text")
def answers_anywhere(start_logits, end_logits, allowed):
    table = (start_logits[:, None] + end_logits).triu()
    table = table.masked_fill(~torch.ones_like(table).triu().bool(), -torch.inf)
    best = table.argmax().item()
    return best // len(start_logits), best % len(start_logits)


@mistake("bottleneck adapter", r"residual|add|\+ x|x \+")
def adapter_without_a_residual(x, W_down, b_down, W_up, b_up):
    return F.gelu(x @ W_down + b_down) @ W_up + b_up


@mistake("bottleneck adapter", r"GELU|gelu|ReLU|relu")
def adapter_with_relu(x, W_down, b_down, W_up, b_up):
    return x + torch.relu(x @ W_down + b_down) @ W_up + b_up


# ---- 7: GPT


@mistake("next token targets", r"follow|next|shift|same|place")
def targets_are_the_inputs(ids):
    return ids[:, :-1], ids[:, :-1]


@mistake("next token targets", r"order|exchanged|(other|wrong) way|place")
def inputs_from_the_second(ids):
    return ids[:, 1:], ids[:, :-1]


@mistake("bits per character", r"ln 2|log|nats|bits|2")
def nats_per_character(loss, tokens, characters):
    return loss * tokens / characters


@mistake("bits per character", r"tokens|characters|other way|upside")
def ratio_upside_down(loss, tokens, characters):
    return loss / math.log(2) * characters / tokens


@mistake("temperature", r"divid|multipl|cold|low")
def temperature_multiplies(logits, temperature):
    if temperature == 0:
        return F.one_hot(logits.argmax(-1), logits.shape[-1]).float()
    return (logits * temperature).softmax(-1)


@mistake("temperature", r"NaN|0\b|zero")
def no_temperature_zero(logits, temperature):
    return torch.softmax(logits / temperature, dim=-1)


@mistake("top-p", r"cross|reach")
def the_crossing_one_is_dropped(logits, top_p):
    p, order = logits.softmax(-1).sort(-1, descending=True)
    p = p * (p.cumsum(-1) <= top_p)
    p = p / p.sum(-1, keepdim=True)
    return torch.zeros_like(p).scatter(-1, order, p)


@mistake("top-p", r"sum to 1|divide|normalis")
def nucleus_not_normalised(logits, top_p):
    p, order = logits.softmax(-1).sort(-1, descending=True)
    p = p * (p.cumsum(-1) - p < top_p)
    return torch.zeros_like(p).scatter(-1, order, p)


@mistake("top-p", r"place|order|sort")
def nucleus_stays_sorted(logits, top_p):
    p = logits.softmax(-1).sort(-1, descending=True).values
    p = p * (p.cumsum(-1) - p < top_p)
    return p / p.sum(-1, keepdim=True)


@mistake("top-k", r"logit|softmax|−∞")
def the_others_have_logit_zero(logits, top_k):
    values, where = logits.topk(min(top_k, logits.shape[-1]), dim=-1)
    return torch.zeros_like(logits).scatter(-1, where, values).softmax(-1)


@mistake("bpe merge", r"how often|count|occur|number|times")
def pairs_are_counted_once_for_each_word(words):
    counts = Counter(pair for pieces in words for pair in zip(pieces, pieces[1:], strict=False))
    pair = max(counts, key=counts.get)
    return pair, joined_in_all(words, pair)


@mistake("bpe merge", r"wherever|every|all|first|once")
def joined_only_once_in_a_word(words):
    counts = Counter()
    for pieces, times in words.items():
        for pair in zip(pieces, pieces[1:], strict=False):
            counts[pair] += times
    pair, after = max(counts, key=counts.get), {}
    for pieces, times in words.items():
        pieces = list(pieces)
        for i in range(len(pieces) - 1):
            if (pieces[i], pieces[i + 1]) == pair:
                pieces[i : i + 2] = ["".join(pair)]
                break
        after[tuple(pieces)] = times
    return pair, after


def joined_in_all(words, pair):
    after = {}
    for pieces, times in words.items():
        out, i = [], 0
        while i < len(pieces):
            both = pieces[i : i + 2] == pair
            out.append("".join(pair) if both else pieces[i])
            i += 2 if both else 1
        after[tuple(out)] = times
    return after


def heads_of(x, heads):
    return x.reshape(x.shape[0], heads, -1)[:, :, None]


@mistake("causal attention step", r"own|append|cache|itself|new")
def attends_to_the_old_ones_only(x, keys, values, Wq, Wk, Wv, Wo):
    q, k, v = (heads_of(x @ W, keys.shape[1]) for W in (Wq, Wk, Wv))
    weights = (q @ keys.mT / keys.shape[-1] ** 0.5).softmax(-1)
    keys_now, values_now = torch.cat([keys, k], 2), torch.cat([values, v], 2)
    return (weights @ values).flatten(1) @ Wo, keys_now, values_now


@mistake("causal attention step", r"√d|size of a head|scal|root")
def step_scaled_by_the_model_size(x, keys, values, Wq, Wk, Wv, Wo):
    q, k, v = (heads_of(x @ W, keys.shape[1]) for W in (Wq, Wk, Wv))
    keys, values = torch.cat([keys, k], 2), torch.cat([values, v], 2)
    weights = (q @ keys.mT / x.shape[-1] ** 0.5).softmax(-1)
    return (weights @ values).flatten(1) @ Wo, keys, values


@mistake("causal attention step", r"Wo|project|joined|mix")
def step_without_the_last_projection(x, keys, values, Wq, Wk, Wv, Wo):
    q, k, v = (heads_of(x @ W, keys.shape[1]) for W in (Wq, Wk, Wv))
    keys, values = torch.cat([keys, k], 2), torch.cat([values, v], 2)
    weights = (q @ keys.mT / keys.shape[-1] ** 0.5).softmax(-1)
    return (weights @ values).flatten(1), keys, values


@mistake("induction score", r"after|next|follow|\+ 1|token")
def the_copy_itself(weights, half):
    i = torch.arange(half)
    return weights[:, :, i + half, i].mean((0, 2))


@mistake("induction score", r"second half|first half|quer|half")
def mean_over_both_halves(weights, half):
    i = torch.arange(half)
    return weights[:, :, i + half, i + 1].sum((0, 2)) / (2 * half * len(weights))


# ---- right answers in unusual styles


@right("weighted average")
def with_numpy(weights, values):
    return numpy.average(values.numpy(), weights=weights.numpy())


@right("weighted average")
def running_sums(weights, values):
    above = below = 0.0
    for w, v in zip(weights.tolist(), values.tolist(), strict=True):
        above, below = above + w * v, below + w
    return above / below


@right("gaussian kernel")
def a_normal_distribution(distance, width=1.0):
    normal = torch.distributions.Normal(0.0, float(width))
    return (normal.log_prob(distance) - normal.log_prob(torch.zeros(()))).exp()


@right("gaussian kernel")
def powers_of_e(distance, width=1.0):
    return math.e ** (-0.5 * distance * distance / width**2)


@right("attention pooling")
def a_softmax_of_squares(queries, keys, values, width=1.0):
    A = F.softmax(torch.cdist(queries[:, None], keys[:, None]) ** 2 / (-2 * width**2), dim=1)
    return torch.einsum("qk,k->q", A, values), A


@right("attention pooling")
def query_by_query(queries, keys, values, width=1.0):
    rows = [torch.exp(-0.5 * ((q - keys) / width) ** 2) for q in queries]
    rows = [row / sum(row) for row in rows]
    return torch.stack([row.dot(values) for row in rows]), torch.stack(rows)


@right("stable masked softmax")
def by_logsumexp(scores, mask):
    hidden = torch.where(mask, scores, -torch.inf)
    total = torch.logsumexp(hidden, -1, keepdim=True)
    return torch.where(total == -torch.inf, 0.0, torch.exp(hidden - total))


@right("stable masked softmax")
def with_a_place_to_put_it(scores, mask):
    mask = mask.expand(scores.shape)
    weights = torch.zeros_like(scores)
    for place in numpy.ndindex(*scores.shape[:-1]):
        real = mask[place]
        if real.any():
            weights[place][real] = scores[place][real].softmax(0)
    return weights


@right("leave-one-out mask")
def by_comparison(size):
    return torch.arange(size)[:, None] != torch.arange(size)


@right("leave-one-out mask")
def row_by_row(size):
    return [[i != j for j in range(size)] for i in range(size)]


@right("scaled dot-product score")
def baddbmm(queries, keys):
    zero = torch.zeros(len(queries), queries.shape[1], keys.shape[1])
    return torch.baddbmm(zero, queries, keys.mT, alpha=queries.shape[-1] ** -0.5)


@right("general score")
def bilinear(queries, keys, W):
    return torch.einsum("bqi,ij,bkj->bqk", queries, W, keys)


@right("additive score")
def linear_layers(queries, keys, W1, W2, b, w):
    hidden = F.linear(queries, W1, b).unsqueeze(-2) + F.linear(keys, W2)
    return F.linear(hidden.tanh(), w[None]).squeeze(-1)


@right("padding and causal mask")
def by_three_loops(lengths, size):
    return [[[j <= i and j < n for j in range(size)] for i in range(size)] for n in lengths.tolist()]


@right("scaled dot-product attention")
def torch_own(queries, keys, values, mask):
    B, K = keys.shape[:2]
    table = torch.eye(K).expand(B, K, K)
    weights = torch.nan_to_num(F.scaled_dot_product_attention(queries, keys, table, attn_mask=mask))
    return torch.bmm(weights, values), weights


@right("linear attention")
def one_query_at_a_time(phi_q, phi_k, values):
    state = sum(torch.outer(k, v) for k, v in zip(phi_k, values, strict=True))
    norm = phi_k.sum(0)
    return torch.stack([(q @ state) / (q @ norm) for q in phi_q])


@right("recurrent network")
def by_recursion(words, Wx, Wh):
    if len(words) == 1:
        return torch.tanh(words @ Wx)
    before = by_recursion(words[:-1], Wx, Wh)
    return torch.cat([before, torch.tanh(words[-1:] @ Wx + before[-1:] @ Wh)])


@right("recurrent network")
def torch_rnn(words, Wx, Wh):
    network = torch.nn.RNN(*Wx.shape, bias=False, batch_first=True)
    network.load_state_dict({"weight_ih_l0": Wx.T, "weight_hh_l0": Wh.T})
    return network(words[None])[0][0].detach()


@right("masked loss")
def one_log_sum(logits, target, mask):
    right_ones = logits.gather(-1, target[..., None])[..., 0]
    return ((logits.logsumexp(-1) - right_ones) * mask).sum() / mask.sum()


@right("masked loss")
def ignored_targets(logits, target, mask):
    return F.cross_entropy(logits.mT, target.masked_fill(~mask, -100))


@right("greedy loop")
def a_generator_behind_it(step, state, bos, eos, max_length):
    def words():
        word, now = bos, state
        while True:
            logits, now = step(word, now)
            word = max(range(len(logits)), key=logits.tolist().__getitem__)
            yield word

    ids = []
    for word in words():
        if word == eos or len(ids) == max_length:
            break
        ids.append(word)
    return ids[:max_length]


@right("additive attention step")
def broadcast_the_other_way(query, keys, mask, W1, W2, w):
    hidden = torch.tanh(torch.einsum("bd,dh->bh", query, W1)[:, None] + torch.einsum("bkd,dh->bkh", keys, W2))
    weights = torch.where(mask, (hidden * w).sum(-1), -1e30).softmax(-1)
    return torch.einsum("bk,bkd->bd", weights, keys), weights


@right("self-attention")
def one_matrix_for_the_scores(X, WQ, WK, WV):
    scores = X @ (WQ @ WK.T) @ X.T * WQ.shape[-1] ** -0.5
    A = (scores - scores.amax(-1, keepdim=True)).exp()
    A = A / A.sum(-1, keepdim=True)
    return A @ X @ WV, A


@right("sinusoidal encoding")
def by_complex_numbers(length, model_size):
    w = 10000.0 ** (-torch.arange(0, model_size, 2, dtype=torch.float64) / model_size)
    turned = torch.polar(torch.ones(()).double(), torch.arange(length)[:, None] * w)
    return torch.view_as_real(turned).flip(-1).flatten(1)


@right("bert input")
def filled_from_the_start(first, second, cls, sep, pad, length):
    ids = torch.full((length,), pad)
    real = [cls] + list(first) + [sep] + list(second) + [sep]
    ids[: len(real)] = torch.tensor(real)
    mask = torch.arange(length) < len(real)
    segments = ((torch.arange(length) > len(first) + 1) & mask).long()
    return ids, segments, mask


@right("embedding sum")
def by_one_hot(ids, segments, words, kinds, places):
    x = F.one_hot(ids, len(words)).float() @ words + places[torch.arange(ids.shape[1])]
    return x + (1 - segments[..., None]) * kinds[0] + segments[..., None] * kinds[1]


@right("low-rank change")
def number_by_number(W, B, A, alpha):
    change = (B[:, :, None] * A[None]).sum(1)
    return torch.add(W, change, alpha=alpha / len(A))


@right("answer span")
def by_a_search(start_logits, end_logits, allowed):
    ids = [i for i, ok in enumerate(allowed.tolist()) if ok]
    return max(((i, j) for i in ids for j in ids if i <= j), key=lambda ij: start_logits[ij[0]] + end_logits[ij[1]])


@right("bits per character")
def by_a_perplexity(loss, tokens, characters):
    return math.log2(math.exp(loss)) / (characters / tokens)


@right("temperature")
def a_limit_in_double(logits, temperature):
    if not temperature:
        best = torch.zeros_like(logits)
        return best.scatter_(-1, logits.argmax(-1, keepdim=True), 1.0)
    return torch.special.softmax(logits.double() / temperature, -1)


@right("top-p")
def word_by_word(logits, top_p):
    flat = logits.reshape(-1, logits.shape[-1]).softmax(-1)
    kept = torch.zeros_like(flat)
    for p, out in zip(flat, kept, strict=True):
        total = 0.0
        for i in p.argsort(descending=True):
            if total >= top_p:
                break
            out[i] = p[i]
            total += p[i].item()
    return (kept / kept.sum(-1, keepdim=True)).reshape(logits.shape)


@right("bpe merge")
def counted_by_reduce(words):
    def add(counts, item):
        pieces, times = item
        for pair in zip(pieces, pieces[1:], strict=False):
            counts[pair] = counts.get(pair, 0) + times
        return counts

    counts = functools.reduce(add, words.items(), {})
    pair = sorted(counts, key=lambda pair: -counts[pair])[0]
    return pair, joined_in_all(words, pair)


@right("causal attention step")
def by_einsum(x, keys, values, Wq, Wk, Wv, Wo):
    B, H, _, d = keys.shape
    q, k, v = (torch.einsum("bd,de->be", x, W).unflatten(-1, (H, d)) for W in (Wq, Wk, Wv))
    keys, values = torch.cat((keys, k.unsqueeze(2)), 2), torch.cat((values, v.unsqueeze(2)), 2)
    weights = torch.einsum("bhd,bhpd->bhp", q, keys).div(d**0.5).softmax(-1)
    return torch.einsum("bhp,bhpd->bhd", weights, values).reshape(B, H * d) @ Wo, keys, values


@right("induction score")
def by_diagonals(weights, half):
    below = weights[:, :, half:, :].diagonal(offset=1, dim1=-2, dim2=-1)[..., :half]
    return below.mean((0, -1))


# ---- what is measured


@pytest.fixture(scope="module", autouse=True)
def known():
    load()


@functools.cache
def told(number):
    """The verdict on a mistake, and whether it names it."""
    name, says, answer = MISTAKES[number]
    verdict = check(name, answer)
    return verdict, bool(re.search(says, verdict.text))


def test_there_are_enough_of_them():
    assert len(MISTAKES) >= 60 and len({name for name, _, _ in MISTAKES}) >= 20 and len(RIGHT) >= 30


def test_mistakes_are_wrong_and_nearly_all_are_named():
    assert {told(i)[0].state for i in range(len(MISTAKES))} == {"wrong"}
    unnamed = [f"{MISTAKES[i][2].__name__}: {told(i)[0].text}" for i in range(len(MISTAKES)) if not told(i)[1]]
    assert len(unnamed) <= 0.05 * len(MISTAKES), unnamed


def test_hardly_any_is_taken_for_another():
    misled = [told(i)[0].text for i in range(len(MISTAKES)) if told(i)[0].known and not told(i)[1]]
    assert len(misled) <= 0.01 * len(MISTAKES), misled


@pytest.mark.parametrize(("name", "answer"), RIGHT, ids=lambda x: getattr(x, "__name__", x))
def test_what_is_right_is_right_in_any_style(name, answer):
    verdict = check(name, answer)
    assert verdict.right, verdict.text
