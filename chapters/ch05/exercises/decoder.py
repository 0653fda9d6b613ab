"""Chapter 5: the decoder block, a class."""

import torch
from torch import Tensor, nn

from course_kit.contexts import seeded
from course_kit.exercises.compare import Misfit
from course_kit.exercises.define import Case, Exercise, construct, is_class, some_numbers, variants, wrong_answers
from course_kit.exercises.properties import blind_to_later, blind_to_padding
from course_utils.attention import causal_mask, padding_mask
from course_utils.transformer import DecoderBlock

from .blocks import as_it_is

NEEDED = "attention, cross_attention, ffn, around_attention, around_cross, around_ffn"


def parameters_of(sizes: tuple[int, ...]) -> DecoderBlock:
    """The course's block with numbers that are always the same, in its norms and biases, too."""
    with seeded(sum(sizes)):
        block = DecoderBlock(*sizes)
        for parameter in block.parameters():
            nn.init.normal_(parameter, std=0.5)
    return block


def _run(answer, case: Case) -> Tensor:
    """The class with these parameters; a known mistake gets the course's block that holds them."""
    block = parameters_of(case.init)
    if not is_class(answer):
        return answer(block, *case.args.values())
    try:
        mine = construct(answer, case, block.state_dict())
    except RuntimeError as error:
        if "state_dict" not in str(error):
            raise
        raise Misfit(
            f"Its parts have other names, or another number of parameters, than a checkpoint's. Needed: {NEEDED}."
        ) from None
    return mine(*case.args.values())


def _case(batch, words, lengths, sizes, seed, shown=False) -> Case:
    x, memory = (
        some_numbers(batch, words, sizes[0], seed=seed),
        some_numbers(batch, max(lengths), sizes[0], seed=seed + 1),
    )
    masks = {"mask": causal_mask(words), "memory_mask": padding_mask(torch.tensor(lengths), max(lengths))}
    return Case({"x": x, "memory": memory, **masks}, init=sizes, shown=shown)


@variants
def _decoder(
    block,
    x,
    memory,
    mask,
    memory_mask,
    *,
    seen=lambda mask, memory_mask: mask,
    seen_across=lambda mask, memory_mask: memory_mask,
    reads=lambda h, memory: h,
    asks=lambda h, memory: h,
    read=lambda h, memory, norm: memory,
    first=lambda x, h: x,
    second=lambda x, y, h: y,
    third=lambda x, y, z, h: z,
    gathered=lambda x, y, z: z,
    norms=lambda *norms: norms,
    crosses=lambda block: block.cross_attention,
):
    """A decoder block. first, second, third: to what the sub-layer's output is added; read: keys and values of the
    cross-attention; gathered: what the network reads."""
    norm1, norm2, norm3 = norms(block.around_attention.norm, block.around_cross.norm, block.around_ffn.norm)
    h = norm1(x)
    y = first(x, h) + block.attention(h, reads(h, memory), seen(mask, memory_mask))[0]
    h = norm2(y)
    other = read(h, memory, norm2)
    z = second(x, y, h) + crosses(block)(asks(h, memory), other, seen_across(mask, memory_mask))[0]
    h = norm3(gathered(x, y, z))
    return third(x, y, z, h) + block.ffn(h)


def _in_order(*order):
    """A decoder block whose three sub-layers come in another order."""

    def forward(block, x, memory, mask, memory_mask):
        layers = {
            "self": lambda x: block.around_attention(x, lambda h: block.attention(h, h, mask)[0]),
            "cross": lambda x: block.around_cross(x, lambda h: block.cross_attention(h, memory, memory_mask)[0]),
            "ffn": lambda x: block.around_ffn(x, block.ffn),
        }
        for name in order:
            x = layers[name](x)
        return x

    return forward


def _post_norm(block, x, memory, mask, memory_mask):
    x = block.around_attention.norm(x + block.attention(x, x, mask)[0])
    x = block.around_cross.norm(x + block.cross_attention(x, memory, memory_mask)[0])
    return block.around_ffn.norm(x + block.ffn(x))


