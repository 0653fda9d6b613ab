"""Chapter 6: masking words."""

import torch
from torch import Tensor

from course_utils.exercises import values
from course_utils.exercises.definition import Case, Exercise, variants, wrong_answers
from course_utils.models.bert import mask_tokens

RIGHT = ((80, 3), (10, 3), (15, 1))  # per cent, and how far off chance may lead
OTHERS = (2, 13.5, 18, 20, 72, 85, 86.5, 89, 90)  # what known mistakes come to


def _near(part: Tensor, of: Tensor, exactly: bool = False) -> str:
    """The share of `part` in `of`, both bool, in per cent: a round figure where it is near enough. exactly: 0 and 100
    are said only if it is none or all."""
    share = 100 * (part & of).sum().item() / max(int(of.sum()), 1)
    figures = [w for w, slack in RIGHT if abs(share - w) <= slack]
    figures += sorted((w for w in OTHERS if abs(share - w) <= 1.5), key=lambda w: abs(share - w))
    almost = "almost " if exactly and share not in (0, 100) and f"{share:.0f}" in ("0", "100") else ""
    return f"{figures[0]:g} %" if figures else f"{almost}{share:.0f} %"


def _statistics(answer, case: Case):
    """What a masking does on many tokens, in words: each right one, whatever it draws, is told in the same."""
    ids, special, vocab_size, mask_id, seed = values.cloned(case.args).values()

    def run(ids, special, seed):
        return answer(ids, special, vocab_size, mask_id, torch.Generator().manual_seed(seed))

    result = run(case.args["ids"], case.args["special_mask"], seed)
    if not isinstance(result, tuple | list) or len(result) != 2:
        return result
    if any(not isinstance(x, Tensor) or x.shape != ids.shape for x in result):
        return tuple(f"{values.kind(x)}; needed: a tensor of shape {list(ids.shape)}" for x in result)
    inputs, labels = result
    chosen = labels != -100
    asked, others = chosen & ~special, ~chosen & ~special
    hidden, same = inputs == mask_id, inputs == ids
    kinds = {"[MASK]": hidden, "other words": ~hidden & ~same, "unchanged": same}
    words = "chosen: " + ", ".join(f"{_near(what, asked)} {name}" for name, what in kinds.items())
    words += f"; others: {_near(inputs == ids, others, True)} unchanged"
    if ((inputs != ids) & special & ~chosen).any():
        words += "; special tokens changed"
    if len(inputs[asked & (inputs != ids) & (inputs != mask_id)].unique()) == 1:
        words += "; it is always the same word"
    first, again, other = (run(ids[:2].clone(), special[:2].clone(), seed + i) for i in (0, 0, 1))
    if not all(map(torch.equal, first, again)) or torch.equal(first[1], other[1]):
        words += "; the generator does not decide what is drawn"
    some = f"at {_near(chosen, ~special)} of the words, {_near(chosen, special, True)} of the special tokens"
    return words, f"{some}; the right id in {_near(labels == ids, chosen, True)}"


