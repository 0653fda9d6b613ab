"""Scaling on paper: what a model of N parameters trained on D tokens costs, and the loss that Chinchilla's law, fitted
again, expects of it: `flops`, `loss`, `best`. Numbers, arrays or tensors above 0.

loss = E + A / N^alpha + B / D^beta, in nats per token. Besiroglu et al. 2024, "Chinchilla scaling: a replication
attempt", arXiv 2404.10102: fitted to 240 of the more than 400 models of Hoffmann et al. 2022, read off a figure. The
printed fit had stopped too early and was rounded; at GPT-3's budget it asks for 87 tokens per parameter, where Hoffmann
et al.'s rule of thumb is 20 and this fit asks for 19.
"""

E, A, B, alpha, beta = 1.8172, 482.01, 2085.43, 0.3478, 0.3658
LARGEST = 16e9  # parameters, of the models to which it was fitted


def flops(N, D):
    """Operations of a training, 6 per parameter and token: 2 forwards, 4 backwards. Kaplan et al. 2020."""
    return 6 * N * D


def loss(N, D):
    """What the law expects of N parameters and D tokens, in nats per token."""
    return E + A / N**alpha + B / D**beta


def best(compute):
    """(N, D) with the lowest loss among all that cost `compute` operations, 6ND."""
    ratio = alpha * A / (beta * B)
    N = ratio ** (1 / (alpha + beta)) * (compute / 6) ** (beta / (alpha + beta))
    return N, compute / 6 / N
