"""A solution of chapter 7's problem. It stands here and nowhere else."""

import heapq
from collections import Counter, defaultdict

from chapters.ch07.problem.problem import joined


def neighbours(word):
    return zip(word, word[1:], strict=False)


def learn_merges(words, count):
    spelled, times = list(words), list(words.values())
    pairs, where = Counter(), defaultdict(set)
    for number, word in enumerate(spelled):
        for pair in neighbours(word):
            pairs[pair] += times[number]
            where[pair].add(number)
    heap = [(-n, pair) for pair, n in pairs.items()]
    heapq.heapify(heap)
    merges = []
    while heap and len(merges) < count:
        n, best = heapq.heappop(heap)
        if pairs[best] != -n or n == 0:
            continue  # counted anew since
        merges.append(best)
        touched = set()
        for number in where.pop(best):
            old, spelled[number] = spelled[number], joined(spelled[number], best)
            for pair in neighbours(old):
                pairs[pair] -= times[number]
                touched.add(pair)
            for pair in neighbours(spelled[number]):
                pairs[pair] += times[number]
                where[pair].add(number)
                touched.add(pair)
        for pair in touched:
            heapq.heappush(heap, (-pairs[pair], pair))
    return merges
