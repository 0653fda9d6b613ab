"""Chapter 3, reading: a recurrent network, word by word."""

import torch

from course_kit.exercises.compare import same
from course_kit.exercises.define import Case, Exercise, Property, drawn, named, tensors, variants, wrong_answers
from course_kit.exercises.properties import blind_to_later
from course_kit.i18n import mark, t

from . import solutions


@variants
def _wrong_reader(
    words,
    Wx,
    Wh,
    *,
    remember=lambda state, Wh: state @ Wh,
    beyond=lambda state, Wh: 0,
    found=torch.stack,
):
    """A recurrent network with one thing done differently."""
    state, states = torch.zeros(len(Wh), dtype=words.dtype), []
    for word in words:
        state = torch.tanh(word @ Wx + remember(state, Wh)) + beyond(state, Wh)
        states.append(state)
    return found(states)


def _cases() -> list[Case]:
    case = named("words", "Wx", "Wh")
    return [
        case(*tensors([[1.0], [0.0], [0.0]], [[1.0]], [[2.0]]), shown=True),
        case(*drawn(420, (4, 2), (2, 3), (3, 3))),
        case(*drawn(430, (3, 3), (3, 2), (2, 2))),
        case(*drawn(440, (1, 2), (2, 2), (2, 2))),
    ]


def _which_state(run, case, mine, want):
    """Whether the first state is wrong already."""
    if same(mine, want):
        return False
    if not same(mine[:1], want[:1]):
        return t("The first state is wrong already: it is tanh(first word Wx), since the state before it is zeros.")
    return t(
        "The first state is right, a later one is not: it is tanh(word Wx + old state Wh), with the state before it."
    )


READER = Exercise(
    name=mark("recurrent network"),
    function="read",
    task=t(
        "Start with a state of zeros; for each word in turn the new state is tanh(word Wx + old state Wh): words [T, "
        "E], Wx [E, D], Wh [D, D] -> all the states, [T, D]."
    ),
    reference=solutions.read,
    cases=_cases,
    returns=("states",),
    hints=(
        t("A loop over the words, and one variable that is carried from round to round."),
        t("The first state is `torch.zeros(len(Wh))`. For one `word`, a vector times a matrix is `word @ Wx`."),
        t("Collect each new state in a list; at the end `torch.stack(states)` makes [T, D] of it."),
    ),
    minutes=6,
    difficulty=1,
    wrong=wrong_answers(
        _wrong_reader(remember=lambda state, Wh: 0, beyond=lambda state, Wh: state @ Wh),
        t("The old state is added outside the tanh. It belongs inside, so that no number grows beyond 1."),
        _wrong_reader(found=lambda states: states[-1]),
        t("This is only the last state. Return all of them, [T, D]."),
        _wrong_reader(found=lambda states: torch.stack([torch.zeros_like(states[0]), *states])),
        t("The zeros of the start are in the result: return one state for each word."),
        _wrong_reader(found=lambda states: torch.stack([torch.zeros_like(states[0]), *states[:-1]])),
        t("Each state is collected before its word is read: the zeros are in the result, and the last state is not."),
        _wrong_reader(found=lambda states: torch.stack(states[-1:] * len(states))),
        t(
            "All rows are the last state. Collect each state when it is made, and make a new tensor for each word: one "
            "that is written over is the same in all places."
        ),
        _wrong_reader(beyond=lambda state, Wh: state),
        t("The old state is added to the tanh. It comes in once, as `state @ Wh`, inside of it."),
    ),
    properties=(
        blind_to_later("words", asks=t("Is the sentence read from its beginning, one word after the other?")),
        Property(t("Each state is made of its word and the state before it."), _which_state),
    ),
    used=t(
        "It reads two sentences of the same words in [Does a state know the order?](#Does-a-state-know-the-order?)."
    ),
)
