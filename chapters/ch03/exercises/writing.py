"""Chapter 3, writing word by word: the greedy loop."""

from typing import Any

import torch
from torch import nn

from course_kit.exercises.define import Case, Exercise, Property, call, variants, wrong_answers
from course_kit.i18n import mark, t
from course_kit.text import BOS, EOS

from . import solutions


class Parrot(nn.Module):
    """A decoder that knows one sentence: step(word, state) -> (logits [9], state).

    It writes the sentence as long as it is given its own last word and its own state, which counts from `first`. <bos>
    makes it begin; with a state that is not carried on it jumps to its last word; after any other word it writes
    <unk> (1).
    """

    def __init__(self, sentence, bos=BOS, eos=EOS, first=0):
        super().__init__()
        self.sentence, self.bos, self.eos, self.first = list(sentence), bos, eos, first

    def forward(self, word, state):
        word, place = int(word), int(state) - self.first
        words = [*self.sentence, self.eos]
        following = 1
        if place > 0 and words[place - 1] == word:
            following = words[place]
        elif word == self.bos:
            following = words[0]
        elif word in self.sentence:
            following = self.sentence[-1]
        logits = torch.linspace(0, 1, 10)
        logits[following] = 5.0
        return logits, torch.tensor(min(place + 1, len(self.sentence)) + self.first)


def _loop_cases() -> list[Case]:
    def case(sentence, max_length, bos=BOS, eos=EOS, first=0, shown=False) -> Case:
        step = Parrot(sentence, bos, eos, first)
        args = {"step": step, "state": torch.tensor(first), "bos": bos, "eos": eos, "max_length": max_length}
        writes = " ".join(map(str, (*sentence, t("and then <eos>")))) if sentence else t("<eos> at once")
        says = t("a decoder that writes {writes}, if it is given its own last word and state", writes=writes)
        says = (
            t("step(2, 0): 5 is largest, state 1; step(5, 1): 7, 2; step(7, 2): 6, 3; step(6, 3): 3") if shown else says
        )
        return Case(args, given={"step": says}, shown=shown)

    return [
        case((5, 7, 6), 10, shown=True),
        case((4,), 5),
        case((8, 5, 7, 6), 2),
        case((6, 7, 4), 3),
        case((), 4),
        case((5, 5, 4, 7), 8, bos=4, eos=9, first=3),  # a word twice, and <bos> as a word: neither is an end
        case((5, 3, 2), 6, bos=0, eos=8),
        case((5, 7), 0),
    ]


def _ids(answer, case: Case):
    """What an answer writes; where it writes nothing, as whole numbers: `torch.tensor([])` would be a float."""
    ids = call(answer, case)
    nothing = 0 in ids.shape if hasattr(ids, "shape") else isinstance(ids, list | tuple) and not ids
    return torch.zeros(0, dtype=torch.int64) if nothing else ids


@variants
def _wrong_loop(
    *inputs, begun=lambda bos: [], feed=lambda word, bos: word, carry=True, stop=lambda ids: True, keep=False, more=0
):
    """A greedy loop with one thing done differently."""
    step, state, bos, eos, max_length = inputs
    word, ids = bos, []
    for _ in range(max_length + more):
        logits, new = step(word, state)
        state = new if carry else state
        chosen = int(torch.argmax(logits))
        ends = chosen == eos and stop(ids)
        if not ends or keep:
            ids.append(chosen)
        if ends:
            break
        word = feed(chosen, bos)
    return torch.tensor(begun(bos) + ids, dtype=torch.int64)


def _written(run, case, mine, want):
    """What is to be said of the words that came, beside those that are right."""
    told: dict[str, Any] = {"count": len(mine), "all": len(want)}
    told |= {"eos": case.args["eos"], "longest": case.args["max_length"]}
    if torch.equal(mine, want):
        return False
    if len(mine) > case.args["max_length"]:
        return t("It writes more words than max_length, {longest} here, allows: ask before a word is added.", **told)
    if torch.equal(mine[: len(want)], want):
        return t("It goes on after <eos>, which is {eos} here: compare with `eos`, whichever number that is.", **told)
    if torch.equal(mine, want[: len(mine)]):
        return t(
            "It stops after {count} of {all} words. Only `eos`, which is {eos} here, and max_length end a sentence; "
            "any other word may come twice, <bos> too.",
            **told,
        )
    told["place"] = next((i for i, pair in enumerate(zip(mine, want, strict=False)) if pair[0] != pair[1]), 0)
    return t(
        "Word {place}, counted from 0, is another one. Each `step` gets the word that was written last, at first "
        "`bos`, and the state that came with it; the argmax of its logits is the next word.",
        **told,
    )


LOOP = Exercise(
    name=mark("greedy loop"),
    function="greedy",
    task=t(
        "Begin with <bos>; take the most probable word and give it back to `step` together with the new state, until "
        "<eos> or max_length words: `step(word, state) -> (logits [V], state)` -> ids, without <bos> and <eos>."
    ),
    reference=solutions.greedy,
    cases=_loop_cases,
    run=_ids,
    returns=("ids",),
    properties=(Property(t("The loop writes what the decoder says, up to <eos>."), _written, any_shape=True),),
    hints=(
        t("A loop of at most max_length rounds. Which word goes into the first `step`? Which one goes into the next?"),
        t(
            "`logits, state = step(word, state)` replaces the old state by the new one. `int(logits.argmax())` is the "
            "next word."
        ),
        t(
            "What has to be asked about the word *before* it is added to the list? A `break` leaves the loop. At the "
            "end `torch.tensor(ids)` makes a tensor of the list."
        ),
    ),
    minutes=6,
    difficulty=2,
    wrong=wrong_answers(
        _wrong_loop(keep=True),
        t("<eos> is in the result. It says that the sentence is over, and is not a word of the translation."),
        _wrong_loop(stop=lambda ids: False),
        t("Your loop doesn't stop at <eos>. What comes after <eos> means nothing."),
        _wrong_loop(carry=False),
        t("The state is not carried on: at each step the decoder starts from its first state again."),
        _wrong_loop(feed=lambda word, bos: bos),
        t("<bos> is read at each step. The decoder has to read its own last word."),
        _wrong_loop(more=-1),
        t("When max_length ends the loop, the last word is missing: max_length words may be written."),
        _wrong_loop(begun=lambda bos: [bos]),
        t("<bos> is in the result. It starts the decoder, and is no word of the translation."),
    ),
    used=t("Your loop translates in [How does a translator write?](#How-does-a-translator-write?)."),
)
