"""What `solution` shows in chapter 3: short answers in the exercises' own words.

Sizes: B batch, K source words, T target words, D features, h of the score, V words of the vocabulary.
"""

from collections import Counter

import torch

from course_utils.attention import masked_softmax


def read(words, Wx, Wh):
    """words [T, E], Wx [E, D], Wh [D, D] -> states [T, D]."""
    state, states = torch.zeros(len(Wh)), []
    for word in words:
        state = torch.tanh(word @ Wx + state @ Wh)  # [D]
        states.append(state)
    return torch.stack(states)


def masked_loss(logits, target, mask):
    """logits [B, T, V], target [B, T], mask [B, T] bool, True = a real word -> one number."""
    log_p = logits.log_softmax(-1)  # [B, T, V]
    right = log_p.gather(-1, target[..., None])[..., 0]  # [B, T]
    return -right[mask].mean()


def look_back(query, keys, mask, W1, W2, w):
    """query [B, Dq], keys [B, K, Dk], mask [B, K], W1 [Dq, h], W2 [Dk, h], w [h] -> context [B, Dk], weights [B, K]."""
    scores = torch.tanh((query @ W1)[:, None] + keys @ W2) @ w  # [B, K]
    weights = masked_softmax(scores, mask)
    return (weights[:, None] @ keys)[:, 0], weights


def swapped(states, contexts, output):
    """states [N, D], contexts [N, D], output: [..., 2D] -> [..., V]; -> logits [N, N, V]."""
    N = len(states)
    mine = states[:, None].expand(-1, N, -1)  # [N, N, D], the same along a row
    theirs = contexts[None].expand(N, -1, -1)  # [N, N, D], the same along a column
    return output(torch.cat([mine, theirs], -1))


def decoder_step(word, state, keys, mask, E, Wx, Ws, Wo):
    """word [B], state [B, D], keys [B, K, D], mask [B, K], E [V, D], Wx [2D, D], Ws [D, D], Wo [2D, V]
    -> logits [B, V], new state [B, D]."""
    weights = masked_softmax((state[:, None] @ keys.mT)[:, 0], mask)  # [B, K]
    context = (weights[:, None] @ keys)[:, 0]  # [B, D]
    new = torch.tanh(torch.cat([E[word], context], -1) @ Wx + state @ Ws)
    return torch.cat([new, context], -1) @ Wo, new


def greedy(step, state, bos, eos, max_length):
    """step(word, state) -> (logits [V], state) -> the ids written, without bos and eos."""
    ids, word = [], bos
    while len(ids) < max_length and word != eos:
        logits, state = step(word, state)
        word = int(logits.argmax())
        ids += [word] if word != eos else []
    return torch.tensor(ids)


def clipped(candidate, reference, n):
    """Two lists of words, n -> (matches, total)."""
    ours = Counter(tuple(candidate[i : i + n]) for i in range(len(candidate) - n + 1))
    theirs = Counter(tuple(reference[i : i + n]) for i in range(len(reference) - n + 1))
    return (ours & theirs).total(), ours.total()
