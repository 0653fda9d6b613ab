"""Twelve ways a query can meet a key.

The list is the table of Chaudhari et al. (2021), "An Attentive Survey of Attention Models", ACM TIST 12(5), with
its slips fixed (each class says which). Every function is a module

    SCORES[name](query_size, key_size, hidden_size=32, max_keys=64)(queries [B, Q, Dq], keys [B, K, Dk]) -> [B, Q, K]

A softmax over the last axis of the result gives the weights. A score knows nothing of masks: they belong to the
softmax. In the equations q and k are column vectors, W is a matrix, w a vector, b a bias; these three are learned.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from course_utils.checks import alike, did_you_mean, vectors, whole_number
from course_utils.linear import PositiveFeatures


class Cost(NamedTuple):
    """Multiply–adds in products of vectors and matrices. Element-wise work (÷√d, tanh, norms) is not counted."""

    per_query: int  # once for each query
    per_key: int  # once for each key
    per_pair: int  # for each query with each key

    def total(self, num_queries: int, num_keys: int) -> int:
        """All of it for Q queries and K keys."""
        return num_queries * self.per_query + num_keys * self.per_key + num_queries * num_keys * self.per_pair


class Score(nn.Module):
    """What the twelve share: the sizes, the checks at the border, the number of parameters.

    A subclass writes `build` (its parameters), its equation in `meet`, and its `cost`; what needs the keys alone is in
    `project`, computed once for each key. Raises ValueError for a size below 1, for Dq ≠ Dk where the equation
    multiplies q with k, for wrong shapes and for no keys; TypeError for anything but floating-point tensors of one
    kind.
    """

    equation = reference = ""
    same_size = False  # does the equation need Dq = Dk?

    def __init__(self, query_size: int, key_size: int, hidden_size: int = 32, max_keys: int = 64):
        super().__init__()
        sizes = dict(query_size=query_size, key_size=key_size, hidden_size=hidden_size, max_keys=max_keys)
        for name, size in sizes.items():
            setattr(self, name, whole_number(name, size, 1))
        if self.same_size and query_size != key_size:
            raise ValueError(
                f"{type(self).__name__} multiplies query and key feature by feature, so both need the same size; "
                f"given query_size={query_size}, key_size={key_size}. Project one of them first (nn.Linear), "
                "or take a score with a matrix between the two: general, additive."
            )
        self.build(query_size, key_size, hidden_size)

    def build(self, query_size: int, key_size: int, hidden_size: int) -> None:
        """Make the parameters. Functions without any need nothing."""

    def project(self, keys: Tensor) -> Tensor:
        """What can be computed from the keys alone, before any query comes: keys [B, K, Dk] -> [B, K, …]."""
        return keys

    def meet(self, queries: Tensor, projected: Tensor) -> Tensor:
        """The equation from there: queries [B, Q, Dq], projected keys [B, K, …] -> scores [B, Q, K]."""
        raise NotImplementedError

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        """queries [B, Q, Dq], keys [B, K, Dk] -> scores [B, Q, K]. More leading axes, or none, work too."""
        vectors("queries", queries, self.query_size, "[..., Q, D]")
        vectors("keys", keys, self.key_size, "[..., K, D]")
        alike(queries=queries, keys=keys, parameters=next(self.parameters(), queries))
        if queries.shape[:-2] != keys.shape[:-2]:
            given = f"queries {list(queries.shape)}, keys {list(keys.shape)} differ before their last two axes"
            raise ValueError(f"{given}; each needs its own batch of keys: keys.expand(B, -1, -1) shares one.")
        if keys.shape[-2] == 0:
            raise ValueError(f"keys have shape {list(keys.shape)}: no keys. Give at least one; a mask can hide it.")
        return self.meet(queries, self.project(keys))

    cost: Cost  # multiply–adds per query, per key and per pair

    @property
    def num_parameters(self) -> int:
        """How many numbers training can change."""
        return sum(p.numel() for p in self.parameters())

    def extra_repr(self) -> str:
        return self.equation


class Similarity(Score):
    """q·k / (‖q‖ ‖k‖): the cosine of the angle; length counts for nothing.

    A zero vector has no direction: its cosine is taken as 0. Graves, Wayne & Danihelka (2014),
    "Neural Turing Machines", §3.3.1, where a learned sharpness β multiplies it: without one, the weights of n keys
    never differ by more than a factor e².
    """

    equation, reference, same_size = "q·k / (‖q‖ ‖k‖)", "Graves 2014", True

    def meet(self, queries, keys):
        lengths = [torch.linalg.vector_norm(x, dim=-1, keepdim=True) for x in (queries, keys)]
        q, k = (x / n.where(n > 0, 1) for x, n in zip((queries, keys), lengths, strict=True))
        return q @ k.mT

    cost = property(lambda self: Cost(0, 0, self.key_size))


class Dot(Score):
    """q·k = ‖q‖ ‖k‖ cos θ: direction and both lengths. Luong, Pham & Manning (2015), §3.1."""

    equation, reference, same_size = "q·k", "Luong 2015", True

    def meet(self, queries, keys):
        return queries @ keys.mT

    cost = property(lambda self: Cost(0, 0, self.key_size))


class ScaledDot(Dot):
    """q·k / √d: the variance of the scores does not grow with d, the size of a key (64 in a head of the base model, not
    512, nor the length of the input). Vaswani et al. (2017), §3.2.1."""

    equation, reference = "q·k / √d", "Vaswani 2017"

    def meet(self, queries, keys):
        return super().meet(queries, keys) / self.key_size**0.5


class General(Score):
    """qᵀW k: a learned table says which feature of q asks for which of k. Luong et al. (2015), §3.1."""

    equation, reference = "qᵀW k", "Luong 2015"

    def build(self, query_size, key_size, hidden_size):
        self.W = nn.Linear(key_size, query_size, bias=False)

    def project(self, keys):
        return self.W(keys)

    def meet(self, queries, projected):
        return queries @ projected.mT

    cost = property(lambda self: Cost(0, self.query_size * self.key_size, self.query_size))


class BiasedGeneral(Score):
    """kᵀ(W q + b): general, plus b·k, which likes some keys whatever the query. A widely used table leaves the
    transpose out. Sordoni, Bachman, Trischler & Bengio (2016), "Iterative Alternating Neural Attention …"."""

    equation, reference = "kᵀ(W q + b)", "Sordoni 2016"

    def build(self, query_size, key_size, hidden_size):
        self.W = nn.Linear(query_size, key_size)

    def meet(self, queries, keys):
        return self.W(queries) @ keys.mT

    cost = property(lambda self: Cost(self.query_size * self.key_size, 0, self.key_size))


class ActivatedGeneral(General):
    """tanh(qᵀW k + b): general, pressed between −1 and 1. Ma, Li, Zhang & Wang (2017), "Interactive Attention Networks
    for Aspect-Level Sentiment Classification"."""

    equation, reference = "tanh(qᵀW k + b)", "Ma 2017"

    def build(self, query_size, key_size, hidden_size):
        super().build(query_size, key_size, hidden_size)
        self.b = nn.Parameter(torch.zeros(()))

    def meet(self, queries, projected):
        return torch.tanh(super().meet(queries, projected) + self.b)


