"""Scaling on paper: what a model of N parameters trained on D tokens costs, and the loss that Chinchilla's law, fitted
again by Besiroglu et al., expects of it: `flops`, `loss`, `best`."""

from typing import NamedTuple

from course_kit.arguments import described
from course_kit.views.arguments import as_array


class Law(NamedTuple):
    """loss = E + A / N^alpha + B / D^beta, in nats per token."""

    E: float
    A: float
    B: float
    alpha: float
    beta: float


# Hoffmann et al. 2022, "Training compute-optimal large language models", section 3.3 and appendix D.3, as printed:
# fitted to more than 400 models of 70 million to 16 billion parameters, trained on 5 to 500 billion tokens
HOFFMANN_2022 = Law(1.69, 406.4, 410.7, 0.34, 0.28)
# Besiroglu et al. 2024, "Chinchilla scaling: a replication attempt", arXiv 2404.10102: fitted again to 240 of these
# models, read off a figure. The printed fit had stopped too early and was rounded; at GPT-3's budget it asks for 87
# tokens per parameter, where Hoffmann et al.'s rule of thumb is 20 and this fit asks for 19.
BESIROGLU_2024 = Law(1.8172, 482.01, 2085.43, 0.3478, 0.3658)
FITTED = {"N": (70e6, 16e9), "D": (5e9, 500e9)}


def flops(N, D):
    """Operations of a training, 6 per parameter and token: 2 forwards, 4 backwards. Kaplan et al. 2020."""
    _above_zero(N=N, D=D)
    return 6 * N * D


def loss(N, D, law: Law = BESIROGLU_2024):
    """What the law expects of N parameters and D tokens, in nats per token."""
    _above_zero(N=N, D=D)
    return law.E + law.A / N**law.alpha + law.B / D**law.beta


def best(compute, law: Law = BESIROGLU_2024):
    """(N, D) with the lowest loss among all that cost `compute` operations, 6ND."""
    _above_zero(compute=compute)
    ratio = law.alpha * law.A / (law.beta * law.B)
    N = ratio ** (1 / (law.alpha + law.beta)) * (compute / 6) ** (law.beta / (law.alpha + law.beta))
    return N, compute / 6 / N


def _above_zero(**given) -> None:
    for name, x in given.items():
        if not (as_array(x, name) > 0).all():
            raise ValueError(f"{name} is {described(x)}; needed: numbers above 0")
