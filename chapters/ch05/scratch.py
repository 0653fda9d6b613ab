"""What one writes from an empty file in chapter 5: a Transformer that translates."""

from types import SimpleNamespace

import torch

from course_kit.exercises.define import integers, some_numbers
from course_kit.exercises.properties import blind_to_later, rows_are_independent
from course_kit.mine.scratch_parts import Track, made, part, trial
from course_utils.toy_tasks import BEGIN, TOKENS, copy_or_reverse

ALONE = rows_are_independent("source", "target", masks=("source_mask",))


def parts(c):
    config = c.TransformerConfig(11, 13, 16, 2, 2, context=8)
    x, memory = some_numbers(2, 4, 8, seed=0), some_numbers(2, 5, 8, seed=1)
    source, target = integers(9, 2, 5, seed=2) + 2, integers(11, 2, 4, seed=3) + 2
    source[1, 3:] = target[1, 3:] = 0
    there, causal = source != 0, torch.ones(4, 4, dtype=torch.bool).tril()
    whole = {"source": source, "target": target, "source_mask": there}
    whole_init = (config,)

    def model_of(names):
        return made(names, "Transformer", whole_init, built.parameters)

    built = part(
        c,
        "Transformer",
        whole | {"source_mask": None},
        whole,
        {"source": integers(11, 1, 10, seed=5), "target": integers(13, 1, 9, seed=6), "source_mask": None},
        init=whole_init,
        formula="The embeddings times √D, and positions; the blocks; a norm behind each stack; and an output matrix "
        "that is the table of the target's words.",
        properties=(blind_to_later("target", dim=-1), ALONE),
        optional=False,
    )
    return [
        "masked_softmax",
        "scaled_dot_product_attention",
        "split_heads",
        part(c, "join_heads", {"x": some_numbers(2, 2, 3, 4, seed=0)}, formula="the way back from split_heads"),
        "multi_head",
        part(
            c,
            "MultiHeadAttention",
            {"x": x, "memory": memory, "mask": None},
            {"x": x, "memory": memory, "mask": there[:, None]},
            {"x": x, "memory": x, "mask": causal},
            init=(8, 2),
            returns=("output", "weights"),
            formula="concat(heads) Wo, each head softmax(Q Kᵀ / √d) V of its own features: section 3.2.2",
            properties=(rows_are_independent("x", "memory"),),
        ),
        part(c, "PositionwiseFFN", {"x": x}, init=(8, 12), formula="max(0, x W₁ + b₁) W₂ + b₂: equation 2"),
        "add_norm",
        part(
            c,
            "AddNorm",
            {"x": x, "f": torch.tanh},
            init=(8, 0.5),
            formula="x + dropout(f(norm(x)))",
            drops=True,
        ),
        part(
            c,
            "EncoderBlock",
            {"x": x, "mask": None},
            {"x": x, "mask": causal},
            init=(8, 2, 12, 0.5),
            formula="x + attention(norm(x)), then x + ffn(norm(x)): two AddNorms",
            drops=True,
        ),
        part(c, "causal_mask", {"size": 4}, formula="True where the key is not later than the query"),
        part(
            c,
            "DecoderBlock",
            {"x": x, "memory": memory, "mask": None, "memory_mask": None},
            {"x": x, "memory": memory, "mask": causal, "memory_mask": there[:, None]},
            init=(8, 2, 12, 0.5),
            formula="self-attention, cross-attention whose keys and values are the memory, ffn: three AddNorms",
            properties=(rows_are_independent("x", "memory", masks=("memory_mask",)),),
            drops=True,
        ),
        "sinusoidal_encoding",
        part(
            c,
            "SinusoidalPositions",
            {"x": x, "first": 0},
            {"x": x, "first": 6},
            init=(8, 8),
            formula="x + P[first … first + T]; where the table is too short, it is computed anew",
        ),
        built,
        "masked_loss",
        part(
            c,
            "translation_loss",
            {"source": source, "target": target, "begin": 1},
            {"source": source, "target": target * 0 - 100, "begin": 1},
            call=lambda loss, names, **inputs: loss(model_of(names), **inputs),
            returns=("loss",),
            formula="Mean of −ln p of each word of the target, which reads <bos> and the words before it.",
            optional=False,
        ),
        part(
            c,
            "translate",
            *({"source": source, "begin": 1, "end": end, "longest": 6} for end in (-1, *range(2, 13))),
            call=lambda write, names, **inputs: str(write(model_of(names), **inputs)),
            returns=("rows",),
            formula="argmax of the last word's logits, append, ask again; a row ends in front of `end`.",
            optional=False,
        ),
        "train_step",
        trial("copy and reverse", "train_step", 120, copies, "Adam at 2e-3; rows of 64; nothing else to tune."),
    ]


def copies(mine: SimpleNamespace):
    """Rows of digits, to be copied or reversed as the first token says."""
    config = mine.TransformerConfig(TOKENS, TOKENS, size=64)
    model = mine.build("Transformer", config) if hasattr(mine, "build") else mine.Transformer(config)
    optimiser, steps = torch.optim.Adam(model.parameters(), lr=2e-3), 400
    falling = torch.optim.lr_scheduler.LinearLR(optimiser, 1, 0, total_iters=steps)
    for _ in range(steps):
        mine.train_step(model, optimiser, *copy_or_reverse(64, length=6))
        falling.step()
    source, target = copy_or_reverse(200, length=6)
    written = mine.translate(model, source, BEGIN, end=-1, padding=-1, longest=6)
    share = (torch.tensor(written) == target).all(1).float().mean().item()
    return share > 0.9, f"{share:.1%} of 200 new rows are right to the last digit; 90 % are asked for."


TRACKS = {
    "transformer": Track(
        5, ("transformer",), parts, ("TransformerConfig",), 240, "a Transformer that trains and translates"
    ),
}
