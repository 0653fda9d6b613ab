"""What I wrote in chapter 6."""

import torch


def mask_tokens(ids, special_mask, vocab, mask_id, generator=None):
    dice = torch.rand(ids.shape, generator=generator)
    chosen = (dice < 0.15) & ~special_mask
    second = torch.rand(ids.shape, generator=generator)
    other = torch.randint(vocab, ids.shape, generator=generator)
    labels = ids.clone()
    labels[~chosen] = -100
    read = ids.clone()
    read[chosen & (second < 0.8)] = mask_id
    random = chosen & (second >= 0.9)
    read[random] = other[random]
    return read, labels


def embed(ids, segments, words, kinds, places):
    return words[ids] + kinds[segments] + places[: ids.shape[1]]
