"""Forty patients · 45 minutes

Forty Transformers come to you, as black boxes, untrained: weights are random. Some are healthy, each of the others has
one or two of these faults:

    future          a word of the target is computed with words that come after it
    padding         what stands in the padding of the source counts
    no source       the decoder does not read the source at all
    source order    the encoder is not told where a word stands
    target order    the decoder is not told where a word stands (it still sees only the words up to each)
    rows mix        one row of a batch changes what comes out for another
    dropout         after model.eval() it still drops at random

Write diagnose(model), which returns the set of a model's faults, by giving it inputs and comparing what comes out:

    model(source, target, mask)    source [B, S] and target [B, T]: whole numbers from 0 to 19
                                   mask [B, S]: True = a real word, False = padding
                                   -> logits [B, T, 20]

Look at nothing inside: a model is called, and has eval() and train(), no more. It arrives in training mode. No fault
hides another: a model without source has no other fault of the source, and one that drops has none of order.

Judge it:  course problem 05   (or: pytest, in this folder)
"""

import torch

from course_utils.transformer import Transformer, TransformerConfig


def healthy(number=0):
    """A healthy patient to try yours on; break it yourself, one fault at a time."""
    torch.manual_seed(number)
    return Transformer(TransformerConfig(20, 20, size=16, layers=2, heads=2, hidden=32, dropout=0.1))


def diagnose(model):
    """A model -> the set of its faults, such as {"future", "rows mix"}; set() for a healthy one."""
    raise NotImplementedError
