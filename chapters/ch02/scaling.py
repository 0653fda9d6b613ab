"""One small Transformer, trained with its scores divided by √d and without: `course results scores_scaled`."""

import torch

from course_kit.contexts import evaluating, seeded
from course_kit.models.attending import attend_by
from course_utils.attention import multi_head
from course_utils.toy_tasks import BEGIN, TOKENS, copy_or_reverse, train_step, write
from course_utils.transformer import Transformer, TransformerConfig

SIZE, DIGITS, STEPS, EVERY = 64, 8, 400, 25
RATES, SEEDS = (0.0005, 0.001, 0.002, 0.005), (0, 1, 2)
HEADS = 4  # of the smaller heads, at this rate:
RATE = 0.002


def undivided(q, k, v, heads, mask):
    """`multi_head` without the division by √d: the queries are that much longer beforehand."""
    return multi_head(q * (q.shape[-1] / heads) ** 0.5, k, v, heads, mask)


def small_transformer(divided=True, heads=1):
    """One layer of encoder and decoder, 64 numbers a word; divided: its scores, by the root of a head's size."""
    model = Transformer(TransformerConfig(TOKENS, TOKENS, size=SIZE, layers=1, heads=heads))
    for block in (*model.encoder, *model.decoder):
        for name in ("attention", "cross_attention"):
            if not divided and hasattr(block, name):
                attend_by(getattr(block, name), undivided)
    return model


@torch.no_grad()
def certain(model, rows=200):
    """The share of queries of the decoder that give over 90 % of their weight to one word of the source."""
    source, target = copy_or_reverse(rows, DIGITS)
    found, attention = [], model.decoder[0].cross_attention
    hook = attention.register_forward_hook(lambda *given: found.append(given[-1][1]))
    model(source, torch.cat([torch.full_like(target[:, :1], BEGIN), target[:, :-1]], 1))
    hook.remove()
    return (found[0].amax(-1) > 0.9).float().mean().item()


def right(model, rows=200):
    """The share of digits that the model writes rightly, word by word, in rows that it has not seen."""
    source, target = copy_or_reverse(rows, DIGITS)
    with evaluating(model):
        return (write(model, source, DIGITS) == target).float().mean().item()


def first_step(divided, rate, seed):
    """How far the first step of training moves the scores of the decoder's cross-attention: a standard deviation."""
    with seeded(seed):
        model, scores = small_transformer(divided), []
        optimiser, attention = torch.optim.Adam(model.parameters(), lr=rate), model.decoder[0].cross_attention
        source, target = copy_or_reverse(64, DIGITS)
        attention.register_forward_pre_hook(lambda _, x: scores.append(attention.query(x[0]) @ attention.key(x[1]).mT))
        for _ in range(2):  # the scores before the first step, and before the second
            train_step(model, optimiser, source, target)
    return (scores[1] - scores[0]).std().item() / (SIZE**0.5 if divided else 1)


def learned(divided, rate, seed, heads=1):
    """Train on rows of eight digits, half to be copied and half to be reversed -> certain at the start, curve."""
    with seeded(seed):
        model = small_transformer(divided, heads)
        optimiser = torch.optim.Adam(model.parameters(), lr=rate)
        at_start, curve = certain(model), [right(model)]
        for step in range(1, STEPS + 1):
            train_step(model, optimiser, *copy_or_reverse(64, DIGITS))
            if step % EVERY == 0:
                curve.append(right(model))
    return round(at_start, 3), [round(share, 3) for share in curve]


def record_scaled():
    """Both ways, at each rate, from each seed; and in smaller heads."""
    runs = []
    for heads, rates in ((1, RATES), (HEADS, (RATE,))):
        for rate in rates:
            for seed in SEEDS:
                for divided in (True, False):
                    start, curve = learned(divided, rate, seed, heads)
                    runs.append(dict(divided=divided, rate=rate, seed=seed, heads=heads, certain=start, right=curve))
    return {"steps": list(range(0, STEPS + 1, EVERY)), "runs": runs}