def _text(batch: int, time: int, vocab_size: int, mask_id: int, seed: int, shown=False) -> Case:
    """Sentences of different lengths between [CLS] 1 and [SEP] 2, then [PAD] 0; words from 5 on."""
    draw = torch.Generator().manual_seed(seed)
    ids = torch.randint(5, vocab_size, (batch, time), generator=draw)
    ends = torch.randint(time // 2, time, (batch, 1), generator=draw)
    place = torch.arange(time)
    ids = ids.masked_fill(place == 0, 1).masked_fill(place == ends, 2).masked_fill(place > ends, 0)
    args = {"ids": ids, "special_mask": ids < 3, "vocab_size": vocab_size, "mask_id": mask_id, "generator": seed}
    given = {
        "ids": f"{batch} sentences of at most {time} tokens [{batch}, {time}]",
        "special_mask": "True at [CLS], [SEP] and [PAD]",
        "generator": f"torch.Generator().manual_seed({seed})",
    }
    return Case(args, given=given, shown=shown)


@variants
def _masked_otherwise(
    *inputs,
    chance=0.15,
    may=lambda special: ~special,
    hide=lambda dice: dice < 0.8,
    other=lambda dice: dice >= 0.9,
    label=lambda ids, inputs, chosen: ids.masked_fill(~chosen, -100),
    word=lambda vocab_size, ids, generator: torch.randint(vocab_size, ids.shape, generator=generator),
    listen=True,
):
    """Masking with one thing done differently."""
    ids, special_mask, vocab_size, mask_id, generator = inputs
    generator = generator if listen else None
    chosen = (torch.rand(ids.shape, generator=generator) < chance) & may(special_mask)
    dice = torch.rand(ids.shape, generator=generator)
    inputs = torch.where(
        chosen & other(dice), word(vocab_size, ids, generator), torch.where(chosen & hide(dice), mask_id, ids)
    )
    return inputs, label(ids, inputs, chosen)


@variants
def _two_dice(ids, special_mask, vocab_size, mask_id, generator, *, apart):
    """The die is thrown again for the random words; apart: not for those that are hidden already."""
    chosen = (torch.rand(ids.shape, generator=generator) < 0.15) & ~special_mask
    hidden = chosen & (torch.rand(ids.shape, generator=generator) < 0.8)
    swapped = chosen & ~(hidden & apart) & (torch.rand(ids.shape, generator=generator) < 0.1)
    words = torch.randint(vocab_size, ids.shape, generator=generator)
    return torch.where(swapped, words, ids.masked_fill(hidden, mask_id)), ids.masked_fill(~chosen, -100)


def _of_all(ids, special_mask, vocab_size, mask_id, generator):
    dice = torch.rand(ids.shape, generator=generator)
    words = torch.randint(vocab_size, ids.shape, generator=generator)
    chosen = (torch.rand(ids.shape, generator=generator) < 0.15) & ~special_mask
    inputs = torch.where(~special_mask & (dice >= 0.9), words, ids)
    return torch.where(chosen & (dice < 0.8), mask_id, inputs), ids.masked_fill(~chosen, -100)


MASK = Exercise(
    name="mask tokens",
    task="Choose 15 % of the words by chance. Of these make 80 % [MASK], 10 % a word drawn from the vocabulary, and "
    "leave 10 % as they are. ids [B, T], special_mask [B, T] (True: never chosen), the size of the vocabulary, the id "
    "of [MASK], a generator -> (inputs [B, T], labels [B, T]: the right id where chosen, −100 elsewhere).",
    why="This makes millions of exercises with answers out of any text, without anybody having to label it.",
    reference=mask_tokens,
    cases=lambda: [
        _text(60, 500, 1000, 4, 6, shown=True),
        _text(1000, 30, 3000, 103, 7),
    ],
    returns=("inputs", "labels"),
    run=_statistics,
    hints=(
        "`chosen = (torch.rand(ids.shape, generator=generator) < 0.15) & ~special_mask`: each word for itself. The "
        "labels are known now: `ids.masked_fill(~chosen, -100)`.",
        "One more draw for each word decides what becomes of it: `dice = torch.rand(ids.shape, generator=generator)`. "
        "Below .8: [MASK]; from .9 on: a drawn word; what of those between?",
        "`inputs = torch.where(chosen & (dice < 0.8), mask_id, ids)`, and likewise with `torch.randint(vocab_size, "
        "ids.shape, generator=generator)` where `chosen & (dice >= 0.9)`.",
    ),
    minutes=8,
    difficulty=3,
    wrong=wrong_answers(
        _masked_otherwise(hide=lambda d: d >= 0, other=lambda d: d < 0),
        "All chosen words become [MASK]. In use there is no [MASK]: 10 % should be another word and 10 % should "
        "stay, so that the model cannot rely on it.",
        _masked_otherwise(other=lambda d: d < 0),
        "80 % are hidden, and the other 20 % stay as they are. Half of these should become a word drawn from the "
        "vocabulary.",
        _masked_otherwise(other=lambda d: d >= 0.8),
        "80 % are hidden and 20 % replaced, so none stays: the model could trust that what it sees is wrong.",
        _two_dice(apart=True),
        "The 10 % are drawn from the 20 % that are left: 2 % in all. *Half* of what is left is 10 %; or throw one "
        "die for all three.",
        _two_dice(apart=False),
        "80 % and 10 % are two draws of their own, which meet: some words to be hidden become another word after "
        "all. Throw one die for all three.",
        _of_all,
        "10 % of *all* words are replaced, the unchosen ones too. The three shares are shares of the chosen 15 %.",
        _masked_otherwise(may=torch.ones_like),
        "[CLS], [SEP] and padding are chosen, too. `special_mask` says where never: `& ~special_mask`.",
        _masked_otherwise(may=lambda special: special),
        "Only special tokens are chosen: `special_mask` is read the wrong way round. True means never.",
        _masked_otherwise(label=lambda ids, inputs, chosen: ids),
        "The labels hold every id: the loss would count all words, and copying the visible ones is no exercise. "
        "−100 where not chosen.",
        _masked_otherwise(label=lambda ids, inputs, chosen: inputs.masked_fill(~chosen, -100)),
        "The labels are taken from what was hidden already: the answer to [MASK] would be [MASK]. Take them from "
        "`ids`.",
        _masked_otherwise(label=lambda ids, inputs, chosen: ids.masked_fill(inputs == ids, -100)),
        "The 10 % that stay have no label. They were chosen, too: the model has to say the right word there, "
        "without knowing that it is right.",
        _masked_otherwise(label=lambda ids, inputs, chosen: ids.masked_fill(chosen, -100)),
        "The labels are the wrong way round: −100 where something was chosen, the visible words elsewhere.",
        _masked_otherwise(chance=0.85),
        "85 % are chosen: little is left to guess from. `< 0.15` chooses 15 %.",
        _masked_otherwise(listen=False),
        "Right, but it is not the generator that decides what is drawn. Hand it to each draw, "
        "`generator=generator`, so that a training can be repeated.",
        _masked_otherwise(word=lambda vocab_size, ids, generator: torch.randint(vocab_size, (1,), generator=generator)),
        "Right, but for one thing: a single word is drawn, and stands in all these places. Draw one for each, "
        "`torch.randint(vocab_size, ids.shape, generator=generator)`.",
        _masked_otherwise(label=lambda ids, inputs, chosen: ids.masked_fill(~chosen, 0)),
        "Where nothing is asked, the labels are 0: that is a token like any other. The mark that the loss leaves "
        "out is −100.",
        _masked_otherwise(label=lambda ids, inputs, chosen: chosen.long()),
        "The labels say *whether* a word was chosen. Needed is *which* word it was, `ids` there, and −100 elsewhere.",
        _masked_otherwise(hide=lambda d: d < 0, other=lambda d: d < 0.9),
        "Everything below .9 becomes another word, on top of the [MASK] that was there. The drawn words belong to "
        "the dice *from* .9 on.",
    ),
)
