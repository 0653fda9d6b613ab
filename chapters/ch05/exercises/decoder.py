"""Chapter 5: the decoder block, a class."""

import functools
from dataclasses import replace

import torch
from torch import Tensor, nn

from course_kit.contexts import seeded
from course_kit.exercises.compare import same
from course_kit.exercises.define import (
    Case,
    Exercise,
    Property,
    construct,
    is_class,
    some_numbers,
    variants,
    wrong_answers,
)
from course_kit.exercises.properties import blind_to_later, blind_to_padding
from course_kit.i18n import mark, t
from course_utils.attention import causal_mask, padding_mask
from course_utils.transformer import DecoderBlock

NEEDED = "attention, cross_attention, ffn, around_attention, around_cross, around_ffn"
LISTED = t(", ").join(NEEDED.split(", "))
OTHERS = t(
    "Its parts have other names, or another number of parameters, than a checkpoint's. Needed: {NEEDED}.", NEEDED=LISTED
)


LAST = {"attention": "attention.out", "cross_attention": "cross_attention.out", "ffn": "ffn.narrow"}
BY_HAND = (3, 1, 3)
PLAIN = {"parameters": t("one head; both attentions: identity matrices; ffn: zeros; no biases; norms as they begin")}


@functools.cache
def parameters_of(sizes: tuple[float, ...]) -> DecoderBlock:
    """The course's block with numbers that are always the same, in its norms and biases, too."""
    with seeded(int(sum(sizes))):
        block = DecoderBlock(*sizes)
        for name, parameter in block.named_parameters():
            if sizes != BY_HAND:
                nn.init.normal_(parameter, std=0.5)
            elif parameter.dim() == 2:
                nn.init.zeros_(parameter) if name.startswith("ffn") else nn.init.eye_(parameter)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)
    return block


def _run(answer, case: Case) -> Tensor:
    """The class with these parameters; a known mistake gets the course's block that holds them."""
    block = parameters_of(case.init)
    if not is_class(answer):
        return answer(block, *case.args.values())
    moved = case.given.get("moved", "none")  # a part with other parameters
    silent = [f"{last}." for part, last in LAST.items() if part != case.given.get("alone", part)]
    parameters = {name: x + 0.5 * name.startswith(f"{moved}.") for name, x in block.state_dict().items()}
    parameters |= {name: 0 * x for name, x in parameters.items() if name.startswith(tuple(silent))}
    return construct(answer, case, parameters, lambda: OTHERS)(*case.args.values())


def _case(batch, words, lengths, sizes, seed, shown=False, hidden=()) -> Case:
    longest = max(lengths) + shown  # in what is shown, one column of the memory is padding
    x, memory = (
        some_numbers(batch, words, sizes[0], seed=seed),
        some_numbers(batch, longest, sizes[0], seed=seed + 1),
    )
    mask, memory_mask = causal_mask(words), padding_mask(torch.tensor(lengths), longest)
    for row, column in hidden:
        mask[row, column] = False
    masks = {"mask": mask, "memory_mask": memory_mask}
    given = PLAIN if sizes == BY_HAND else {}
    return Case({"x": x, "memory": memory, **masks}, init=sizes, given=given, shown=shown)


@variants
def _decoder(block, x, memory, mask, memory_mask, *, read=lambda h, memory, norm: memory):
    """A decoder block. read: keys and values of the cross-attention."""
    norm1, norm2, norm3 = block.around_attention.norm, block.around_cross.norm, block.around_ffn.norm
    h = norm1(x)
    drop = block.around_ffn.dropout
    y = x + drop(block.attention(h, h, mask)[0])
    h = norm2(y)
    other = read(h, memory, norm2)
    z = y + drop(block.cross_attention(h, other, memory_mask)[0])
    h = norm3(z)
    return z + drop(block.ffn(h))


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


def _without_effect(run, case, mine, want):
    """The part that may hold any parameters."""
    parts = NEEDED.split(", ") if case.init != BY_HAND and len(case.init) == 3 else ()
    unused = next((part for part in parts if same(run(replace(case, given={"moved": part})), mine)), "")
    return bool(unused) and t(
        "`{unused}` has no effect: whatever it has learned, the result is the same. Where is it used?", unused=unused
    )