DECODER = Exercise(
    name="a decoder block",
    task="Write the class: an encoder block with one sub-layer more, between its two. cross_attention takes its "
    "queries from the target, its keys and values from memory, as it is, under memory_mask; attention works "
    "under mask. Each of the three has an AddNorm around it. So that the parameters of a trained model fit, the parts "
    f"are called {NEEDED}.",
    reference=DecoderBlock,
    cases=lambda: [
        _case(1, 2, [3], (2, 1, 3), 1100, shown=True),
        _case(2, 3, [4, 2], (4, 2, 6), 1200),
        _case(2, 3, [1, 3], (6, 3, 5), 1300),
    ],
    returns=("output",),
    run=_run,
    properties=(
        blind_to_later("x"),
        blind_to_padding("memory", padded=lambda case: ~case.args["memory_mask"][:, 0]),
    ),
    hints=(
        "Copy `EncoderBlock`, then add what the third sub-layer needs: one `MultiHeadAttention` and one `AddNorm`.",
        "In `forward`, three lines of the same kind: `x = self.around_…(x, …)`. In the middle one the sub-layer is "
        "`lambda h: self.cross_attention(h, memory, memory_mask)[0]`.",
        "The order is self-attention under `mask`, cross-attention under `memory_mask`, network. `memory` is "
        "normalised already, and goes in as it is.",
    ),
    minutes=6,
    difficulty=3,
    used="Your `DecoderBlock` is stacked in the Transformer below.",
    wrong=wrong_answers(
        _decoder(seen=lambda mask, memory_mask: None),
        "The mask is not handed to the self-attention, so each word sees those that come after it.",
        _decoder(seen_across=lambda mask, memory_mask: None),
        "memory_mask is not used: the cross-attention also reads the source's padding.",
        _decoder(read=lambda h, memory, norm: h),
        "Keys and values of the cross-attention come from the target, so the source is never read. They are memory.",
        _decoder(read=lambda h, memory, norm: norm(memory)),
        "memory is normalised once more. The encoder has normalised it already; this norm is for the queries.",
        _decoder(reads=lambda h, memory: memory, seen=lambda mask, memory_mask: memory_mask),
        "The self-attention reads memory. It reads what it is given by its own AddNorm, twice: h, h.",
        _decoder(first=lambda x, h: 0),
        "The first residual is missing: x + (…)",
        _decoder(second=lambda x, y, h: 0),
        "The second residual is missing, the one around the cross-attention.",
        _decoder(third=lambda x, y, z, h: 0),
        "The third residual is missing, the one around the network.",
        _decoder(first=lambda x, h: h, second=lambda x, y, h: h, third=lambda x, y, z, h: h),
        "The residuals are taken after the norms. Add what came in itself.",
        _decoder(second=lambda x, y, h: x),
        "The second residual starts from x again, so the self-attention's output is skipped.",
        _decoder(third=lambda x, y, z, h: y),
        "The last residual starts before the cross-attention, so what this found is skipped.",
        _decoder(third=lambda x, y, z, h: x),
        "The last residual starts from x again, so both attentions are skipped.",
        _decoder(gathered=lambda x, y, z: y),
        "The network reads what was there before the cross-attention. It should work on what has the source in it.",
        _decoder(norms=lambda n1, n2, n3: (n1, n2, n2)),
        "around_cross is used twice, around_ffn never.",
        _decoder(norms=lambda n1, n2, n3: (n1, n1, n1)),
        "around_attention is used three times. Each sub-layer has its own.",
        _decoder(norms=lambda n1, n2, n3: (n1, n1, n3)),
        "around_attention is used twice, around_cross never.",
        _decoder(norms=lambda n1, n2, n3: (n1, as_it_is, n3)),
        "The cross-attention asks without a norm: around_cross is not used.",
        _decoder(norms=lambda n1, n2, n3: (n1, n2, as_it_is)),
        "The network reads without a norm: around_ffn is not used.",
        _decoder(crosses=lambda block: block.attention),
        "The self-attention's matrices are used for the cross-attention, too. It has its own, cross_attention.",
        _in_order("self", "ffn"),
        "There is no cross-attention: this is an encoder block, and the source is never read.",
        _in_order("cross", "self", "ffn"),
        "The cross-attention comes before the self-attention. First the words written so far, then the source.",
        _in_order("self", "ffn", "cross"),
        "The network comes before the cross-attention, so it cannot work on what was found in the source.",
        _post_norm,
        "This is post-norm, the order of 2017. AddNorm puts the norm before each sub-layer: use it.",
    ),
)
