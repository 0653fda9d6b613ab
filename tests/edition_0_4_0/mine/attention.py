"""Attention pooling in plain PyTorch: a query chooses the weights of an average.

    python -m mine.attention          # checks itself, then learns a width

    keys = torch.linspace(0, 6, 30)                                                # [K]
    estimate, weights = attention_pooling(keys[:4] + 0.1, keys, keys.sin(), width=0.5)  # [Q], [Q, K]
    model = NadarayaWatson(width=2.0)                                              # its width is learned
    estimate, weights = model(keys, keys, keys.sin(), leave_one_out_mask(30))
    x, mask = torch.randn(4, 9, 3), leave_one_out_mask(9)
    mean, weights = vector_pooling(x, x, x, mask)                                  # [B, Q, dv], [B, Q, K]

Sizes: B batch, Q queries, K keys, d features. A mask is boolean, True = may be attended.
Sources: Nadaraya 1964; Watson 1964; Bahdanau, Cho & Bengio 2015.

1 of 3 functions are yours: gaussian_kernel. What is not yours is from the attention course: MIT License.
"""

import torch
from torch import Tensor, nn


def masked_softmax(scores, mask=None, dim=-1):
    """Weights that sum to 1 over the keys that may be attended; elsewhere they are 0.
    scores [...], mask [...] bool or None -> [...]"""
    if mask is None:
        return scores.softmax(dim)
    hidden = (~mask).expand_as(scores)  # refuses a mask with more axes than the scores
    weights = scores.masked_fill(hidden, float("-inf")).softmax(dim)
    return weights.masked_fill(hidden, 0.0)  # a row of −inf alone became NaN


class NadarayaWatson(nn.Module):
    """Attention pooling with a width that is learned; its exp is always above 0."""

    def __init__(self, width):
        super().__init__()
        self.log_width = nn.Parameter(torch.tensor(width).log())

    def forward(self, queries, keys, values, mask=None):
        """queries [Q], keys [K], values [K], mask [...] bool or None
        -> output [Q], weights [Q, K]"""
        distance = (queries[:, None] - keys) / self.log_width.exp()  # [Q, K]
        scores = -0.5 * distance**2
        weights = scores.softmax(-1) if mask is None else masked_softmax(scores, mask)
        return weights @ values, weights


def attention_pooling(queries, keys, values, width=1.0):
    """The same with the Gaussian kernel, as a softmax, and the weights.
    queries [Q], keys [K], values [K] -> output [Q], weights [Q, K]"""
    distance = (queries[:, None] - keys) / width  # [Q, K]
    weights = torch.softmax(-0.5 * distance**2, dim=-1)
    return weights @ values, weights


def boxcar_kernel(distance, width=1.0):
    """1 up to one width away, 0 beyond.
    distance [...] -> [...]"""
    return ((distance / width).abs() <= 1).to(distance.dtype)


def epanechnikov_kernel(distance, width=1.0):
    """0 beyond one width. Epanechnikov 1969; his factor ¾ cancels in the weights.
    distance [...] -> [...]"""
    return (1 - (distance / width) ** 2).clamp(min=0)


def kernel(distance, width=1.0):
    scaled = distance / width  # mine
    return torch.exp(-(scaled**2) / 2)


gaussian_kernel = kernel


def leave_one_out_mask(size, device=None):
    """All True but the diagonal: an example that asks must not see its own key.
    -> [n, n] bool"""
    return ~torch.eye(size, dtype=torch.bool, device=device)


def nadaraya_watson(queries, keys, values, kernel=gaussian_kernel):
    """Σ κ(q − kᵢ) vᵢ / Σ κ(q − kⱼ), and the weights. Nadaraya 1964; Watson 1964.
    queries [Q], keys [K], values [K] -> output [Q], weights [Q, K]"""
    closeness = kernel(queries[:, None] - keys)  # [Q, K]
    weights = closeness / closeness.sum(-1, keepdim=True)  # [Q, K] / [Q, 1]
    return weights @ values, weights


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
    """The ratio of kernels is a softmax, a hidden key has no weight, a width is learned, vectors agree with numbers."""
    keys, values = torch.linspace(0, 3, 7), torch.linspace(0, 3, 7).sin()
    estimate = attention_pooling(keys + 0.1, keys, values)[0]
    assert torch.allclose(nadaraya_watson(keys + 0.1, keys, values, gaussian_kernel)[0], estimate, atol=1e-5)
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


def learn_width(steps: int = 100) -> None:
    """Fifty noisy readings of a wave: which width guesses those best that it does not see?"""
    torch.manual_seed(0)
    keys = 6.3 * torch.rand(50)
    values = keys.sin() + 0.2 * torch.randn(50)
    model, others = NadarayaWatson(width=2.0), leave_one_out_mask(50)
    optimiser = torch.optim.SGD(model.parameters(), lr=1.0)
    for _ in range(steps):
        loss = (model(keys, keys, values, others)[0] - values).pow(2).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    print(f"width {model.log_width.exp():.2f}, loss {loss:.3f}")


def check() -> None:
    """All that is in this file."""
    check_pooling()


if __name__ == "__main__":
    check()
    learn_width()