def _alone(run, case, mine, want):
    """What is wrong where no sub-layer adds anything, or one alone."""
    for part in ("none", *LAST) if case.init != BY_HAND and len(case.init) == 3 else ():
        alone = replace(case, given={"alone": part})
        if not same(run(alone), _run(DecoderBlock, alone)):
            size, heads, hidden = case.init
            single = replace(alone, init=(size, 1, hidden))
            if same(run(single), _run(DecoderBlock, single)):
                return t(
                    "`{part}` is right with one head, and not with {heads}: does it get the number of heads?",
                    part=part,
                    heads=heads,
                )
            told = t(
                "Where `{part}` alone adds something, another result comes out: its own AddNorm is around it, which "
                "normalises what it asks with and adds it to x, each of them once.",
                part=part,
            )
            return told if part in LAST else t("Where no sub-layer adds anything, x does not come out as it went in.")
    told = t("Each sub-layer alone is right, all three together are not: each reads what the one before it has given.")
    return case.init != BY_HAND and len(case.init) == 3 and not same(mine, want) and told


def _keeps_what_is_dropped(run, case, mine, want):
    return case.init[3:] == (1.0,) and not same(mine, want)


DECODER = Exercise(
    name=mark("a decoder block"),
    task=t(
        "Write the class: an encoder block with one sub-layer more, between its two. cross_attention takes its "
        "queries from the target, its keys and values from memory, as it is, under memory_mask; attention works under "
        "mask. Each of the three has an AddNorm around it. So that the parameters of a trained model fit, the parts "
        "are called {NEEDED}.",
        NEEDED=LISTED,
    ),
    reference=DecoderBlock,
    cases=lambda: [
        _case(1, 2, [2], BY_HAND, 1100, shown=True),
        _case(2, 3, [4, 2], (4, 2, 6), 1200),
        _case(2, 3, [1, 3], (6, 3, 5), 1300, hidden=[(2, 0)]),
        _case(1, 2, [3], (4, 2, 6, 1.0), 1400),  # all is dropped but the way round
    ],
    returns=("output",),
    run=_run,
    properties=(
        Property(
            "With dropout = 1 the sub-layers give nothing, and x comes out as it went in; yours does not. Does each "
            "`AddNorm` get the dropout, is each sub-layer inside its own, and is x added once?",
            _keeps_what_is_dropped,
        ),
        Property(t("Each of the six parts has its effect."), _without_effect),
        blind_to_later("x"),
        blind_to_padding("memory", padded=lambda case: ~case.args["memory_mask"][:, 0]),
        Property(t("Each sub-layer adds its part."), _alone),
    ),
    hints=(
        t("Copy `EncoderBlock`, then add what the third sub-layer needs: one `MultiHeadAttention` and one `AddNorm`."),
        t(
            "In `forward`, three lines of the same kind: `x = self.around_…(x, …)`. The sub-layer of the middle one is "
            "a function of h, as `attend` is, that returns `self.cross_attention(h, memory, memory_mask)[0]`."
        ),
        t(
            "The order is self-attention under `mask`, cross-attention under `memory_mask`, network. `memory` is "
            "normalised already, and goes in as it is."
        ),
    ),
    minutes=12,
    difficulty=3,
    used=t("Your `DecoderBlock` is stacked in [Six: the whole model](#Six:-the-whole-model)."),
    wrong=wrong_answers(
        _decoder(read=lambda h, memory, norm: h),
        t("Keys and values of the cross-attention come from the target, so the source is never read. They are memory."),
        _decoder(read=lambda h, memory, norm: norm(memory)),
        t("memory is normalised once more. The encoder has normalised it already; this norm is for the queries."),
        _in_order("cross", "self", "ffn"),
        t("The cross-attention comes before the self-attention. First the words written so far, then the source."),
        _in_order("self", "ffn", "cross"),
        t("The network comes before the cross-attention, so it cannot work on what was found in the source."),
        _post_norm,
        t("This is post-norm, the order of 2017. AddNorm puts the norm before each sub-layer: use it."),
        lambda block, x, memory, mask, memory_mask: block(x, memory, memory_mask, mask),
        t(
            "The two masks are exchanged. `mask` says which words written so far may be seen, `memory_mask` which of "
            "the source."
        ),
    ),
)
