"""An answer token by token: what the model expected at each, and what a block of it attended to.

trace = traced(model, ids, chr, text_of, stop=10)    # ids [1, T] of the question
trace.text, trace.chances[0], trace.weights[0, 1]    # of the first token of the answer, as head 2 saw it
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from course_kit.contexts import evaluating
from course_kit.heads import attention_weights

LONGEST, SHOWN = 32, 5  # tokens of an answer, and what may come next, at most


class Trace(NamedTuple):
    """pieces: the tokens of the question, so many as `begins` says, then of the answer, S with its end. chances: for
    each of these the likeliest with their probabilities. weights [S, H, N]: what each of H heads attends to where that
    token is expected, over all N pieces; later ones have 0.
    """

    text: str
    pieces: list[str]
    begins: int
    chances: list[list[tuple[str, float]]]
    weights: Tensor


@torch.no_grad()
def traced(
    model: Any, ids: Tensor, names: Callable[[int], str], decode: Callable[[list[int]], str], stop: int, layer: int = -1
) -> Trace:
    """The likeliest token each time, up to `stop`. ids [1, T]; names, decode: a token, and some, as text; layer: of
    the heads."""
    with evaluating(model):
        caches, read, chances = model.caches(), ids, []
        while len(chances) < LONGEST and (not chances or int(read) != stop):
            p, best = model(read, caches)[0, -1].softmax(-1).topk(SHOWN)
            chances.append([(names(int(n)), round(float(x), 4)) for n, x in zip(best, p, strict=True)])
            ids, read = torch.cat([ids, best[None, :1]], 1), best[None, :1]
        begins = ids.shape[1] - len(chances)
        with attention_weights(model) as seen:
            model(ids[:, :-1])
    weights = seen["decoder"][layer][0, :, begins - 1 :].transpose(0, 1)  # [S, H, N - 1]
    pieces = [names(n) for n in ids[0].tolist()]
    said = decode([n for n in ids[0, begins:].tolist() if n != stop]).strip()
    return Trace(said, pieces, begins, chances, torch.nn.functional.pad(weights, (0, 1)))
