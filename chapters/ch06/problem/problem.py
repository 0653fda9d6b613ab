"""Sixty-four labels · 60 minutes

Somebody sorts sentences into two kinds, 0 and 1. In each sentence one word is covered, and the kind is which of two
words it was, such as him or her. The two are never named, and change each time. You get 64 sentences with labels, and
bert-prose. The sentences are from our short stories, which bert-prose has never read. Write classify, which says the
kind of 100 more sentences.

    bert      BertForPreTraining of the lesson, in evaluation mode, a copy of your own: change it if you like.
              bert.bert(ids, None, ids != 0).hidden [B, T, D], bert.words(vectors [..., D]) -> logits [..., V]
    ids       [64, 14]: [CLS] (2), 5 to 12 tokens, [SEP] (3), padding (0). One of them is [MASK] (4), not always at the
              same place
    labels    [64], zeros and ones, 32 of each, shuffled
    new       [100, 14], as ids
    -> the kinds of the new ones, 100 zeros and ones

Over eight pairs of words 82 % have to be right. A layer on the vector of [CLS] has about 75 %, and a
linear model of the words alone, without bert-prose, about 85. All eight may take 60 seconds together.

Judge it:  course problem 06   (or: pytest, in this folder)
"""

import functools

import torch

from course_kit.checkpoints import load_checkpoint
from course_kit.data import stories

PAD, CLS, SEP, MASK = 0, 2, 3, 4


@functools.cache
def told():
    """The sentences of all stories, each once: {its words: itself}."""
    every = (one for split in ("train", "valid", "test") for story in stories.load("stories", split) for one in
             story.sentences)  # fmt: skip
    return {tuple(one.lower().strip(".").split()): one for one in every}


def sentences(words=("him", "her"), each=82, seed=0):
    """Of each word so many sentences to try yours on -> ids [2 * each, 14], labels, shuffled"""
    draw, tokenizer, found = torch.Generator().manual_seed(seed), load_checkpoint("bert-prose").tokenizer, []
    for word in words:
        known, number = [one for text, one in told().items() if text.count(word) == 1], tokenizer.words.index(word)
        for n in torch.randperm(len(known), generator=draw).tolist():
            ids = torch.tensor(tokenizer.encode(known[n]))
            if 5 <= len(ids) <= 12 and (ids == number).sum() == 1:
                ids = torch.cat([torch.tensor([CLS]), ids.masked_fill(ids == number, MASK), torch.tensor([SEP])])
                found.append(torch.nn.functional.pad(ids, (0, 14 - len(ids)), value=PAD))
            if len(found) % each == 0 and found and len(found) // each == 1 + words.index(word):
                break
    order = torch.randperm(len(found), generator=draw)
    return torch.stack(found)[order], torch.arange(2).repeat_interleave(each)[order]


def classify(bert, ids, labels, new):
    """-> the kinds of `new`: 100 zeros and ones, a list or a tensor"""
    raise NotImplementedError
