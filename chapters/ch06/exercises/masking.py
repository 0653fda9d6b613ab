"""Chapter 6: masking words."""

import re

import torch
from torch import Tensor

from course_kit.exercises import compare
from course_kit.exercises.define import Case, Exercise, Property, variants, wrong_answers
from course_kit.i18n import mark, t
from course_utils.bert import mask_tokens

RIGHT = ((80, 3), (10, 3), (15, 1))  # per cent, and how far off chance may lead
OTHERS = (2, 13.5, 18, 20, 72, 85, 86.5, 89, 90)  # what known mistakes come to


def _near(part: Tensor, of: Tensor, exactly: bool = False) -> str:
    """The share of `part` in `of`, both bool, in per cent: a round figure where it is near enough. exactly: 0 and 100
    are said only if it is none or all."""
    share = 100 * (part & of).sum().item() / max(int(of.sum()), 1)
    figures = [w for w, slack in RIGHT if abs(share - w) <= slack]
    figures += sorted((w for w in OTHERS if abs(share - w) <= 1.5), key=lambda w: abs(share - w))
    if figures:
        return t("{share} %", share=f"{figures[0]:g}")
    almost = exactly and share not in (0, 100) and f"{share:.0f}" in ("0", "100")
    return t("almost {share} %", share=f"{share:.0f}") if almost else t("{share} %", share=f"{share:.0f}")


def _in(words: Tensor, sentences: Tensor) -> float:
    """How many of n words [n] also stand in their sentences [n, T]: a share."""
    return (words[:, None] == sentences).any(-1).double().mean().item()


def _statistics(answer, case: Case):
    """What a masking does on many tokens, in words: each right one, whatever it draws, is told in the same."""
    ids, special, vocab, mask_id, *seed = compare.cloned(case.args).values()

    def run(ids, special, *seed):
        masked = answer(ids, special, vocab, mask_id, *(torch.Generator().manual_seed(one) for one in seed))
        found = compare.converted(masked, (ids, ids), MASK.returns)
        for name, x in zip(MASK.returns, found, strict=True):
            if x.shape != ids.shape:
                raise compare.Misfit(
                    t(
                        "In `{name}`: Its shape is {shape}, needed: {shape2}, as `ids`.",
                        name=name,
                        shape=list(x.shape),
                        shape2=list(ids.shape),
                    )
                )
        return found

    inputs, labels = run(case.args["ids"], case.args["special_mask"], *seed)
    chosen = labels != -100
    asked, others = chosen & ~special, ~chosen & ~special
    hidden, same = inputs == mask_id, inputs == ids
    words = [
        t(
            "chosen: {hidden} [MASK], {other} other words, {same} unchanged; others: {rest} unchanged",
            hidden=_near(hidden, asked),
            other=_near(~hidden & ~same, asked),
            same=_near(same, asked),
            rest=_near(same, others, True),
        )
    ]
    if ((inputs != ids) & special & ~chosen).any():
        words.append(t("special tokens changed"))
    swapped = asked & ~same & ~hidden
    new = inputs[swapped]
    if len(new.unique()) == 1:
        words.append(t("it is always the same word"))
    elif len(new) and not 0 <= new.min() <= new.max() < vocab:
        words.append(t("an id that the vocabulary does not have, where they go from 0 to {last}", last=vocab - 1))
    elif vocab > 20 * ids.shape[1] and _in(new, ids[swapped.nonzero()[:, 0]]) > 0.5:
        words.append(t("they come from the sentence itself"))
    elif len(new) > 50 and new.max() < vocab / 2:
        words.append(t("never one from the second half of the vocabulary"))
    if seed:
        first, again, other = (run(ids[:2].clone(), special[:2].clone(), seed[0] + i) for i in (0, 0, 1))
        if not all(map(torch.equal, first, again)) or torch.equal(first[1], other[1]):
            words.append(t("the generator does not decide what is drawn"))
    some = t(
        "at {words} of the words, {special} of the special tokens; the right id in {right}",
        words=_near(chosen, ~special),
        special=_near(chosen, special, True),
        right=_near(labels == ids, chosen, True),
    )
    return "; ".join(words), some


