"""What the twelve scores cost: multiply–adds in products of vectors and matrices; no others are counted."""

from typing import NamedTuple

from chapters.ch02.scores import SCORES, Score


class Cost(NamedTuple):
    """Multiply–adds, once for each query, once for each key, and for each query with each key."""

    per_query: int
    per_key: int
    per_pair: int

    def total(self, num_queries: int, num_keys: int) -> int:
        """All of it for so many queries and keys."""
        return num_queries * self.per_query + num_keys * self.per_key + num_queries * num_keys * self.per_pair


def cost_of(score: Score) -> Cost:
    """The cost of a score of SCORES, by its equation."""
    q, k, h = score.query_size, score.key_size, score.hidden_size
    by_name = {
        "similarity": Cost(0, 0, k),
        "dot": Cost(0, 0, k),
        "scaled_dot": Cost(0, 0, k),
        "general": Cost(0, q * k, q),
        "biased_general": Cost(q * k, 0, k),
        "activated_general": Cost(0, q * k, q),
        "generalized_kernel": Cost(h * k, h * k, h),
        "concat": Cost(0, 0, h * (q + k + 1)),
        "additive": Cost(h * q, h * k, h),
        "deep": Cost(h * q, h * k, h * (h + 1)),
        "location_based": Cost(0, 0, q),
        "feature_based": Cost(0, h * (2 * k + 1), 0),
    }
    return by_name[next(name for name, kind in SCORES.items() if type(score) is kind)]
