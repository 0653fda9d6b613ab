"""Chapter 3, find the error: a short program that runs, trains, and is wrong; one more is in writing.py."""

import torch
from torch import Tensor

from course_kit.exercises.define import FindError, drawn, named, tensors, variants, wrong_answers


def read_all(sentences: Tensor, Wx: Tensor, Ws: Tensor) -> Tensor:
    """sentences [N, T, E], Wx [E, D], Ws [D, D] -> the last state of each, [N, D]: tanh(x Wx + s Ws), from zeros."""
    state = sentences.new_zeros(len(sentences), len(Ws))
    for words in sentences.unbind(1):
        state = torch.tanh(words @ Wx + state @ Ws)
    return state


@variants
def _read(sentences, Wx, Ws, *, again=True, start=0.0, activation=torch.tanh, remember=1, turned=lambda words: words):
    found, state = [], torch.full((len(Ws),), start)
    for words in sentences:
        if again:
            state = torch.full((len(Ws),), start)
        for word in turned(words):
            state = activation(word @ Wx + remember * (state @ Ws))
        found.append(state)
    return torch.stack(found)


_texts = named("sentences", "Wx", "Ws")

CARRIED = FindError(
    name="program 3.12",
    title="what was said before",
    task="write the function again: the last state of each sentence, [N, D].",
    program=(
        "def read_all(sentences, Wx, Ws):          # [N, T, E]: N sentences of T words",
        "    states, state = [], torch.zeros(len(Ws))",
        "    for words in sentences:",
        "        for word in words:",
        "            state = torch.tanh(word @ Wx + state @ Ws)",
        "        states.append(state)",
        "    return torch.stack(states)",
    ),
    line=2,
    found="the state is set to zero once, before all sentences. Zeros belong inside the loop over sentences.",
    innocent={
        3: "sentence after sentence.",
        4: "word after word.",
        5: "a plain recurrent step: the new word and the old state.",
        6: "the state after the last word is kept.",
        7: "one row for each sentence.",
    },
    reference=read_all,
    cases=lambda: [
        _texts(*tensors([[[1.0]], [[1.0]]], [[1.0]], [[1.0]]), shown=True),
        _texts(*drawn(391, (3, 2, 2), (2, 2), (2, 2))),
        _texts(*drawn(394, (2, 3, 1), (1, 2), (2, 2))),
    ],
    returns=("states",),
    hints=(
        "Two equal sentences should end in the same state. Do they?",
        "When is the state zero?",
        "Line 2 runs once. Which line runs once for each sentence, before its first word?",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        _read(again=False),
        "The second sentence still begins where the first one ended.",
        _read(start=1.0),
        "Each sentence begins anew, but with ones; a fresh state is zeros.",
        _read(remember=0),
        "Now the state is zero again for each *word*: nothing is remembered within the sentence either.",
        _read(activation=lambda x: x),
        "The tanh is missing.",
        _read(turned=lambda words: words.flip(0)),
        "Each sentence begins anew, but your loop reads it from its end.",
    ),
)
