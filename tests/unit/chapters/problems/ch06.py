"""A solution of chapter 6's problem. It stands here and nowhere else."""

import torch

MASK = 4


def head(x, labels, penalty):
    """A linear head on the first rows, which have labels -> scores of the other ones."""
    known = x[: len(labels)]
    x = (x - known.mean(0)) / (known.std(0) + 1e-6)
    alike = x @ x[: len(labels)].T / x.shape[1]
    part = alike[: len(labels)] + penalty * torch.eye(len(labels))
    return alike[len(labels) :] @ torch.linalg.solve(part, 2.0 * labels - 1)


@torch.no_grad()
def classify(bert, ids, labels, new):
    texts = torch.cat([ids, new])
    place = (texts == MASK).int().argmax(1)
    hole = bert.bert(texts, None, texts != 0).hidden[torch.arange(len(texts)), place]
    return (head(hole, labels, 0.5) > 0).long()
