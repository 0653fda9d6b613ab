"""Train short, read long · 60 minutes

A text is a row of letters, each with a digit: b7 a3 c0 a5 … At each place two questions are asked:

    so far back    which digit stood `back` places before?
    last time      which digit had this same letter when it last occurred, before this place?

Reader below answers them by one layer of causal attention with two heads. It is trained on rows of 16 and knows nothing
of places: that is yours. Write Positions, so that after the training it answers 90 % of each question right, in rows
of 16 and in new rows of 20, 32 and 64.

Positions has two methods, and you may leave either as it is: `add` may add something to the vector of each place,
`scores` may do what it likes to make scores of queries and keys. Later places are hidden afterwards, by the reader.
It may hold 8 numbers that are learned (parameters) and no more. How far back the first question asks, from 1 to 4, is
drawn anew when you are judged, twice: your positions have to learn it.

Try it:    print(right(trained(Positions(), back=3), back=3, length=64))
Judge it:  course problem 04   (or: pytest, in this folder)
"""

import torch
import torch.nn.functional as F
from torch import nn

LETTERS, DIGITS, NONE = 6, 10, -100  # NONE: this place has no answer


def draw(rows, length, back, generator):
    """-> letters and digits [B, T], answers [B, T, 2]"""
    letters = torch.randint(LETTERS, (rows, length), generator=generator)
    digits = torch.randint(DIGITS, (rows, length), generator=generator)
    places = torch.arange(length)
    same = (letters[:, :, None] == letters[:, None]).tril(-1)  # [B, T, T]
    last = torch.where(same, places, -1).amax(-1)  # [B, T]
    far = digits.roll(back, 1).masked_fill(places < back, NONE)
    again = digits.gather(1, last.clamp(min=0)).masked_fill(last < 0, NONE)
    return letters, digits, torch.stack([far, again], -1)


class Reader(nn.Module):
    """One layer of two heads; letters and digits [B, T] -> logits [B, T, 2, DIGITS]"""

    def __init__(self, positions, size=32):
        super().__init__()
        self.positions = positions
        self.letters, self.digits = nn.Embedding(LETTERS, size), nn.Embedding(DIGITS, size)
        self.query, self.key, self.value = (nn.Linear(size, 2 * size, bias=False) for _ in range(3))
        self.output = nn.Linear(2 * size, 2 * DIGITS)

    def forward(self, letters, digits):
        x = self.positions.add(self.letters(letters) + self.digits(digits))  # [B, T, D]
        B, T, D = x.shape
        q, k, v = (f(x).view(B, T, 2, D).transpose(1, 2) for f in (self.query, self.key, self.value))
        scores = self.positions.scores(q, k)  # [B, 2, T, T]
        later = torch.ones(T, T, dtype=torch.bool).triu(1)
        weights = scores.masked_fill(later, -torch.inf).softmax(-1)
        return self.output((weights @ v).transpose(1, 2).flatten(2)).view(B, T, 2, DIGITS)


def trained(positions, back, steps=200, seed=0):
    """A reader with these positions, trained on rows of 16: about a second."""
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    reader = Reader(positions)
    optimiser = torch.optim.Adam(reader.parameters(), lr=0.02)
    falling = torch.optim.lr_scheduler.LinearLR(optimiser, 1, 0, total_iters=steps)
    for _ in range(steps):
        letters, digits, answers = draw(64, 16, back, generator)
        loss = F.cross_entropy(reader(letters, digits).flatten(0, 2), answers.flatten(), ignore_index=NONE)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        falling.step()
    return reader


@torch.no_grad()
def right(reader, back, length, seed=1):
    """The shares of right answers in 200 new rows: (so far back, last time)"""
    letters, digits, answers = draw(200, length, back, torch.Generator().manual_seed(seed))
    found = (reader(letters, digits).argmax(-1) == answers).sum((0, 1)) / (answers != NONE).sum((0, 1))
    return tuple(found.tolist())


class Positions(nn.Module):
    def add(self, x):
        """x [B, T, D], the vectors of a row -> the same shape; place t sees only x[:, t]"""
        return x

    def scores(self, q, k):
        """queries and keys of both heads [B, 2, T, d] -> scores [B, 2, T, T]"""
        raise NotImplementedError
