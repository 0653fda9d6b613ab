"""Chapter 3's bugs: three short programs that run, train, and are wrong; two more are in writing.py."""

import torch
from torch import Tensor

from course_utils.attention import masked_softmax, padding_mask
from course_utils.exercises.definition import Case, FindError, variants, wrong_answers
from course_utils.exercises.inputs import drawn, named, some_numbers, tensors
from course_utils.models.loss import masked_loss

from .measures import LOSS_WRONG, loss_cases

PADDING_LOSS = FindError(
    name="a loss that looks too good",
    task="write the loss again: mean over the real tokens.",
    why="It falls nicely, it is comparable with nothing, and it rewards silence.",
    program=(
        "def loss(logits, target, mask):            # [B, T, V], [B, T], [B, T] True = a real token",
        "    log_p = logits.log_softmax(-1)",
        "    right = log_p.gather(-1, target[..., None])[..., 0]",
        "    return -right.mean()",
    ),
    line=4,
    found="the mean runs over padding, too. `-right[mask].mean()` asks about real tokens only.",
    innocent={
        1: "the mask comes in; look where it goes.",
        2: "log-probabilities over the vocabulary, the last axis.",
        3: "it picks the log-probability of the right word of each token.",
    },
    reference=masked_loss,
    cases=loss_cases,
    returns=("loss",),
    hints=(
        "Which of the three things that come in is never used?",
        "A batch of one long and one short sentence: what does the short one's tail contribute?",
        "`-right[mask].mean()`",
    ),
    minutes=3,
    difficulty=1,
    wrong=LOSS_WRONG,
)

# ---- attention over padding -----------------------------------------------------------------------------------------


def step_weights(scores: Tensor, lengths: Tensor) -> Tensor:
    """scores [B, K], lengths [B] -> weights [B, K]: softmax over the real words."""
    return masked_softmax(scores, padding_mask(lengths, scores.shape[-1])[:, 0])


def _real(scores, lengths):
    return torch.arange(scores.shape[1]) < lengths[:, None]


PADDING_ATTENDED = FindError(
    name="words that are not there",
    task="write the weights again: scores [B, K], lengths [B] -> weights [B, K].",
    why="Each sentence translates well alone and worse in company. Why?",
    program=(
        "def weights(scores, lengths):                     # scores [B, K], lengths [B]",
        "    real = torch.arange(scores.shape[1]) < lengths[:, None]",
        "    scores = scores * real",
        "    return torch.softmax(scores, dim=-1)",
    ),
    line=3,
    found="a score of 0 is not nothing: exp(0) = 1. Masked scores must be −∞ (or use `masked_softmax`).",
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
        "Which score has a weight of 0 after the softmax?",
        "`masked_softmax(scores, real)`, or `scores.masked_fill(~real, float('-inf'))`",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        lambda s, n: torch.softmax(s * _real(s, n), -1),
        "Padding still gets weight: a score of 0 gives exp(0) = 1. It must be −∞.",
        lambda s, n: torch.softmax(s, -1),
        "Now nothing is masked at all: padding competes with the words.",
        lambda s, n: torch.softmax(s, -1) * _real(s, n),
        "Masked after the softmax: the padding's share is lost, and the rows sum to less than 1.",
        lambda s, n: masked_softmax(s, torch.arange(s.shape[1]) <= n[:, None]),
        "One too far: length n means the places 0 … n − 1, so `<`, not `<=`.",
        lambda s, n: masked_softmax(s, ~_real(s, n)),
        "The wrong way round: True is what may be attended, the words.",
        lambda s, n: masked_softmax(s, _real(s, n), dim=0),
        "The softmax runs across the sentences of the batch. Each sentence shares one unit among its own words.",
    ),
)

# ---- state carried between sentences --------------------------------------------------------------------------------


def read_all(sentences: Tensor, Wx: Tensor, Ws: Tensor) -> Tensor:
    """sentences [N, T, E], Wx [D, E], Ws [D, D] -> the last state of each, [N, D]: tanh(Wx x + Ws s), from zeros."""
    state = sentences.new_zeros(len(sentences), len(Ws))
    for words in sentences.unbind(1):
        state = torch.tanh(words @ Wx.T + state @ Ws.T)
    return state


@variants
def _read(sentences, Wx, Ws, *, again=True, start=0.0, activation=torch.tanh):
    found, state = [], torch.full((len(Ws),), start)
    for words in sentences:
        if again:
            state = torch.full((len(Ws),), start)
        for word in words:
            state = activation(Wx @ word + Ws @ state)
        found.append(state)
    return torch.stack(found)


_texts = named("sentences", "Wx", "Ws")

CARRIED = FindError(
    name="what was said before",
    task="write it again: each sentence's last state, [N, D].",
    why="The same sentence gets another translation, depending on which one came before it.",
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
    found="the state is set to zero once, before all sentences. It belongs inside the loop over sentences.",
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
        "Move `state = torch.zeros(len(Ws))` below the line `for words in sentences:`.",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        _read(again=False),
        "The second sentence still begins where the first one ended.",
        _read(start=1.0),
        "Each sentence begins anew, but with ones; a fresh state is zeros.",
        lambda s, Wx, Ws: torch.stack([torch.tanh(words[-1] @ Wx.T) for words in s]),
        "Now the state is fresh for each *word*: nothing is remembered within the sentence either.",
        _read(activation=lambda x: x),
        "The tanh is gone.",
        lambda s, Wx, Ws: read_all(s.flip(1), Wx, Ws),
        "Each sentence begins anew, but it is read from its end.",
    ),
)

BUGS = (PADDING_LOSS, PADDING_ATTENDED, CARRIED)
