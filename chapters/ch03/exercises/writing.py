"""Chapter 3, writing word by word: the greedy loop, and two bugs in how a decoder is fed."""

import torch
from torch import Tensor, nn

from course_utils.decoding import greedy
from course_utils.exercises.definition import Case, Exercise, FindError, variants, wrong_answers
from course_utils.text import BOS, EOS


class Parrot(nn.Module):
    """A decoder that knows one sentence: step(word, state) -> (logits [9], state).

    It writes the sentence as long as it is handed its own last word and its own state; <bos> makes it begin, a state
    that is not carried on makes it jump to its last word, any strange word gives <unk> (1).
    """

    def __init__(self, sentence):
        super().__init__()
        self.sentence = list(sentence)

    def forward(self, word, state):
        word, place = int(word), int(state)
        words = [*self.sentence, EOS]
        following = 1
        if word == BOS:
            following = words[0]
        elif word in self.sentence:
            following = words[place] if words[place - 1] == word and place else self.sentence[-1]
        logits = torch.linspace(0, 1, 9)
        logits[following] = 5.0
        return logits, torch.tensor(min(place + 1, len(self.sentence)))


def greedy_ids(step, state: Tensor, bos: int, eos: int, max_length: int) -> Tensor:
    """step(word, state) -> (logits [V], state): the ids that `decoding.greedy` writes with it, [T]."""

    class Model:
        start = staticmethod(lambda source, mask: state)

        @staticmethod
        def step(words, state):
            logits, state = step(words[0], state)
            return logits[None], state, None

    return torch.tensor(greedy(Model(), torch.full((1, 1), bos), max_length=max_length)[0].ids)


def _loop_cases() -> list[Case]:
    def case(sentence, max_length, shown=False) -> Case:
        args = {"step": Parrot(sentence), "state": torch.tensor(0), "bos": BOS, "eos": EOS, "max_length": max_length}
        says = (
            f"a decoder that writes {' '.join(map(str, sentence))} and then <eos>, if it gets its last word and state"
        )
        return Case(args, given={"step": says}, shown=shown)

    return [case((5, 7, 6), 10, shown=True), case((4,), 5), case((8, 5, 7, 6), 2), case((6, 7, 4), 3)]


@variants
def _wrong_loop(*inputs, first=lambda bos: bos, feed=lambda word, bos: word, carry=True, stop=True, keep=False, more=0):
    """A greedy loop with one thing done differently."""
    step, state, bos, eos, max_length = inputs
    word, ids = first(bos), []
    for _ in range(max_length + more):
        logits, new = step(word, state)
        state = new if carry else state
        chosen = int(logits.argmax())
        if chosen == eos and stop and not keep:
            break
        ids.append(chosen)
        if chosen == eos and stop:
            break
        word = feed(chosen, bos)
    return torch.tensor(ids)


LOOP = Exercise(
    name="greedy loop",
    task="Begin with <bos>; take the most probable word, hand it back with the new state, until <eos> or max_length "
    "words: `step(word, state) -> (logits [V], state)` -> ids, without <bos> and <eos>.",
    why="Every decoder of this course writes like this; beam search and sampling only choose differently.",
    reference=greedy_ids,
    cases=_loop_cases,
    returns=("ids",),
    hints=(
        "A loop of at most max_length rounds. What goes in first? What goes in next?",
        "`logits, state = step(word, state)`, then `word = int(logits.argmax())`.",
        "If the word is eos: break, before it is added. Else add it to the list. Return `torch.tensor(ids)`.",
    ),
    minutes=5,
    difficulty=2,
    wrong=wrong_answers(
        _wrong_loop(keep=True),
        "<eos> stands in the result. It says that the sentence is over; it is no word.",
        _wrong_loop(stop=False),
        "It doesn't stop at <eos>: what comes after it means nothing.",
        _wrong_loop(carry=False),
        "The state is not carried on: at each step the decoder starts from its first state again.",
        _wrong_loop(feed=lambda word, bos: bos),
        "<bos> is fed at each step. The decoder must hear its own last word.",
        _wrong_loop(first=lambda bos: 0),
        "It begins with 0, which is <pad>. A sentence begins with <bos>.",
        _wrong_loop(more=100),
        "It does not look at max_length: a decoder that never says <eos> would write for ever.",
        _wrong_loop(more=1),
        "One word too many where max_length cuts.",
        _wrong_loop(more=-1),
        "One round too few: max_length words may be written.",
        lambda step, state, bos, *rest: torch.cat([torch.tensor([bos]), greedy_ids(step, state, bos, *rest)]),
        "<bos> stands in the result. It starts the decoder; it is no word of the translation.",
    ),
)


def shifted(ids: Tensor, bos: int, eos: int) -> tuple[Tensor, Tensor]:
    """ids [T] -> what the decoder hears [T + 1] and what it has to say [T + 1]."""
    start, end = ids.new_tensor([bos]), ids.new_tensor([eos])
    return torch.cat([start, ids]), torch.cat([ids, end])


