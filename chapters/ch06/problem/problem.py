"""Sixty-four labels · 60 minutes

Somebody sorts pieces of sentences into two kinds, 0 and 1. In each piece one word is covered, and the kind is which of
two words it was, such as one or two. The two are never named, and change each time. You get 64 pieces with labels, and
bert-prose. They are from lessons of this course, which bert-prose, a reader of old novels, has never read. Write
classify, which says the kind of 100 more. (told() below has pieces to try yours on; those that you are judged by stand
in no lesson of today.)

    bert      BertForPreTraining of the lesson, in evaluation mode, a copy of your own: change it if you like.
              bert.bert(ids, None, ids != 0).hidden [B, T, D], bert.words(vectors [..., D]) -> logits [..., V]
    ids       [64, 14]: [CLS] (2), 5 to 12 tokens, [SEP] (3), padding (0). One of them is [MASK] (4), not always at the
              same place
    labels    [64], zeros and ones, 32 of each, shuffled
    new       [100, 14], as ids
    -> the kinds of the new ones, 100 zeros and ones

Over eight pairs of words 78 % have to be right. A layer on the vector of [CLS] has about 62 %, and a linear model of
the words and their neighbours, without bert-prose, about 65. All eight may take 60 seconds together.

Judge it:  course problem 06   (or: pytest, in this folder)
"""

import functools

import torch

from course_kit import data
from course_kit.checkpoints import load_checkpoint

PAD, CLS, SEP, MASK = 0, 2, 3, 4
loaded = functools.cache(load_checkpoint)  # once for all pairs


@functools.cache
def told():
    """Sentences of lessons, each once, in pieces of 5 to 12 tokens: ids [N, 14], [CLS] first, [SEP] last."""
    encode, sentences = loaded("bert-prose").tokenizer.encode, data.load("lesson_sentences")
    cut = [ids[n : n + 12] for ids in map(encode, sentences) for n in range(0, len(ids), 12)]
    pieces = [torch.tensor([CLS, *ids, SEP]) for ids in cut if len(ids) >= 5]
    return torch.nn.utils.rnn.pad_sequence(pieces, batch_first=True, padding_value=PAD)


def sentences(words=("one", "two"), each=82, seed=0):
    """Of each word so many pieces to try yours on -> ids [2 * each, 14], labels, shuffled"""
    draw, found = torch.Generator().manual_seed(seed), []
    for number in map(loaded("bert-prose").tokenizer.words.index, words):
        here = told() == number
        known = told().masked_fill(here, MASK)[(here.sum(1) == 1) & ~here[:, 1]]
        found.append(known[torch.randperm(len(known), generator=draw)[:each]])
    order = torch.randperm(2 * each, generator=draw)
    return torch.cat(found)[order], torch.arange(2).repeat_interleave(each)[order]


def classify(bert, ids, labels, new):
    """-> the kinds of `new`: 100 zeros and ones, a list or a tensor"""
    raise NotImplementedError
