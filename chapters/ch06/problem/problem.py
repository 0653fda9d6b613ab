"""Sixty-four labels · 60 minutes

Somebody sorts sentences of Sherlock Holmes into two kinds, 0 and 1, and does not say why. In each sentence one word is
covered, and the kind is which of two words it was, such as him or her. The two are never named, and change each time.
You get 64 sentences with labels, and bert-prose, which has never read this book. Write classify, which says the kind of
100 more sentences.

    bert      BertForPreTraining of the lesson, in evaluation mode, a copy of your own: change it if you like.
              bert.bert(ids).hidden [B, T, D], bert.words(vectors [..., D]) -> logits [..., V]
    ids       [64, 23]: [CLS] (2), 21 tokens, [SEP] (3). One of them is [MASK] (4), and not always at the same place
    labels    [64], zeros and ones, 32 of each, shuffled
    new       [100, 23], as ids
    -> the kinds of the new ones, 100 zeros and ones

Over eight pairs of words you may have at most 5 points less than bert-prose itself has when it is told the two words,
and takes the likelier one at the hole: that is about 80 %. A layer on the vector of [CLS] has about 64 %. All eight
may take 60 seconds together.

Judge it:  course problem 06   (or: pytest, in this folder)
"""

import functools

import torch

from course_kit import data
from course_kit.checkpoints import load_checkpoint

CLS, SEP, MASK = 2, 3, 4


@functools.cache
def book():
    """The whole book in numbers, and its words."""
    tokenizer = load_checkpoint("bert-prose").tokenizer
    return torch.tensor(tokenizer.encode(data.book())), tokenizer.words


def sentences(words=("him", "her"), each=82, seed=0):
    """Of each word so many sentences to try yours on -> ids [2 * each, 23], labels, shuffled"""
    draw, (text, known), found = torch.Generator().manual_seed(seed), book(), []
    for word in words:
        places = (text[20:-20] == known.index(word)).nonzero().flatten() + 20
        places = places[torch.randperm(len(places), generator=draw)[:each]]
        first = torch.randint(6, 15, (len(places),), generator=draw)  # so far before the hole it begins
        ids = text[(places - first)[:, None] + torch.arange(21)]
        ids[torch.arange(len(ids)), first] = MASK
        found.append(torch.nn.functional.pad(ids, (1, 1), value=SEP))
        found[-1][:, 0] = CLS
    order = torch.randperm(sum(map(len, found)), generator=draw)
    labels = torch.cat([torch.full((len(ids),), kind) for kind, ids in enumerate(found)])
    return torch.cat(found)[order], labels[order]


def classify(bert, ids, labels, new):
    """-> the kinds of `new`: 100 zeros and ones, a list or a tensor"""
    raise NotImplementedError