class GeneralizedKernel(Score):
    """log(φ(q)·φ(k)), so that softmax of it is φ(q)·φ(k) divided by its sum over the keys: softmax of φ(q)·φ(k) itself
    would take the exponential twice. φ: hidden_size `PositiveFeatures`, not learned. Choromanski et al. (2021),
    "Rethinking Attention with Performers"."""

    equation, reference, same_size = "log(φ(q)·φ(k))", "Choromanski 2021", True

    def build(self, query_size, key_size, hidden_size):
        self.features = PositiveFeatures(key_size, hidden_size)

    def meet(self, queries, keys):
        q, k = self.features.log(queries), self.features.log(keys)
        return torch.logsumexp(q[..., :, None, :] + k[..., None, :, :], dim=-1)

    cost = property(
        lambda self: Cost(self.hidden_size * self.key_size, self.hidden_size * self.key_size, self.hidden_size)
    )


class Concat(Score):
    """wᵀ tanh(W [q; k] + b): query and key in one vector, through a small network. Luong et al. (2015), §3.1.

    The same function as `additive`: W = [W₁ W₂] cuts into the part that meets q and the part that meets k. Written
    like this, every pair is multiplied by all of W; `additive` projects each query and each key once.
    """

    equation, reference = "wᵀ tanh(W [q; k] + b)", "Luong 2015"

    def build(self, query_size, key_size, hidden_size):
        self.W = nn.Linear(query_size + key_size, hidden_size)
        self.w = nn.Linear(hidden_size, 1, bias=False)

    def meet(self, queries, keys):
        q = queries[..., :, None, :].expand(*queries.shape[:-1], keys.shape[-2], -1)
        k = keys[..., None, :, :].expand(*queries.shape[:-1], *keys.shape[-2:])
        return self.w(torch.tanh(self.W(torch.cat([q, k], dim=-1)))).squeeze(-1)

    cost = property(lambda self: Cost(0, 0, self.hidden_size * (self.query_size + self.key_size + 1)))


class Additive(Score):
    """wᵀ tanh(W₁ q + W₂ k + b). Bahdanau, Cho & Bengio (2015), "Neural Machine Translation by Jointly Learning
    to Align and Translate", §A.1.2 (without b)."""

    equation, reference = "wᵀ tanh(W₁q + W₂k + b)", "Bahdanau 2015"

    def build(self, query_size, key_size, hidden_size):
        self.W1 = nn.Linear(query_size, hidden_size)  # b lives here
        self.W2 = nn.Linear(key_size, hidden_size, bias=False)
        self.w = nn.Linear(hidden_size, 1, bias=False)

    def project(self, keys):
        return self.W2(keys)

    def meet(self, queries, projected):
        hidden = self.W1(queries)[..., :, None, :] + projected[..., None, :, :]  # [B, Q, K, hidden]
        return self.w(torch.tanh(hidden)).squeeze(-1)

    @classmethod
    def from_concat(cls, concat: Concat) -> "Additive":
        """The same function with the same numbers: W = [W₁ W₂] cut after the query's columns."""
        twin = cls(concat.query_size, concat.key_size, concat.hidden_size).to(concat.W.weight)
        W1, W2 = concat.W.weight.split([concat.query_size, concat.key_size], dim=1)
        twin.load_state_dict({"W1.weight": W1, "W1.bias": concat.W.bias, "W2.weight": W2, "w.weight": concat.w.weight})
        return twin

    cost = property(lambda self: Cost(*(self.hidden_size * n for n in (self.query_size, self.key_size, 1))))


