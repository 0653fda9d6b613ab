"""Sixty-four labels · 60 minutes

Somebody sorts sentences into two kinds, 0 and 1. In each sentence one word is covered, and the kind is which of two
words it was, such as me or him. The two are never named, and change each time. You get 64 sentences with labels, and
bert-prose. The sentences are from Sherlock Holmes, which bert-prose has read, but never with these labels. Write
classify, which says the kind of 100 more sentences.

    bert      BertForPreTraining of the lesson, in evaluation mode, a copy of your own: change it if you like.
              bert.bert(ids, None, ids != 0).hidden [B, T, D], bert.words(vectors [..., D]) -> logits [..., V]
    ids       [64, 26]: [CLS] (2), 5 to 24 tokens, [SEP] (3), padding (0). One of them is [MASK] (4), not always at the
              same place
    labels    [64], zeros and ones, 32 of each, shuffled
    new       [100, 26], as ids
    -> the kinds of the new ones, 100 zeros and ones

Over eight pairs of words 68 % have to be right. A layer on the vector of [CLS] has about 57 %, and a linear model of
the words and their neighbours, without bert-prose, about 64. All eight may take 60 seconds together.

Judge it:  course problem 06   (or: pytest, in this folder)
"""

import functools
import re

import torch

from course_kit.checkpoints import load_checkpoint
from course_kit.data import book

PAD, CLS, SEP, MASK = 0, 2, 3, 4


@functools.cache
def told():
    """The ids [T] of the book's sentences of 5 to 24 tokens, each once."""
    every = dict.fromkeys(re.split(r"(?<=[.?!:;])\s+", book()))
    encoded = map(load_checkpoint("bert-prose").tokenizer.encode, every)
    return [torch.tensor(ids) for ids in encoded if 5 <= len(ids) <= 24]


def sentences(words=("me", "him"), each=82, seed=0):
    """Of each word so many sentences to try yours on -> ids [2 * each, 26], labels, shuffled"""
    draw, found = torch.Generator().manual_seed(seed), []
    for number in map(load_checkpoint("bert-prose").tokenizer.words.index, words):
        known = [ids for ids in told() if (ids == number).sum() == 1]
        for n in torch.randperm(len(known), generator=draw)[:each].tolist():
            ids = torch.cat([torch.tensor([CLS]), known[n].masked_fill(known[n] == number, MASK), torch.tensor([SEP])])
            found.append(torch.nn.functional.pad(ids, (0, 26 - len(ids)), value=PAD))
    order = torch.randperm(len(found), generator=draw)
    return torch.stack(found)[order], torch.arange(2).repeat_interleave(each)[order]


def classify(bert, ids, labels, new):
    """-> the kinds of `new`: 100 zeros and ones, a list or a tensor"""
    raise NotImplementedError
