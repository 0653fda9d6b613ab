"""The decoder of today from an empty file, which then holds a published model."""

from typing import Any

import torch

from chapters.ch07.scratch import CHANCES, Unmoved, by_chance, refuses
from chapters.ch08 import published
from course_kit.checkpoints import load_checkpoint
from course_kit.exercises.compare import Misfit
from course_kit.exercises.define import integers, some_numbers
from course_kit.mine.scratch_models import made
from course_kit.mine.scratch_parts import Either, Model, Part, Track

LLAMA = """
masked_softmax
split_heads
join_heads: the way back from split_heads
share_heads
rotation: the angle of pair j at position t is t · base^(−2j / d)
turn: (a cos − b sin, a sin + b cos) of each pair of neighbours (a, b)
Cache*: the new ones behind the old, along the axis of the tokens
GroupedAttention: out(softmax(Q Kᵀ / √d) V): turned queries and keys, fewer key heads, shared by those of queries
rms_norm
RMSNorm: x / √(mean(x²) + ε) · weight
SwiGLU: down(silu(gate(x)) · up(x))
LlamaBlock: x + attention(norm1(x)), then x + ffn(norm2(x))
Llama*: tokens; the blocks, all with the same turns and mask; norm; times the table of the tokens, transposed
Llama, token by token*: what a cache has read comes before; positions and mask go on behind it
with_temperature
nucleus
generate*: read the text once, then each token by itself; at temperature 0 the likeliest
generate, by chance*: softmax(logits / temperature), of this the likeliest that reach top_p; a generator of its own
generate, of a long text*: parts of a few hundred tokens, `between` after each but the last; what fits, and no more
"""
TOLD = {
    "Cache": "`length`: how many tokens it has keys of; 0 at first.",
    "RMSNorm": "Its weight begins at 1.",
    "Llama": "The table of tokens begins at a standard deviation of 0.02, and is the output's table, too.",
    "generate": "A long text is read in parts of at most 512 tokens, with a call of `between` after each but the last; "
    "the text and `count` more tokens must fit into model.context. What others draw is neither changed by `seed` nor "
    "changes it. A ValueError, too, where temperature is below 0 or not finite, or top_p not in (0, 1].",
}


def of_llama(c: Any) -> dict[str, Any]:
    """Inputs and sizes, by the names of parameters."""
    config, ids = c.LlamaConfig(13, 16, 2, 4, 2, 12, 32, 100.0, 1e-2), integers(13, 2, 7, seed=2)
    configs = Either([config, c.LlamaConfig(13, 16, 3, 4, 1, 20, 16, 50.0, 0.1)])
    cos, sin = c.rotation(torch.arange(5), 4)
    causal = torch.ones(5, 5, dtype=torch.bool).tril()
    return {
        "x": some_numbers(2, 5, 16, seed=1), "turns": (cos, sin), "mask": causal, "c": configs, "config": configs,
        "Llama, token by token.config": config,
        "join_heads.x": some_numbers(2, 2, 3, 4, seed=0), "turn.x": some_numbers(2, 2, 5, 4, seed=3), "cos": cos,
        "sin": sin, "positions": torch.arange(3, 8), "d": 6, "base": Either([100.0, 7.0]), "size": 16, "hidden": 12,
        "k": some_numbers(1, 2, 3, 4, seed=4), "v": some_numbers(1, 2, 3, 4, seed=5), "ids": ids,
        "generate.ids": ids[:1],
        "model": Model("Llama"), "count": 9, "stop": Either([(), tuple(range(6)), (), *((n,) for n in range(13))]),
        "generate, by chance.case": Either(CHANCES), "eps": Either([1e-3, 0.2]),
        "pieces": Either([[1] * 7, [3, 1, 2, 1]]), "LlamaBlock.context": (cos, sin),
    }  # fmt: skip


def kept(cache, names, k, v):
    """One token after another: all keys, all values, how many."""
    for i in range(k.shape[2]):
        found = cache.extend(k[:, :, i : i + 1], v[:, :, i : i + 1])
    return (*found, torch.tensor(cache.length))


def block(layer, names, x, turns, mask):
    return layer(x, turns, mask)


def in_pieces(llama, names, ids, pieces):
    """The logits of a text that is read piece by piece, as of one that is read at once."""
    caches = [names.Cache() for _ in range(2)]
    return torch.cat([llama(piece, caches) for piece in ids.split(pieces, 1)], 1)


def drawn_tokens(generate, names, case):
    def draw(model, count, temperature, top_p, seed):
        return torch.tensor(
            list(generate(model, torch.zeros(1, 1, dtype=torch.long), count, (), temperature, top_p, seed))
        )

    return by_chance(draw, case)


def long_text(generate, names):
    """What is read, when `between` is called, and what is refused."""
    model, calls, ids = Unmoved(context=3010), [], torch.zeros(1, 3000, dtype=torch.long)
    first, *others = [len(calls) for _ in generate(model, ids, 10, between=lambda: calls.append(sum(model.read)))]
    if sum(model.read) != 3009 or max(model.read) > 512:
        raise Misfit(f"Of 3000 tokens and 10 more yours reads parts of {max(model.read)} at most, {sum(model.read)} in "
                     "all; expected: at most 512, and 3009, each but the last once.")  # fmt: skip
    parts = len(model.read) - 9
    if (first, *others) != (parts - 1,) * 10:
        raise Misfit(f"3000 tokens are read in {parts} parts, and `between` is called {first} times before the first "
                     f"token, {len(calls)} in all; expected: {parts - 1} times before it.")  # fmt: skip
    right = {"model": model, "ids": ids[:, :3000], "count": 10}
    wrong = [{"count": 11}, {"ids": ids[:, :0]}, {"temperature": -1.0}, {"top_p": 0.0}, {"top_p": 1.5}]
    return refuses(lambda **given: list(generate(**given)), right, *wrong)


def speaks(mine: Any) -> tuple[bool, str]:
    """SmolLM2 in the reader's class; without it, the course's small model, with the course's logits."""
    if smol := published.load():
        model = made(mine, "Llama", {"config": smol.model.config}, dict(smol.model.named_parameters()))
        ids = smol.prompt("What is the capital of France?")
        said = smol.tokenizer.decode(list(mine.generate(model, ids, count=12, stop={smol.stop})))
        return "Paris" in said, f"SmolLM2 speaks through your class. The capital of France? “{said}”"
    ours, ids = load_checkpoint("llama-holmes").model, torch.arange(40, 60)[None]
    model = made(mine, "Llama", {"config": ours.config}, dict(ours.named_parameters()))
    right = torch.allclose(model(ids), ours(ids), atol=1e-3)
    says = f"Your class gives {'' if right else 'not '}the logits of llama-holmes."
    return right, f"{says} SmolLM2 is not installed: `{published.INSTALL}`, and it speaks here."


SPEAKS = Part(
    "a published model", "generate", speaks, ("Its parameters have the names above.",), seconds=240, optional=False
)
TRACKS = {
    "llama": Track(
        8, "llama", LLAMA, of_llama, 240, "the decoder of today, through which a published model speaks", 90,
        calls={"Cache": kept, "LlamaBlock": block, "Llama, token by token": in_pieces}
        | {"generate, by chance": drawn_tokens, "generate, of a long text": long_text},
        told=TOLD, causal=("ids", "x"), given=("LlamaConfig", "alone", "copying", "small", "checked"), last=(SPEAKS,),
    ),
}  # fmt: skip
