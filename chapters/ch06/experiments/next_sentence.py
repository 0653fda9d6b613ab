"""How far words alone, without a model and without their order, tell whether B follows A.

counted = ByWords(story.sentences for story in load("stories", "train"))
counted.together("Anna went fishing.", "She sat on the bank.")     # do such words occur in neighbouring sentences?
counted.shared("Anna went fishing.", "Anna sat on the bank.")      # is a word in both that is not a common one?
right(counted.together, pairs)                                     # (A, B, label), label 0: B follows
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise, product

COMMON = 40  # words such as "the" and "she": sharing one of them says little


class ByWords:
    """Two rules for next sentences, from counts in stories: each a list of sentences."""

    def __init__(self, stories: Iterable[Sequence[str]]):
        told = [[_words(sentence) for sentence in story] for story in stories]
        self.before, self.after, self.both = Counter(), Counter(), Counter()
        for first, second in (pair for story in told for pair in pairwise(story)):
            self.before.update(first)
            self.after.update(second)
            self.both.update(product(first, second))
        self.pairs = sum(len(story) - 1 for story in told)
        self.common = {word for word, _ in Counter(w for story in told for s in story for w in s).most_common(COMMON)}

    def together(self, first: str, second: str) -> bool:
        """Do the words of the two occur in neighbouring sentences more often than by chance, all in all? (The sum of
        log(seen / expected), half a count added to each; new words say nothing.)"""
        found = product(_words(first), _words(second))
        return sum(math.log((self.both[a, b] + 0.5) / (self._expected(a, b) + 0.5)) for a, b in found) > 0

    def shared(self, first: str, second: str) -> bool:
        """Do the two share a word other than the commonest ones?"""
        return bool((_words(first) & _words(second)) - self.common)

    def _expected(self, a: str, b: str) -> float:
        return self.before[a] * self.after[b] / self.pairs


def right(rule: Callable[[str, str], bool], pairs: Sequence[tuple[str, str, int]]) -> float:
    """The share of pairs (A, B, label) that a rule tells rightly; label 0: B follows A, 1: it does not."""
    return sum(rule(first, second) == (label == 0) for first, second, label in pairs) / len(pairs)


def _words(sentence: str) -> set[str]:
    return set(re.findall("[a-z]+", sentence.lower()))