class Deep(Score):
    """wᵀE₂ + b₃ with E₁ = relu(W₀q + W₁k + b₁), E₂ = relu(W₂E₁ + b₂): a deeper network per pair.

    A widely used table adds b₁ after the activation. b₃ moves all scores alike, so softmax never feels it.
    Pavlopoulos, Malakasiotis & Androutsopoulos (2017), "Deeper Attention to Abusive User Content Moderation".
    """

    equation, reference = "wᵀ relu(W₂ relu(W₀q + W₁k + b₁) + b₂) + b₃", "Pavlopoulos 2017"

    def build(self, query_size, key_size, hidden_size):
        self.W0 = nn.Linear(query_size, hidden_size, bias=False)
        self.W1 = nn.Linear(key_size, hidden_size)
        self.W2 = nn.Linear(hidden_size, hidden_size)
        self.w = nn.Linear(hidden_size, 1)

    def project(self, keys):
        return self.W1(keys)

    def meet(self, queries, projected):
        hidden = torch.relu(self.W0(queries)[..., :, None, :] + projected[..., None, :, :])
        return self.w(torch.relu(self.W2(hidden))).squeeze(-1)

    @property
    def cost(self) -> Cost:
        return Cost(*(self.hidden_size * n for n in (self.query_size, self.key_size, self.hidden_size + 1)))


class LocationBased(Score):
    """W q: one number per position; the keys are not read, only counted (at most max_keys of them).

    A widely used table prints a(q), one number for all keys. Luong et al. (2015), §3.1, eq. 8: aₜ = softmax(W hₜ), a
    vector as long as the input.
    """

    equation, reference = "(W q)ᵢ", "Luong 2015"

    def build(self, query_size, key_size, hidden_size):
        self.W = nn.Linear(query_size, self.max_keys, bias=False)

    def meet(self, queries, keys):
        length = keys.shape[-2]
        if length > self.max_keys:
            known = f"{length} keys, but this location-based score knows {self.max_keys} positions"
            raise ValueError(f"{known}. Build it with max_keys={length} or more, or cut the input.")
        return queries @ self.W.weight[:length].mT

    cost = property(lambda self: Cost(0, 0, self.query_size))


class FeatureBased(Score):
    """wᵀ tanh(W₁ φ₁(k) + W₂ φ₂(k) + b): how important a key is; the query is not read, so all rows are equal.

    Here φ₁(k) = k and φ₂(k) = k² (element by element). Li, Kaiser, Bengio & Si (2019), "Area Attention", take mean
    and standard deviation over a stretch of keys; a stretch of one key lets no masked neighbour leak in.
    """

    equation, reference = "wᵀ tanh(W₁φ₁(k) + W₂φ₂(k) + b)", "Li 2019"

    def build(self, query_size, key_size, hidden_size):
        self.W1 = nn.Linear(key_size, hidden_size)
        self.W2 = nn.Linear(key_size, hidden_size, bias=False)
        self.w = nn.Linear(hidden_size, 1, bias=False)

    def meet(self, queries, keys):
        row = self.w(torch.tanh(self.W1(keys) + self.W2(keys.square()))).mT  # [B, 1, K]
        return row.expand(*queries.shape[:-1], keys.shape[-2])

    cost = property(lambda self: Cost(0, self.hidden_size * (2 * self.key_size + 1), 0))


class UnknownScore(KeyError):
    """A name that is none of the twelve."""

    def __str__(self) -> str:
        return self.args[0]


ALSO_CALLED = dict(cosine="similarity", cosine_similarity="similarity", multiplicative="general", bilinear="general")
ALSO_CALLED |= dict(performer="generalized_kernel", bahdanau="additive", mlp="deep")


class Scores(dict):
    """A dict of the twelve that answers a wrong name with the right ones."""

    def __missing__(self, name):
        key = str(name).lower().replace("-", "_").replace(" ", "_")
        guess = did_you_mean(ALSO_CALLED.get(key, key), self)
        raise UnknownScore(f"No score is called {name!r}.{guess} The twelve are: {', '.join(self)}.")


SCORES: dict[str, type[Score]] = Scores(
    similarity=Similarity,
    dot=Dot,
    scaled_dot=ScaledDot,
    general=General,
    biased_general=BiasedGeneral,
    activated_general=ActivatedGeneral,
    generalized_kernel=GeneralizedKernel,
    concat=Concat,
    additive=Additive,
    deep=Deep,
    location_based=LocationBased,
    feature_based=FeatureBased,
)
