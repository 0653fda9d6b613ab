"""The decoder of today from an empty file, which then holds a published model."""

from typing import Any

import torch

from chapters.ch02.scratch import ALONG
from chapters.ch05.scratch import JOINED
from chapters.ch07.scratch import CHANCES, Unmoved, by_chance, refused
from chapters.ch08 import published
from course_kit.checkpoints import load_checkpoint
from course_kit.exercises.define import integers, some_numbers
from course_kit.i18n import mark
from course_kit.mine.scratch_parts import ModelArgument, Track, TrackPart, with_course_numbers


def kept(cache, names, k, v):
    """A token, then the others: all keys, all values, how many."""
    cache.extend(k[:, :, :1], v[:, :, :1])
    found = cache.extend(k[:, :, 1:], v[:, :, 1:])
    return dict(zip(("keys", "values"), found, strict=True)) | {"length": cache.length}


def behind_a_cache(attention, names, x, turns, mask):
    """Two tokens, then those behind them, which attend to what the cache has kept."""
    cache, pieces = names.Cache(), (slice(0, 2), slice(2, x.shape[1]))
    first, others = (attention(x[:, n], (turns[0][n], turns[1][n]), mask[n, : n.stop], cache) for n in pieces)
    return {"of the first two": first, "of those behind them": others}


def in_pieces(llama, names, ids, pieces):
    """The logits of a text that is read piece by piece, as of one that is read at once."""
    caches = llama.caches() if hasattr(llama, "caches") else [names.Cache() for _ in range(2)]
    logits = torch.cat([llama(piece, caches) for piece in ids.split(pieces, 1)], 1)
    return {"each block has a cache of its own": len({id(cache) for cache in caches}) == 2, "logits": logits}


def drawn_tokens(generate, names, temperature, top_p):
    def draw(model, count, temperature, top_p, seed):
        ids = torch.zeros(1, 1, dtype=torch.long)
        return torch.tensor(list(generate(model, ids, count, (), temperature, top_p, seed)))

    return by_chance(draw, temperature, top_p)


def long_text(generate, names):
    """What is read of 3000 tokens and 10 more, when `between` is called, and what is refused."""
    model, calls, ids = Unmoved(context=3010), [], torch.zeros(1, 3000, dtype=torch.long)
    called = [len(calls) for _ in generate(model, ids, 10, between=lambda: calls.append(1))]
    right = {"model": model, "ids": ids, "count": 10}
    wrong = [{"count": 11}, {"ids": ids[:, :0]}, {"temperature": -1.0}, {"top_p": 0.0}, {"top_p": 1.5}]
    found = {"tokens that are read": sum(model.read), "at most 512 at once": max(model.read) <= 512}
    found["between is called after each part but the last"] = called == [len(model.read) - 10] * 10
    return found | refused(lambda **given: list(generate(**given)), right, *wrong)


def speaks(mine: Any) -> tuple[bool, str]:
    """SmolLM2 in the reader's class; without it, the course's small model, with the course's logits."""
    track, smol = TRACKS["llama"], published.load()
    ours = smol.model if smol else load_checkpoint("llama-holmes").model
    model = with_course_numbers(track, "Llama", (ours.config,), mine, state=dict(ours.named_parameters()))
    if smol:
        ids = smol.prompt("What is the capital of France?")
        said = smol.tokenizer.decode(list(mine.generate(model, ids, count=12, stop={smol.stop})))
        return "Paris" in said, f"SmolLM2 speaks through your class. The capital of France? “{said}”"
    ids = torch.arange(40, 60)[None]
    right = torch.allclose(model(ids), ours(ids), atol=1e-3)
    says = f"Your class gives {'' if right else 'not '}the logits of llama-holmes."
    return right, f"{says} SmolLM2 is not installed: `{published.INSTALL}`, and it speaks here."


