"""Twelve ways a query can meet a key.

    score = SCORES["additive"](query_size=64, key_size=32)
    score(queries, keys)        # [B, Q, 64], [B, K, 32] -> [B, Q, K]

The list is the table of Chaudhari et al. 2021, An Attentive Survey of Attention Models,
with its slips fixed (each class says which). A softmax over the last axis gives the
weights; masks belong to it, a score knows nothing of them. In the equations q and k are
row vectors; W is a matrix, w a vector, b a bias: these are learned. Sizes: B batch, Q
queries, K keys, Dq and Dk features of a query and a key, h hidden features.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from chapters.ch02.linear import PositiveFeatures


class Score(nn.Module):
    """What the twelve share. Each makes its parameters in `build` and has its equation in
    `forward`: queries [B, Q, Dq], keys [B, K, Dk] -> scores [B, Q, K].
    """

    equation = ""
    reference = ""
    same_size = False  # does the equation need Dq = Dk?

    def __init__(self, query_size: int, key_size: int, hidden_size: int = 32, max_keys: int = 64):
        super().__init__()
        self.hidden_size = hidden_size
        self.max_keys = max_keys
        self.build(query_size, key_size, hidden_size)

    def build(self, query_size: int, key_size: int, hidden_size: int) -> None:
        """Make the parameters. Functions without any need nothing."""

    @property
    def num_parameters(self) -> int:
        """How many numbers training can change."""
        return sum(parameter.numel() for parameter in self.parameters())


class Similarity(Score):
    """The cosine of the angle; lengths count for nothing, and a zero vector has cosine 0.

    Graves, Wayne & Danihelka 2014, Neural Turing Machines, section 3.3.1. There a learned
    sharpness multiplies it: without one, weights never differ by more than a factor e².
    """

    equation = "q·k / (‖q‖ ‖k‖)"
    reference = "Graves 2014"
    same_size = True

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        q = queries / _length(queries)
        k = keys / _length(keys)
        return q @ k.mT


class Dot(Score):
    """‖q‖ ‖k‖ cos θ: direction and both lengths. Luong et al. 2015, section 3.1."""

    equation = "q·k"
    reference = "Luong 2015"
    same_size = True

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        return queries @ keys.mT


class ScaledDot(Dot):
    """The variance of the scores does not grow with d, the size of a key (64 in a head of
    the base model; not 512, nor the length of the input). Vaswani et al. 2017, section
    3.2.1.
    """

    equation = "q·k / √d"
    reference = "Vaswani 2017"

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        return queries @ keys.mT / keys.shape[-1] ** 0.5


class General(Score):
    """A learned table says which feature of q asks for which of k. Luong et al. 2015."""

    equation = "q W kᵀ"
    reference = "Luong 2015"

    def build(self, query_size: int, key_size: int, hidden_size: int) -> None:
        self.W = nn.Linear(key_size, query_size, bias=False)

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        return queries @ self.W(keys).mT  # [B, Q, Dq] @ [B, Dq, K]


class BiasedGeneral(Score):
    """General, plus b·k, which likes some keys whatever the query. Sordoni et al. 2016,
    Iterative Alternating Neural Attention. A widely used table leaves the transpose out.
    """

    equation = "(q W + b) kᵀ"
    reference = "Sordoni 2016"

    def build(self, query_size: int, key_size: int, hidden_size: int) -> None:
        self.W = nn.Linear(query_size, key_size)

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        return self.W(queries) @ keys.mT


class ActivatedGeneral(General):
    """General, pressed between −1 and 1. Ma, Li, Zhang & Wang 2017, Interactive Attention
    Networks for Aspect-Level Sentiment Classification.
    """

    equation = "tanh(q W kᵀ + b)"
    reference = "Ma 2017"

    def build(self, query_size: int, key_size: int, hidden_size: int) -> None:
        super().build(query_size, key_size, hidden_size)
        self.b = nn.Parameter(torch.zeros(()))

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        return torch.tanh(super().forward(queries, keys) + self.b)


class GeneralizedKernel(Score):
    """The logarithm, so that softmax gives φ(q)·φ(k) over its sum; softmax of φ(q)·φ(k)
    itself would take the exponential twice. φ is not learned. Choromanski et al. 2021,
    Performers.
    """

    equation = "log(φ(q)·φ(k))"
    reference = "Choromanski 2021"
    same_size = True

    def build(self, query_size: int, key_size: int, hidden_size: int) -> None:
        self.features = PositiveFeatures(key_size, hidden_size)

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        q = self.features.log(queries)[..., :, None, :]  # [B, Q, 1, h]
        k = self.features.log(keys)[..., None, :, :]  # [B, 1, K, h]
        return torch.logsumexp(q + k, dim=-1)


class Concat(Score):
    """Query and key in one vector, through a small network. Luong et al. 2015, section
    3.1.

    The same function as `additive`, since W cuts into the rows that meet q and those that
    meet k; but here every pair is multiplied by all of W.
    """

    equation = "tanh([q; k] W + b)·w"
    reference = "Luong 2015"

    def build(self, query_size: int, key_size: int, hidden_size: int) -> None:
        self.W = nn.Linear(query_size + key_size, hidden_size)
        self.w = nn.Linear(hidden_size, 1, bias=False)

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        q = queries[..., :, None, :].expand(*queries.shape[:-1], keys.shape[-2], -1)
        k = keys[..., None, :, :].expand(*queries.shape[:-1], *keys.shape[-2:])
        pairs = torch.cat([q, k], dim=-1)  # [B, Q, K, Dq + Dk]
        return self.w(torch.tanh(self.W(pairs))).squeeze(-1)


class Additive(Score):
    """Bahdanau, Cho & Bengio 2015, Neural Machine Translation by Jointly Learning to
    Align and Translate, section A.1.2, where b is left out.
    """

    equation = "tanh(q W₁ + k W₂ + b)·w"
    reference = "Bahdanau 2015"

    def build(self, query_size: int, key_size: int, hidden_size: int) -> None:
        self.W1 = nn.Linear(query_size, hidden_size)  # b lives here
        self.W2 = nn.Linear(key_size, hidden_size, bias=False)
        self.w = nn.Linear(hidden_size, 1, bias=False)

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        q = self.W1(queries)[..., :, None, :]  # [B, Q, 1, h]
        k = self.W2(keys)[..., None, :, :]  # [B, 1, K, h]: once for each key
        return self.w(torch.tanh(q + k)).squeeze(-1)


class Deep(Score):
    """Two hidden layers for each pair. Pavlopoulos, Malakasiotis & Androutsopoulos 2017.

    A widely used table adds b₁ after the activation. b₃ moves all scores alike: softmax
    never feels it.
    """

    equation = "relu(relu(q W₀ + k W₁ + b₁) W₂ + b₂)·w + b₃"
    reference = "Pavlopoulos 2017"

    def build(self, query_size: int, key_size: int, hidden_size: int) -> None:
        self.W0 = nn.Linear(query_size, hidden_size, bias=False)
        self.W1 = nn.Linear(key_size, hidden_size)
        self.W2 = nn.Linear(hidden_size, hidden_size)
        self.w = nn.Linear(hidden_size, 1)

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        q = self.W0(queries)[..., :, None, :]  # [B, Q, 1, h]
        first = torch.relu(q + self.W1(keys)[..., None, :, :])  # [B, Q, K, h]
        return self.w(torch.relu(self.W2(first))).squeeze(-1)


class LocationBased(Score):
    """One number for each position; keys are counted, not read: at most max_keys of them.

    Luong et al. 2015, equation 8. A widely used table prints one number for all keys.
    """

    equation = "(q W)ᵢ"
    reference = "Luong 2015"

    def build(self, query_size: int, key_size: int, hidden_size: int) -> None:
        self.W = nn.Linear(query_size, self.max_keys, bias=False)

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        length = keys.shape[-2]
        if length > self.max_keys:
            raise ValueError(f"{length} keys; needed: build it with max_keys={length} or more")
        return queries @ self.W.weight[:length].mT


class FeatureBased(Score):
    """The survey's row: the query is not read, so all rows are equal. φ₂(k) = k² is ours.

    Li, Kaiser, Bengio & Si 2019, Area Attention, use such a network, over mean and
    standard deviation of several keys, to make one key, and multiply it with the query.
    """

    equation = "tanh(φ₁(k) W₁ + φ₂(k) W₂ + b)·w"
    reference = "Li 2019"

    def build(self, query_size: int, key_size: int, hidden_size: int) -> None:
        self.W1 = nn.Linear(key_size, hidden_size)
        self.W2 = nn.Linear(key_size, hidden_size, bias=False)
        self.w = nn.Linear(hidden_size, 1, bias=False)

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        hidden = torch.tanh(self.W1(keys) + self.W2(keys.square()))  # [B, K, h]
        row = self.w(hidden).mT  # [B, 1, K]
        return row.expand(*queries.shape[:-1], keys.shape[-2])


def _length(x: Float[Tensor, "*n D"]) -> Float[Tensor, "*n 1"]:
    """The length of each vector; 1 for a zero vector, which has no direction."""
    length = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
    return length.where(length > 0, 1)


SCORES: dict[str, type[Score]] = {
    "similarity": Similarity,
    "dot": Dot,
    "scaled_dot": ScaledDot,
    "general": General,
    "biased_general": BiasedGeneral,
    "activated_general": ActivatedGeneral,
    "generalized_kernel": GeneralizedKernel,
    "concat": Concat,
    "additive": Additive,
    "deep": Deep,
    "location_based": LocationBased,
    "feature_based": FeatureBased,
}
