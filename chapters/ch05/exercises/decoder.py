"""Chapter 5: the decoder block, and the whole model."""

import torch

from course_kit.exercises.define import Case, Exercise, named, some_numbers, variants, wrong_answers
from course_kit.exercises.properties import blind_to_later, blind_to_padding
from course_utils.attention import causal_mask, padding_mask

from .blocks import as_it_is, attention_with, encoder_block, encoder_parts, network_with, norm_with


def decoder_block(x, memory, mask, memory_mask, attention, cross, ffn, norm1, norm2, norm3):
    """x [B, T, D], memory [B, S, D], mask [T, T], memory_mask [B, 1, S], and a block's six parts -> [B, T, D]."""
    h = norm1(x)
    y = x + attention(h, h, h, mask)[0]
    z = y + cross(norm2(y), memory, memory, memory_mask)[0]
    return z + ffn(norm3(z))


_NORMS = {"norm1": "a layer norm", "norm2": "another layer norm", "norm3": "a third layer norm"}
_NAMES = ("x", "memory", "mask", "memory_mask", "attention", "cross", "ffn", *_NORMS)
_ATTENTIONS = {"attention": "attention: (q, k, v, mask) -> (output, weights)", "cross": "another one"}
_block = named(*_NAMES, ffn="a feed-forward network", **_ATTENTIONS, **_NORMS)


def decoder_parts(size: int, seed: int) -> list:
    """What a decoder block is made of, in its order."""
    attentions = [attention_with(size, seed + 10 * n) for n in range(2)]
    return [*attentions, network_with(size, seed + 20), *(norm_with(size, seed + 30 + 2 * n) for n in range(3))]


def _case(batch, size, words, lengths, seed, shown=False) -> Case:
    x, memory = some_numbers(batch, words, size, seed=seed), some_numbers(batch, max(lengths), size, seed=seed + 1)
    masks = causal_mask(words), padding_mask(torch.tensor(lengths), max(lengths))
    return _block(x, memory, *masks, *decoder_parts(size, seed + 2), shown=shown)


@variants
def _decoder(
    *inputs,
    seen=lambda mask, memory_mask: mask,
    seen_across=lambda mask, memory_mask: memory_mask,
    reads=lambda h, memory: h,
    asks=lambda h, memory: h,
    read=lambda h, memory, norm2: memory,
    across=lambda y, found: y + found,
    first=lambda x, h: x,
    second=lambda x, y, h: y,
    third=lambda x, y, z, h: z,
    gathered=lambda x, y, z: z,
    norms=lambda *norms: norms,
):
    """A decoder block. first, second, third: to what the sub-layer's output is added; read: keys and values of the
    cross-attention; gathered: what the network reads."""
    x, memory, mask, memory_mask, attention, cross, ffn, *all_norms = inputs
    norm1, norm2, norm3 = norms(*all_norms)
    h = norm1(x)
    own = reads(h, memory)
    y = first(x, h) + attention(h, own, own, seen(mask, memory_mask))[0]
    h = norm2(y)
    other = read(h, memory, norm2)
    z = second(x, y, h) + cross(asks(h, memory), other, other, seen_across(mask, memory_mask))[0]
    h = norm3(gathered(x, y, z))
    return third(x, y, z, h) + ffn(h)


def _in_order(*order):
    """A decoder block whose three sub-layers come in another order."""

    def block(x, memory, mask, memory_mask, attention, cross, ffn, norm1, norm2, norm3):
        layers = {
            "self": lambda x: attention(norm1(x), norm1(x), norm1(x), mask)[0],
            "cross": lambda x: cross(norm2(x), memory, memory, memory_mask)[0],
            "ffn": lambda x: ffn(norm3(x)),
        }
        for name in order:
            x = x + layers[name](x)
        return x

    return block


def _post_norm(x, memory, mask, memory_mask, attention, cross, ffn, norm1, norm2, norm3):
    x = norm1(x + attention(x, x, x, mask)[0])
    x = norm2(x + cross(x, memory, memory, memory_mask)[0])
    return norm3(x + ffn(x))