def parts(c: Any) -> list[TrackPart]:
    x, ids, places = some_numbers(2, 5, 16, seed=1), integers(13, 2, 7, seed=2), torch.arange(3, 8)
    sizes = c.LlamaConfig(13, 16, 2, 4, 2, 12, 32, 100.0, 1e-2), c.LlamaConfig(13, 16, 3, 4, 1, 20, 16, 50.0, 0.1)
    configs, model, turns = [(one,) for one in sizes], ModelArgument("Llama", sizes[0]), c.rotation(torch.arange(5), 4)
    causal, cached = torch.ones(5, 5, dtype=torch.bool).tril(), (some_numbers(1, 2, 3, 4, seed=n) for n in (4, 5))
    return [
        TrackPart("masked_softmax"), ALONG, TrackPart("split_heads"), JOINED, TrackPart("share_heads"),
        TrackPart("rotation", "the angle of pair j at position t is t · base^(−2j / d)", (places, 6, 100.0),
            (places, 6, 7.0)),
        TrackPart("turn", "(a cos − b sin, a sin + b cos) of each pair of neighbours (a, b)",
            (some_numbers(2, 2, 5, 4, seed=3), *turns)),
        TrackPart("Cache", "the new ones behind the old, along the axis of the tokens", tuple(cached), needed=True,
            call=kept, note="`length`: how many tokens it has keys of; 0 at first."),
        TrackPart("GroupedAttention", "out(softmax(Q Kᵀ / √d) V): q and k turned, fewer heads of keys, shared",
            (x, turns, causal), (x, turns, causal), init=configs),
        TrackPart("GroupedAttention", "keys and values are those that `extend` gives back", (x, turns, causal),
            (x, turns, causal), look="behind a cache", needed=False, init=configs, call=behind_a_cache),
        TrackPart("rms_norm"),
        TrackPart("RMSNorm", "x / √(mean(x²) + ε) · weight", (x,), (x,), init=[(16, 1e-3), (16, 0.2)],
            note="Its weight begins at 1."),
        TrackPart("SwiGLU", "down(silu(gate(x)) · up(x))", (x,), init=(16, 12)),
        TrackPart("LlamaBlock", "x + attention(norm1(x)), then x + ffn(norm2(x))", (x, turns, causal),
            (x, turns, causal), init=configs, call=lambda layer, names, x, turns, mask: layer(x, turns, mask)),
        TrackPart("Llama", "tokens; the blocks, all with the same turns and mask; norm; times the table of the tokens, "
            "transposed", (ids,), (ids,), needed=True, init=configs,
            note="All matrices begin at a standard deviation of 0.02, those of the blocks, too. The table of tokens is "
            "the output's table, too."),
        TrackPart("Llama", "what a cache has read comes before; positions and mask go on behind it", (ids, [1] * 7),
            (ids, [3, 1, 2, 1]), look="token by token", init=configs[0], call=in_pieces),
        *map(TrackPart, ("with_temperature", "nucleus")),
        TrackPart("generate", "read the text once, then each token by itself; at temperature 0 the likeliest",
            *((model, ids[:1], 9, stop) for stop in ((), tuple(range(6)), *((n,) for n in range(13)))), needed=True,
            note="A long text is read in parts of at most 512 tokens, with a call of `between` after each but the "
            "last; the text and `count` more tokens must fit into model.context. What others draw is neither changed "
            "by `seed` nor changes it. A ValueError, too, where temperature is below 0 or not finite, or top_p not in "
            "(0, 1]."),
        TrackPart("generate", "softmax(logits / temperature), of this the likeliest that reach top_p", *CHANCES,
            look="by chance", call=drawn_tokens),
        TrackPart("generate", "in parts, `between` after each but the last; what fits, and no more", (),
            look="of a long text", call=long_text),
        TrackPart("a published model", "Its parameters have the names above.", last=speaks, seconds=240),
    ]  # fmt: skip


HAVE = mark("the decoder of today, through which a published model speaks")
GIVEN = "LlamaConfig", "alone", "copying", "small", "checked"
TRACKS = {"llama": Track(8, "llama", parts, 240, HAVE, bar=90, given=GIVEN)}
