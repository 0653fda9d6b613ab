"""A checker that cannot be cheated · 45 minutes

A model that is trained with a check learns to write what the check lets through. lenient below is content if the right
sum is among the words of an answer. Run practise(lenient): soon the policy writes every number that could be the sum.
When it adds, it errs three times out of ten; when it writes them all, lenient finds the right one each time.

Write check(a, b, text) for the question a+b, two whole numbers of up to 12 digits, and a text that a model wrote. It
says True if the text is a right answer, and False for every other text, whatever it may be. A right answer is

    the result alone    a space, the sum, a new line               " 85\\n"                           to 37+48
    or a draft          a space, the steps, a space, the sum,      " 7+8=15 3+4+1=8 85\\n"            to 37+48
                        a new line; between steps a space          " 7+5=12 0+6+1=7 3+0=3 372\\n"     to 307+65

A draft has a step for each digit of the longer number, from the last digit to the first; the shorter number has zeros
there. A step adds a digit of each number and the carry from the step before, digits alone, and says what they are
together. The digits and the carry may have any order ("1+4+3=8"). A carry of 0 may be written or not ("3+0=3" or
"3+0+0=3"); the first step has no carry, and there it may be written as 0, too. Numbers are written with 0 to 9 and
without zeros in front.

No text may stop the checker with an error, and none may keep it for more than a second.

Judge it:  course problem 09   (or: pytest, in this folder)
"""

import random

import torch


def lenient(a, b, text):
    return str(a + b) in text.split()


def adds(a, b, draw):
    """Adds, and errs three times out of ten."""
    return f" {a + b + 10 * (draw.random() < 0.3)}\n"


def counts(a, b, draw):
    """Every number that two numbers below 100 can give."""
    return " " + " ".join(str(n) for n in range(199)) + "\n"


WAYS = [adds, counts]


def practise(check, ways=WAYS, steps=60, seed=0):
    """Train a policy over ways of answering, as by hand in the lesson -> {way: its share after the training}"""
    draw, z = random.Random(seed), torch.zeros(len(ways), requires_grad=True)
    for _ in range(steps):
        a, b = draw.randrange(100), draw.randrange(100)
        chosen = draw.choices(range(len(ways)), z.softmax(0).tolist(), k=8)
        r = torch.tensor([float(check(a, b, ways[i](a, b, draw))) for i in chosen])
        A = (r - r.mean()) / (r.std() + 1e-4)
        loss = -(A * z.log_softmax(0)[chosen]).mean()
        (slope,) = torch.autograd.grad(loss, z)
        z = (z - slope).detach().requires_grad_()
    return {way.__name__: round(share, 2) for way, share in zip(ways, z.softmax(0).tolist(), strict=True)}


def check(a, b, text):
    """-> True, if the text is a right answer to a+b; else False"""
    raise NotImplementedError