DECODER = Exercise(
    name="decoder block",
    task="An encoder block with one sub-layer more, between its two: cross, whose queries come from the target through "
    "norm2 and whose keys and values are memory, as it is. attention works under mask, with norm1; cross under "
    "memory_mask; the network has norm3. Each has a residual connection. attention and cross: (q, k, v, mask) -> "
    "(output, weights); x [B, T, D], memory [B, S, D] -> [B, T, D].",
    reference=decoder_block,
    cases=lambda: [
        _case(1, 3, 2, [3], 1100, shown=True),
        _case(2, 4, 3, [4, 2], 1200),
        _case(2, 5, 3, [1, 3], 1300),
    ],
    returns=("output",),
    properties=(
        blind_to_later("x"),
        blind_to_padding("memory", padded=lambda case: ~case.args["memory_mask"][:, 0]),
    ),
    hints=(
        "Three times the same: norm, sub-layer, add. Two of the three you have written in *encoder block*.",
        "In the middle one the queries are norm2(y), and keys and values come from the encoder, as they are: "
        "`cross(norm2(y), memory, memory, memory_mask)`. It gives two things, too.",
        "After `y = x + attention(h, h, h, mask)[0]` with `h = norm1(x)`, add to y what cross gives; the network is "
        "then added to that.",
    ),
    minutes=8,
    difficulty=2,
    used="Your `decoder_block` computes the last row in *All at once, or word by word?*, and is in the model that you "
    "train.",
    wrong=wrong_answers(
        _decoder(seen=lambda mask, memory_mask: None),
        "The mask is not handed to the self-attention, so each word sees those that come after it.",
        _decoder(seen_across=lambda mask, memory_mask: None),
        "memory_mask is not used: the cross-attention also reads the source's padding.",
        _decoder(asks=lambda h, memory: memory, read=lambda h, memory, norm2: h),
        "In the cross-attention the roles are exchanged. The target asks, norm2(y), and the source is asked, memory.",
        _decoder(read=lambda h, memory, norm2: h),
        "Keys and values of the cross-attention come from the target, so the source is never read. They are memory.",
        _decoder(read=lambda h, memory, norm2: norm2(memory)),
        "memory is normalised once more. The encoder has normalised it already; norm2 is for the queries.",
        _decoder(reads=lambda h, memory: memory),
        "The self-attention reads memory. Its keys and values are norm1(x), like its queries.",
        _decoder(first=lambda x, h: 0),
        "The first residual is missing: x + (…)",
        _decoder(second=lambda x, y, h: 0),
        "The second residual is missing, the one around the cross-attention: y + (…)",
        _decoder(third=lambda x, y, z, h: 0),
        "The third residual is missing: z + (…)",
        _decoder(first=lambda x, h: h, second=lambda x, y, h: h, third=lambda x, y, z, h: h),
        "The residuals are taken after the norms. Add x, y and z themselves.",
        _decoder(second=lambda x, y, h: x),
        "The second residual starts from x again, so the self-attention's output is skipped. Add to y.",
        _decoder(third=lambda x, y, z, h: y),
        "The last residual starts from y, so what the cross-attention found is skipped. Add to z.",
        _decoder(third=lambda x, y, z, h: x),
        "The last residual starts from x again, so both attentions are skipped. Add to z.",
        _decoder(gathered=lambda x, y, z: y),
        "The network reads y, before the cross-attention. It should work on z, which has the source in it.",
        _decoder(norms=lambda n1, n2, n3: (n1, n2, n2)),
        "norm2 is used twice, norm3 never.",
        _decoder(norms=lambda n1, n2, n3: (n1, n1, n1)),
        "norm1 is used three times. Each sub-layer has its own norm.",
        _decoder(norms=lambda n1, n2, n3: (n1, n1, n2)),
        "norm1 is used twice, and norm2 for the network. norm2 belongs to the cross-attention, norm3 to the network.",
        _decoder(norms=lambda n1, n2, n3: (n1, as_it_is, n3)),
        "The cross-attention asks with y, without a norm: norm2 is not used.",
        _decoder(norms=lambda n1, n2, n3: (n1, n2, as_it_is)),
        "The network reads z without a norm: norm3 is not used.",
        _in_order("self", "ffn"),
        "There is no cross-attention: this is an encoder block, and the source is never read.",
        _in_order("cross", "self", "ffn"),
        "The cross-attention comes before the self-attention. First the words written so far, then the source.",
        _in_order("self", "ffn", "cross"),
        "The network comes before the cross-attention, so it cannot work on what was found in the source.",
        _post_norm,
        "This is post-norm, the order of 2017. The task asks for pre-norm: the norm comes before each sub-layer.",
    ),
)


def transformer(x, y, real, encoder, encoder_norm, decoder, decoder_norm, output):
    """x [B, S, D], y [B, T, D], real [B, S] bool, stacks of blocks, norms, output matrix -> logits [B, T, V]."""
    for block in encoder:
        x = block(x, real[:, None])
    memory = encoder_norm(x)
    for block in decoder:
        y = block(y, memory, causal_mask(y.shape[1]), real[:, None])
    return output(decoder_norm(y))


_model = named(
    *("x", "y", "real", "encoder", "encoder_norm", "decoder", "decoder_norm", "output"),
    encoder_norm="a layer norm",
    decoder_norm="another layer norm",
    output="a layer: [B, T, D] -> logits [B, T, V]",
)


def _reads(size: int, seed: int):
    """An encoder block as the whole model calls it."""
    parts = encoder_parts(size, seed)
    return lambda x, mask=None: encoder_block(x, mask, *parts)


def _writes(size: int, seed: int):
    """A decoder block as the whole model calls it."""
    parts = decoder_parts(size, seed)
    return lambda y, memory, mask=None, memory_mask=None: decoder_block(y, memory, mask, memory_mask, *parts)


