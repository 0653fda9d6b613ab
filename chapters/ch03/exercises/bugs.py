"""Chapter 3's bugs: two short programs that run, train, and are wrong; one more is in writing.py."""

import torch
from torch import Tensor

from course_kit.exercises.define import Case, FindError, drawn, named, some_numbers, tensors, variants, wrong_answers
from course_utils.attention import masked_softmax, padding_mask


def step_weights(scores: Tensor, lengths: Tensor) -> Tensor:
    """scores [B, K], lengths [B] -> weights [B, K]: softmax over the real words."""
    return masked_softmax(scores, padding_mask(lengths, scores.shape[-1])[:, 0])


@variants
def _wrong_weights(scores, lengths, *, real=lambda places, n: places < n, weigh=masked_softmax):
    """Weights over real words with one thing done differently. weigh: of the scores and what is real, [B, K]."""
    return weigh(scores, real(torch.arange(scores.shape[1]), lengths[:, None]))


PADDING_ATTENDED = FindError(
    name="program 3.11",
    title="words that are not there",
    task="write the weights again: scores [B, K], lengths [B] -> weights [B, K].",
    program=(
        "def real_weights(scores, lengths):                # scores [B, K], lengths [B]",
        "    real = torch.arange(scores.shape[1]) < lengths[:, None]",
        "    scores = scores * real",
        "    return torch.softmax(scores, dim=-1)",
    ),
    line=3,
    found="padding with a score of 0 still gets weight, because exp(0) = 1. Masked scores must be −∞ (or use "
    "`masked_softmax`).",
    innocent={2: "True where there is a word: right.", 4: "softmax along the source, for each sentence."},
    reference=step_weights,
    cases=lambda: [
        Case({"scores": torch.tensor([[2.0, 1, -1], [1, 0, 3]]), "lengths": torch.tensor([3, 1])}, shown=True),
        Case({"scores": some_numbers(2, 4, seed=381), "lengths": torch.tensor([2, 3])}),
        Case({"scores": some_numbers(3, 3, seed=382), "lengths": torch.tensor([1, 3, 2])}),
    ],
    returns=("weights",),
    hints=(
        "What is exp(0)?",
        "Which score gets a weight of 0 in a softmax?",
        "`masked_softmax` takes scores and a mask. By hand, `masked_fill` fills in a number where *its* mask is True: "
        "which number, and which mask?",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        _wrong_weights(weigh=lambda s, real: (s * real).softmax(-1)),
        "Padding still gets weight: a score of 0 gives exp(0) = 1. It must be −∞.",
        _wrong_weights(weigh=lambda s, real: s.softmax(-1)),
        "Now nothing is masked at all: padding competes with the words.",
        _wrong_weights(weigh=lambda s, real: s.softmax(-1) * real),
        "You mask after the softmax: the padding's share is lost, and the rows sum to less than 1.",
        _wrong_weights(real=lambda places, n: places <= n),
        "Your mask goes one position too far: length n means the positions 0 … n − 1, so `<`, not `<=`.",
        _wrong_weights(real=lambda places, n: places >= n),
        "Your mask is the wrong way round: True marks the words, which may be attended to.",
        _wrong_weights(weigh=lambda s, real: s.masked_fill(real, float("-inf")).softmax(-1)),
        "Your mask is the wrong way round: `masked_fill` fills where its mask is True, and `real` is True at the "
        "words. Write `~real`.",
        _wrong_weights(weigh=lambda s, real: masked_softmax(s, real, dim=0)),
        "The softmax runs over the sentences of the batch. The weights of one sentence's words sum to 1.",
    ),
)


def read_all(sentences: Tensor, Wx: Tensor, Ws: Tensor) -> Tensor:
    """sentences [N, T, E], Wx [D, E], Ws [D, D] -> the last state of each, [N, D]: tanh(Wx x + Ws s), from zeros."""
    state = sentences.new_zeros(len(sentences), len(Ws))
    for words in sentences.unbind(1):
        state = torch.tanh(words @ Wx.T + state @ Ws.T)
    return state


@variants
def _read(sentences, Wx, Ws, *, again=True, start=0.0, activation=torch.tanh, remember=1, turned=lambda words: words):
    found, state = [], torch.full((len(Ws),), start)
    for words in sentences:
        if again:
            state = torch.full((len(Ws),), start)
        for word in turned(words):
            state = activation(Wx @ word + remember * (Ws @ state))
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
        "            state = torch.tanh(Wx @ word + Ws @ state)",
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
        _texts(*drawn(394, (2, 3, 1), (2, 1), (2, 2))),
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

BUGS = (PADDING_ATTENDED, CARRIED)
