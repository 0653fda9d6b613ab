"""A solution of chapter 3's problem. It stands here and nowhere else."""

import heapq
import math

END, WIDTH = 0, 10


def translate_with(model, sentence, word):
    pools = {False: [(0.0, [])], True: []}  # without the word, with it
    done = [(-math.inf, [END])]
    for _ in range(model.longest):
        grown = {False: [], True: []}
        for score, written in pools[False] + pools[True]:
            log_p = model.step(sentence, written)
            has = word in written
            for token in {END, word, *log_p.topk(min(WIDTH + 1, len(log_p))).indices.tolist()}:
                one = (score + float(log_p[token]), [*written, token])
                if token != END:
                    grown[has or token == word].append(one)
                elif has:
                    done.append(one)
        pools = {has: heapq.nlargest(WIDTH, grown[has]) for has in grown}
        if max(done) > max(pools[False] + pools[True]):
            break  # what goes on only loses
    return max(done)[1]