def _model_case(batch, size, layers, words, lengths, seed, shown=False) -> Case:
    x, y = some_numbers(batch, max(lengths), size, seed=seed), some_numbers(batch, words, size, seed=seed + 1)
    real = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    encoder = [_reads(size, seed + 100 * n) for n in range(1, layers + 1)]
    decoder = [_writes(size, seed + 100 * n + 50) for n in range(1, layers + 1)]
    last = some_numbers(size, 3, seed=seed + 6)
    count = f"{layers} block{'s' * (layers > 1)}"
    says = {
        "encoder": f"{count}: block(x, mask) -> x",
        "decoder": f"{count}: block(y, memory, mask, memory_mask) -> y",
    }
    norms = norm_with(size, seed + 2), norm_with(size, seed + 4)
    return _model(x, y, real, encoder, norms[0], decoder, norms[1], lambda y: y @ last, given=says, shown=shown)


@variants
def _whole(
    *inputs,
    seen=lambda real: real[:, None],
    seen_across=lambda real: real[:, None],
    mask=causal_mask,
    handed=lambda n, first, states, norm: norm(states[-1]),
    stacked=lambda x, start: x,
    written=lambda y, start: y,
    ending=lambda y, norm: norm(y),
    says=lambda logits: logits,
):
    """The whole model. handed: what decoder block n reads; stacked, written: what the next block reads."""
    x, y, real, encoder, encoder_norm, decoder, decoder_norm, output = inputs
    start, begun, states = x, y, []
    for block in encoder:
        x = block(stacked(x, start), seen(real))
        states.append(x)
    for n, block in enumerate(decoder):
        memory = handed(n, start, states, encoder_norm)
        y = block(written(y, begun), memory, mask(y.shape[1]), seen_across(real))
    return says(output(ending(y, decoder_norm)))


WHOLE = Exercise(
    name="the whole model",
    task="Put the given stacks together: x [B, S, D], source words with positions, through the encoder's blocks and "
    "encoder_norm: that is the memory. Then y [B, T, D], the target words so far, through the decoder's blocks, which "
    "read the memory under a causal mask; then decoder_norm and output -> logits [B, T, V]. real [B, S] bool, True = "
    "a real source word. Blocks are called as block(x, mask) and block(y, memory, mask, memory_mask).",
    reference=transformer,
    cases=lambda: [
        _model_case(1, 3, 1, 2, [2], 2000, shown=True),
        _model_case(2, 4, 2, 3, [3, 2], 4000),
        _model_case(2, 4, 2, 2, [1, 4], 6000),
    ],
    returns=("logits",),
    properties=(blind_to_later("y"), blind_to_padding("x", padded=lambda case: ~case.args["real"])),
    hints=(
        "Two loops, one for each stack. What does each block read, and who reads the memory?",
        "In a stack each block reads what the one before gave: `x = block(x, real[:, None])`. The mask of the source "
        "is the same in both stacks; that of the target is `causal_mask(y.shape[1])`.",
        "After the first loop `memory = encoder_norm(x)`. The second loop is like the first, with four inputs instead "
        "of two. Then norm and output, as after a single stack.",
    ),
    minutes=12,
    difficulty=2,
    used="Your `transformer` is version 7 in the next cell, and the model that you train.",
    wrong=wrong_answers(
        _whole(mask=lambda size: None),
        "The decoder has no causal mask, so each word can see the one that it should predict.",
        _whole(mask=lambda size: torch.ones(size, size, dtype=torch.bool).tril(-1)),
        "The causal mask leaves out the diagonal: the first word sees nothing. A word may attend to itself.",
        _whole(mask=lambda size: causal_mask(size).T),
        "The causal mask is the wrong triangle: each word sees itself and the future.",
        _whole(seen=lambda real: None),
        "The encoder gets no mask: its words attend to padding.",
        _whole(seen_across=lambda real: None),
        "The decoder's blocks read the source's padding: `real` makes their memory_mask, too.",
        _whole(seen=lambda real: None, seen_across=lambda real: None),
        "`real` is not used: encoder and decoder both read the source's padding.",
        _whole(handed=lambda n, first, states, norm: states[-1]),
        "encoder_norm is not used: with pre-norm, one norm follows the last block of each stack.",
        _whole(handed=lambda n, first, states, norm: norm(first)),
        "The decoder reads x as it came in, so the encoder's blocks are skipped. The memory is what the last one gave.",
        _whole(handed=lambda n, first, states, norm: norm(states[n])),
        "Decoder block n reads encoder block n. In this model all of them read the last one.",
        _whole(stacked=lambda x, start: start),
        "Every encoder block reads the x that came in, so only the last one counts. Each reads what the one before it "
        "gave.",
        _whole(written=lambda y, begun: begun),
        "Every decoder block reads the y that came in, so only the last one counts. Each reads what the one before it "
        "gave.",
        _whole(ending=lambda y, norm: y),
        "decoder_norm is not used: with pre-norm, one norm follows the last block of each stack.",
        _whole(says=lambda logits: logits.softmax(-1)),
        "These are probabilities. The model gives logits; the loss, or the decoding, takes the softmax.",
        _whole(says=lambda logits: logits.argmax(-1)),
        "These are the words already. The model gives logits [B, T, V], from which the loss is computed, too.",
        _whole(says=lambda logits: logits[:, -1]),
        "Only the last word's logits are left. In training all words are predicted at once: [B, T, V].",
    ),
)
