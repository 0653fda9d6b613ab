"""A translation that must contain “noire” · 60 minutes

A client's cow is black, and without attention the lesson's translator forgets it. She wants *noire* in the translation,
wherever it fits best, and other clients want other words. A translator writes one token after another:

    model.step(sentence, written)    the source and the tokens so far, lists of whole numbers
                                     -> log-probabilities [V] of the token that comes next, as a tensor
    model.longest                    the most tokens that a translation may have, END among them

Token 0 is END: it stands once, as the last. The sum of the log-probabilities of all tokens, END among them, is the
score of a translation. Write translate_with, which finds one that contains the word, with as high a score as you can:

    contains     always, and never ends before the word is there
    tiny         5 tokens, 5 long: in 95 of 100 the best of all that contain the word; a beam of 8 finds it in 99
    long         12 to 40 long: in 22 of 24 at least as good as greedy, with the word at its best place: greedy up to a
                 place, the word, greedy from there on, for each place, and the best of these
    translator   the lesson's own, 3 sentences: at least as good as its greedy translation with the word put in at its
                 best place, the other tokens as they are
    noire        the black cow, too tired and too wide, by the lesson's translator without attention: as in translator.
                 Look where it puts her colour: a search finds what a model finds likely, and no more

You may call step 20 * model.longest times for a sentence: too few to try everything.

Judge it:  course problem 03   (or: pytest, in this folder)
"""

import torch

END = 0


class Toy:
    """A translator to try yours on: random tables for the place, the token before and each word of the source."""

    def __init__(self, tokens=5, longest=5, seed=0):
        draw = torch.Generator().manual_seed(seed)
        self.longest = longest
        self.tables = 2 * torch.randn(3, max(tokens, longest), tokens, generator=draw)

    def step(self, sentence, written):
        place, before, source = self.tables
        logits = place[len(written)] + before[written[-1] if written else END] + source[sentence].mean(0)
        return logits.log_softmax(0)


def translate_with(model, sentence, word):
    """-> a list of tokens, ended by END, with the word (never END itself) in it"""
    raise NotImplementedError