@variants
def _shift(ids, bos, eos, *, hears, says):
    start, end = ids.new_tensor([bos]), ids.new_tensor([eos])
    return torch.cat(hears(ids, start, end)), torch.cat(says(ids, start, end))


SHIFT = FindError(
    name="perfect after one minute",
    task="write it again: what the decoder hears, and what it has to say, each [T + 1].",
    why="Loss near 0, accuracy 100 %, and translations that are rubbish: a classic.",
    program=(
        "def teacher_forcing(ids, bos, eos):               # ids [T], the right translation",
        "    sentence = torch.cat([torch.tensor([bos]), ids, torch.tensor([eos])])",
        "    hears = sentence[:-1]",
        "    says = sentence[:-1]",
        "    return hears, says",
    ),
    line=4,
    found="what it has to say is what it has just heard: it learns to repeat. The target is one word further, "
    "`sentence[1:]`.",
    innocent={
        2: "<bos>, the words, <eos>: both are needed.",
        3: "all but the last: after <eos> nothing is asked.",
        5: "it returns both.",
    },
    reference=shifted,
    cases=lambda: [
        Case({"ids": torch.tensor([5, 7, 6]), "bos": 2, "eos": 3}, shown=True),
        Case({"ids": torch.tensor([4]), "bos": 2, "eos": 3}),
        Case({"ids": torch.tensor([8, 8, 4, 9]), "bos": 0, "eos": 1}),
    ],
    returns=("hears", "says"),
    hints=(
        "Put the two below each other. At each place: what goes in, and what must come out?",
        "After hearing <bos> it should say the first word; after the last word, <eos>.",
        "`says = sentence[1:]`",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        _shift(lambda i, b, e: [b, i], lambda i, b, e: [b, i]),
        "Not shifted: it has to say what it hears, and learns to repeat.",
        _shift(lambda i, b, e: [i, e], lambda i, b, e: [i, e]),
        "<bos> is missing from what it hears, and the target is not shifted: after the first word it must say the "
        "first word.",
        _shift(lambda i, b, e: [i, e], lambda i, b, e: [b, i]),
        "Shifted the wrong way: it has to say the word *before*, which it has heard already.",
        _shift(lambda i, b, e: [b, i, e], lambda i, b, e: [i, e, e]),
        "One place too many: after <eos> nothing is heard any more.",
        _shift(lambda i, b, e: [b, i], lambda i, b, e: [i, b]),
        "It has to end with <eos>; <bos> only begins what is heard.",
        _shift(lambda i, b, e: [i], lambda i, b, e: [i[1:], e]),
        "<bos> is missing: the first word of a translation would never be learned.",
    ),
)


def heard_while_writing(words: Tensor, bos: int) -> Tensor:
    """words [T] that a decoder writes one by one -> what it hears before each of them, [T]."""
    return shifted(words, bos, bos)[0][:-1]


NO_BOS = FindError(
    name="the first word is always odd",
    task="write what a decoder should hear before each of the words it writes: words [T] -> [T].",
    why="Training is right, decoding begins differently; only the first word tells, and then all that follow.",
    program=(
        "def heard(words, bos):            # words [T], as they are written",
        "    hears, last = [], 0",
        "    for word in words:",
        "        hears.append(last)",
        "        last = word",
        "    return torch.tensor(hears)",
    ),
    line=2,
    found="the loop begins with 0, which is <pad>: a word it never heard in training. It must begin with <bos>.",
    innocent={
        1: "it only names what comes in; look where bos goes.",
        3: "one round for each word.",
        4: "it hears its last word, before it writes the next.",
        5: "what it wrote is what it hears next.",
        6: "it returns all of them.",
    },
    reference=heard_while_writing,
    cases=lambda: [
        Case({"words": torch.tensor([5, 7, 6]), "bos": 2}, shown=True),
        Case({"words": torch.tensor([4]), "bos": 2}),
        Case({"words": torch.tensor([8, 8, 3, 5]), "bos": 1}),
    ],
    returns=("heard",),
    hints=("What does it hear before its first word?", "Which argument is never used?", "`last = bos`"),
    minutes=2,
    difficulty=1,
    wrong=wrong_answers(
        lambda words, bos: torch.cat([words.new_tensor([0]), words[:-1]]),
        "It begins with 0, which is <pad>: a word it never heard in training. Begin with <bos>.",
        lambda words, bos: words,
        "It hears the word before it has written it.",
        lambda words, bos: words.new_full(words.shape, bos),
        "<bos> at each step: it should hear its own last word.",
        lambda words, bos: torch.cat([words.new_tensor([bos]), words]),
        "One too many: after the last word nothing more is heard.",
        lambda words, bos: torch.cat([words.new_tensor([bos]), words[1:]]),
        "<bos> stands in place of the first word, and the rest hears itself: shift, don't replace.",
    ),
)