def _text(batch: int, time: int, vocab: int, mask_id: int, seed: int, own=True, shown=False, special=(1, 2, 0)) -> Case:
    """Sentences of different lengths between [CLS], [SEP] and then [PAD], the ids in `special`; words from 5 on. own:
    it comes with a generator."""
    cls, sep, pad = special
    draw = torch.Generator().manual_seed(seed)
    ids = torch.randint(5, vocab, (batch, time), generator=draw)
    ends = torch.randint(time // 2, time, (batch, 1), generator=draw)
    place = torch.arange(time)
    ids = ids.masked_fill(place == 0, cls).masked_fill(place == ends, sep).masked_fill(place > ends, pad)
    special_mask = (place == 0) | (place >= ends)
    args = {"ids": ids, "special_mask": special_mask, "vocab": vocab, "mask_id": mask_id}
    args |= {"generator": seed} if own else {}
    given = {
        "ids": t("{batch} sentences of at most {time} tokens [{batch}, {time}]", batch=batch, time=time),
        "special_mask": t("True at [CLS], [SEP] and [PAD]"),
        "generator": f"torch.Generator().manual_seed({seed})",
    }
    return Case(args, given=given, shown=shown)


def _one_draw(ids, special_mask, vocab, mask_id, generator=None):
    chosen = (torch.rand(ids.shape, generator=generator) < 0.15) & ~special_mask
    dice = torch.rand(ids.shape, generator=generator)  # decides between the three cases
    words = torch.randint(vocab, ids.shape, generator=generator)
    inputs = torch.where(chosen & (dice < 0.8), mask_id, ids)
    inputs = torch.where(chosen & (dice >= 0.9), words, inputs)
    return inputs, torch.where(chosen, ids, -100)


@variants
def _masked_otherwise(
    *inputs,
    may=lambda special: ~special,
    hide=lambda dice: dice < 0.8,
    other=lambda dice: dice >= 0.9,
    label=lambda ids, inputs, chosen: ids.masked_fill(~chosen, -100),
):
    """Masking with one thing done differently."""
    ids, special_mask, vocab, mask_id, generator = *inputs, *[None] * (5 - len(inputs))
    chosen = (torch.rand(ids.shape, generator=generator) < 0.15) & may(special_mask)
    dice = torch.rand(ids.shape, generator=generator)
    words = torch.randint(vocab, ids.shape, generator=generator)
    inputs = torch.where(chosen & other(dice), words, torch.where(chosen & hide(dice), mask_id, ids))
    return inputs, label(ids, inputs, chosen)


def _drawn_otherwise(run, case, mine, want):
    """What is told of the inputs beside the shares that are right."""
    shares, wanted = (re.findall(r"[\d.]+ ?%", text) for text in (mine[0], want[0]))
    special = re.findall(r"[\d.]+ ?%", mine[1])[1:2]
    if special and not special[0].startswith("0 "):
        return t(
            "{share} of the special tokens are chosen. Which they are is said by `special_mask` alone: their ids are "
            "others in another vocabulary.",
            share=special[0],
        )
    if shares[:1] != wanted[:1] and shares[0].startswith("0 "):
        return t("No chosen word becomes [MASK]. Its id is `mask_id`, which is {id} here.", id=case.args["mask_id"])
    figures, *odd = mine[0].split("; ")
    told = [words for words in odd if words not in want[0]]
    return bool(told and figures == want[0].split("; ")[0]) and t(
        "How many words are hidden, exchanged and kept is right, but not how: {told}. A word that takes another's "
        "place is drawn from the whole vocabulary, `torch.randint(vocab, …)`, and all draws are the generator's.",
        told=told[0],
    )


MASK = Exercise(
    name=mark("mask tokens"),
    task=t(
        "Choose 15 % of the words at random. Of these, 80 % become [MASK], 10 % a word drawn from the vocabulary, and "
        "10 % stay as they are. ids [B, T], special_mask [B, T] (True: never chosen), the size of the vocabulary, the "
        "id of [MASK], a generator -> (inputs [B, T], labels [B, T]: the right id where chosen, −100 elsewhere)."
    ),
    reference=mask_tokens,
    shown=_one_draw,
    cases=lambda: [
        _text(60, 500, 1000, 4, 6, shown=True),
        _text(1000, 30, 3000, 103, 7, special=(101, 102, 104)),
        _text(700, 40, 20, 3, 9),  # so few words that each is drawn
        _text(600, 60, 2000, 3, 8, own=False),
    ],
    returns=("inputs", "labels"),
    properties=(Property(t("What is put in is drawn from the vocabulary."), _drawn_otherwise),),
    run=_statistics,
    used=t("It masks the batches of [Four: let it read a book](#Four:-let-it-read-a-book)."),
    hints=(
        t(
            "One random number for each word decides whether it is chosen: `torch.rand(ids.shape, "
            "generator=generator)`. Which words may never be chosen? The labels are known as soon as you know who is "
            "chosen."
        ),
        t(
            "One more random number for each word decides what happens to it. Below 0.8 it becomes [MASK], and from "
            "0.9 on a drawn word. What happens to those between?"
        ),
        t(
            "`torch.where(chosen & (dice < 0.8), mask_id, ids)` puts [MASK] in. Do the same once more with words from "
            "`torch.randint(vocab, ids.shape, generator=generator)`. For which dice?"
        ),
    ),
    minutes=11,
    difficulty=3,
    wrong=wrong_answers(
        _masked_otherwise(hide=lambda d: d >= 0, other=lambda d: d < 0),
        t(
            "All chosen words become [MASK]. At inference there is no [MASK]: 10 % should be another word, and 10 % "
            "should stay, so that the model cannot rely on it."
        ),
        _masked_otherwise(other=lambda d: d < 0),
        t(
            "80 % are hidden, and the other 20 % stay as they are. Half of these should become a word drawn from the "
            "vocabulary."
        ),
        _masked_otherwise(may=torch.ones_like),
        t("[CLS], [SEP] and padding are chosen, too. `special_mask` says which tokens never are: `& ~special_mask`."),
        _masked_otherwise(label=lambda ids, inputs, chosen: ids),
        t(
            "The labels hold every id, so the loss would count all words, and the visible ones only have to be "
            "copied. Put −100 where nothing is chosen."
        ),
        _masked_otherwise(label=lambda ids, inputs, chosen: inputs.masked_fill(~chosen, -100)),
        t(
            "The labels are taken from what has been masked already: the answer to [MASK] would be [MASK]. Take them "
            "from the ids as they came in (`ids.clone()` keeps a copy)."
        ),
        _masked_otherwise(label=lambda ids, inputs, chosen: ids.masked_fill(inputs == ids, -100)),
        t(
            "The 10 % that stay have no label. They were chosen, too: the model has to predict them without knowing "
            "that they are right."
        ),
    ),
)
