"""Attention pooling in plain PyTorch: a query chooses the weights of an average.

    python -m mine.attention          # checks itself, then learns a width

    keys = torch.linspace(0, 6, 30)                                                # [K]
    estimate, weights = attention_pooling(keys[:4] + 0.1, keys, keys.sin(), width=0.5)  # [Q], [Q, K]
    width = learn_width(keys, keys.sin())                                          # the best one for these readings
    estimate, weights = nadaraya_watson(keys + 60, keys, keys.sin(), boxcar_kernel)     # 0: no key is in reach, and
    in_reach = weights.sum(-1) > 0                                                 # [Q] says so: all False
    model = NadarayaWatson(width=2.0)                                              # its width is learned
    estimate, weights = model(keys, keys, keys.sin(), leave_one_out_mask(30))
    x, mask = torch.randn(4, 9, 3), leave_one_out_mask(9)
    mean, weights = vector_pooling(x, x, x, mask)                                  # [B, Q, dv], [B, Q, K]

Sizes: B batch, Q queries, K keys, d features. A mask is boolean, True = may be attended.
Sources: Nadaraya 1964; Watson 1964; Bahdanau, Cho & Bengio 2015.
"""

import torch
from torch import Tensor

from course_utils.attention import masked_softmax  # exercise: stable masked softmax
from course_utils.kernels import (
    NadarayaWatson,
    attention_pooling,  # exercise: attention pooling
    boxcar_kernel,
    epanechnikov_kernel,
    gaussian_kernel,  # exercise: gaussian kernel
    leave_one_out_mask,
    nadaraya_watson,
)


def vector_pooling(
    queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None = None, width: float | Tensor = 1.0
) -> tuple[Tensor, Tensor]:
    """Attention pooling for vectors: closer keys get more weight, by the Gaussian kernel of their distance.

    queries [..., Q, d], keys [..., K, d], values [..., K, dv], mask [..., Q, K] bool or None
    -> estimate [..., Q, dv], weights [..., Q, K]
    """
    distance = (queries[..., :, None, :] - keys[..., None, :, :]) / width  # [..., Q, K, d]
    scores = -0.5 * distance.pow(2).sum(-1)  # [..., Q, K]
    weights = scores.softmax(-1) if mask is None else masked_softmax(scores, mask.expand_as(scores))
    return weights @ values, weights


def check_pooling() -> None:
    """The ratio of kernels is a softmax, also far from all keys, where a boxcar's is 0; a hidden key has no weight, a
    width is learned, vectors agree with numbers."""
    keys, values = torch.linspace(0, 3, 7), torch.linspace(0, 3, 7).sin()
    estimate = attention_pooling(keys + 0.1, keys, values)[0]
    assert torch.allclose(nadaraya_watson(keys + 0.1, keys, values, gaussian_kernel)[0], estimate, atol=1e-5)
    assert nadaraya_watson(keys[:1] + 99, keys, values)[0].isclose(values[-1])  # the nearest one's
    assert all((x == 0).all() for x in nadaraya_watson(keys[:1] + 99, keys, values, boxcar_kernel))  # none in reach
    for kernel in (boxcar_kernel, epanechnikov_kernel):
        assert (kernel(torch.tensor([0.0, 2.0])) == torch.tensor([1.0, 0.0])).all()
    column, mask = keys[:, None], leave_one_out_mask(7)
    assert torch.allclose(vector_pooling(column + 0.1, column, values[:, None])[0][:, 0], estimate, atol=1e-5)
    model = NadarayaWatson(width=1.0)
    without, weights = model(keys, keys, values, mask)
    assert (weights[~mask] == 0).all() and torch.allclose(weights.sum(-1), torch.ones(7))
    assert torch.allclose(vector_pooling(column, column, values[:, None], mask)[1], weights, atol=1e-5)
    (without - values).pow(2).mean().backward()
    assert model.log_width.grad is not None and model.log_width.grad.abs() > 0


def learn_width(keys: Tensor | None = None, values: Tensor | None = None, steps: int = 100) -> float:
    """Which width guesses those readings best that it does not see? keys, values [K]; without them, fifty of a wave."""
    if keys is None or values is None:
        torch.manual_seed(0)
        keys = 6.3 * torch.rand(50)
        values = keys.sin() + 0.2 * torch.randn(50)
    model, others = NadarayaWatson(width=float(keys.max() - keys.min()) / 3), leave_one_out_mask(len(keys))
    optimiser = torch.optim.SGD(model.parameters(), lr=1.0)
    for _ in range(steps):
        loss = (model(keys, keys, values, others)[0] - values).pow(2).mean()
        optimiser.zero_grad()
        (loss / values.var()).backward()  # in whatever unit they are
        optimiser.step()
    print(f"width {(width := model.log_width.exp().item()):.3g}, loss {loss:.3g}")
    return width


def check() -> None:
    """All that is in this file."""
    check_pooling()


if __name__ == "__main__":
    check()
    learn_width()
