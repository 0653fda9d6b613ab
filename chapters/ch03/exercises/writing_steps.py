"""Chapter 3, seq2seq with attention: one step of additive attention, and one step of the decoder."""

import torch
from torch import Tensor

from course_utils.attention import masked_softmax
from course_utils.attention.scores import SCORES
from course_utils.exercises.definition import Case, Exercise, variants, wrong_answers
from course_utils.exercises.inputs import drawn, named, tensors

# ---- additive attention step ----------------------------------------------------------------------------------------


def additive_step(query: Tensor, keys: Tensor, mask: Tensor, W1: Tensor, W2: Tensor, w: Tensor):
    """query [B, Dq], keys [B, K, Dk], mask [B, K], W1 [H, Dq], W2 [H, Dk], w [H] -> context [B, Dk], weights [B, K]."""
    score = SCORES["additive"](W1.shape[1], W2.shape[1], len(w))
    given = {"W1.weight": W1, "W2.weight": W2, "W1.bias": torch.zeros(len(w)), "w.weight": w[None]}
    scores = torch.func.functional_call(score, given, (query[:, None], keys))
    weights = masked_softmax(scores, mask[:, None])
    return (weights @ keys)[:, 0], weights[:, 0]


def _step_cases() -> list[Case]:
    case = named("query", "keys", "mask", "W1", "W2", "w")

    def random(batch, count, query_size, key_size, hidden, lengths, seed) -> Case:
        shapes = (batch, query_size), (batch, count, key_size), (hidden, query_size), (hidden, key_size), (hidden,)
        query, keys, W1, W2, w = drawn(seed, *shapes)
        return case(query, keys, torch.arange(count) < torch.tensor(lengths)[:, None], W1, W2, 2 * w)

    return [
        case(*tensors([[1.0]], [[[0.0], [2.0]]], [[True, True]], [[1.0]], [[1.0]], [2.0]), shown=True),
        random(1, 3, 2, 2, 2, [2], 300),
        random(2, 3, 2, 2, 3, [3, 1], 310),
        random(2, 4, 3, 2, 3, [2, 4], 320),
    ]


@variants
def _wrong_step(*inputs, score=None, mask=lambda m: m, weigh=masked_softmax, mean=lambda a, k: (a[:, None] @ k)[:, 0]):
    """An additive step with another score of (projected query [B, 1, H], projected keys [B, K, H], w), mask or mean."""
    score = score or (lambda q, k, w: torch.tanh(q + k) @ w)
    query, keys, given, W1, W2, w = inputs
    weights = weigh(score((query @ W1.T)[:, None], keys @ W2.T, w), mask(given))
    return mean(weights, keys), weights


STEP = Exercise(
    name="additive attention step",
    task="One look back: wᵀ tanh(W₁q + W₂k) for each key, softmax over the real ones, mean of the keys (which are the "
    "values, too): query [B, Dq], keys [B, K, Dk], mask [B, K] bool, True = a real word -> (context [B, Dk], "
    "weights [B, K]).",
    why="Bahdanau's step of 2014: everything in this chapter turns on it.",
    reference=additive_step,
    cases=_step_cases,
    returns=("context", "weights"),
    hints=(
        "One query for each sentence, many keys: give the projected query an axis for the keys, `[:, None]`.",
        "`scores = torch.tanh((query @ W1.T)[:, None] + keys @ W2.T) @ w` has the shape [B, K].",
        "`masked_softmax(scores, mask)` from chapter 1, then `(weights[:, None] @ keys)[:, 0]`.",
    ),
    minutes=6,
    difficulty=2,
    wrong=wrong_answers(
        _wrong_step(lambda q, k, w: (q + k) @ w),
        "The tanh is forgotten. Without it the query adds one number to the whole row, softmax ignores it, and "
        "every word of the translation would look at the same place.",
        _wrong_step(weigh=lambda s, m: torch.softmax(s, -1)),
        "The padding is attended to: the mask is not used. Words that are not there get a share.",
        _wrong_step(mask=lambda m: ~m),
        "The mask is read the wrong way round: True means *a real word*, and may be attended.",
        _wrong_step(weigh=lambda s, m: torch.softmax(s.masked_fill(m, -1e9), -1)),
        "The mask is read the wrong way round: `masked_fill` fills where its mask is True, and True means *a real "
        "word* here. Write `~mask`.",
        _wrong_step(weigh=lambda s, m: torch.softmax(s, -1) * m),
        "The mask comes after the softmax: what went to padding is lost, and the weights sum to less than 1.",
        _wrong_step(weigh=lambda s, m: torch.softmax(s * m, -1)),
        "The mask is multiplied in before the softmax: a masked score becomes 0, and exp(0) = 1 still leaks.",
        _wrong_step(mean=lambda a, k: k.mean(1)),
        "The weights are right, but the context is a plain mean: the same at every step, which is the bottleneck "
        "again.",
        _wrong_step(mean=lambda a, k: k[torch.arange(len(k)), a.argmax(-1)]),
        "The weights are right, but the context takes the heaviest key alone. A hard choice has no gradient; take "
        "the weighted mean.",
        _wrong_step(mean=lambda a, k: (a[..., None] * k).mean(1)),
        "Nearly: the weighted keys are averaged instead of added. The weights sum to 1 already; `sum`, not `mean`.",
        _wrong_step(lambda q, k, w: torch.tanh((q + k) @ w)),
        "tanh and w are in the wrong order: tanh works on the hidden vector, then w makes one number of it.",
    ),
)

# ---- one decoder step -----------------------------------------------------------------------------------------------


def decoder_step(word, state, keys, mask, E, Wx, Ws, Wo):
    """One step of Bahdanau's decoder with a plain recurrent cell and dot-product scores.

    word [B], state [B, D], keys [B, K, D], mask [B, K], E [V, D], Wx [D, 2D], Ws [D, D], Wo [V, 2D]
    -> logits [B, V], new state [B, D].
    """
    size = state.shape[-1]
    weights = masked_softmax(SCORES["dot"](size, size)(state[:, None], keys), mask[:, None])
    context = (weights @ keys)[:, 0]
    new = torch.tanh(torch.cat([E[word], context], -1) @ Wx.T + state @ Ws.T)
    return torch.cat([new, context], -1) @ Wo.T, new


def _decoder_cases() -> list[Case]:
    case = named("word", "state", "keys", "mask", "E", "Wx", "Ws", "Wo")

    def random(batch, count, size, vocabulary, lengths, seed, shown=False) -> Case:
        shapes = (batch, size), (batch, count, size), (vocabulary, size), (size, 2 * size), (size, size)
        state, keys, *matrices = drawn(seed, *shapes, (vocabulary, 2 * size))
        mask = torch.arange(count) < torch.tensor(lengths)[:, None]
        return case(torch.arange(1, batch + 1), state, keys, mask, *matrices, shown=shown)

    return [random(1, 2, 1, 3, [2], 330, shown=True), random(1, 3, 2, 3, [2], 340), random(2, 3, 3, 4, [3, 1], 350)]


@variants
def _wrong_decoder(
    *inputs, query=lambda old, new: old, masked=True, joined=None, read=None, handed_back="new", ask=True
):
    """A decoder step with one thing done differently."""
    word, state, keys, mask, E, Wx, Ws, Wo = inputs
    joined = joined or (lambda e, c: torch.cat([e, c], -1))
    read = read or (lambda new, c, old: torch.cat([new, c], -1))

    def look(q):
        scores = (q[:, None] @ keys.mT)[:, 0]
        return (masked_softmax(scores, mask if masked else None)[:, None] @ keys)[:, 0]

    context = look(state) if ask else keys.mean(1)
    new = torch.tanh(joined(E[word], context) @ Wx.T + state @ Ws.T)
    context = look(query(state, new)) if ask else context
    return read(new, context, state) @ Wo.T, {"old": state, "new": new}[handed_back]


DECODER = Exercise(
    name="one decoder step",
    task="Ask with the old state (dot products, softmax over real words, mean of the keys), make the new state "
    "tanh(Wx [embedding; context] + Ws state), read the logits Wo [new state; context] -> (logits [B, V], new [B, D]).",
    why="Attend, move, read out: the loop that writes every word of a translation.",
    reference=decoder_step,
    cases=_decoder_cases,
    returns=("logits", "new"),
    hints=(
        "Three lines: the context, the new state, the logits. The query is the state that came in.",
        "`weights = masked_softmax((state[:, None] @ keys.mT)[:, 0], mask)`; the embedding of the word is `E[word]`.",
        "`torch.cat([E[word], context], -1) @ Wx.T + state @ Ws.T` goes into the tanh; the logits are "
        "`torch.cat([new, context], -1) @ Wo.T`.",
    ),
    minutes=8,
    difficulty=3,
    wrong=wrong_answers(
        _wrong_decoder(query=lambda old, new: new),
        "The context that is read out was asked for again, with the new state. Ask once, with the old state, and "
        "use that context twice.",
        _wrong_decoder(masked=False),
        "Padding is attended to: give the mask to the softmax.",
        _wrong_decoder(joined=lambda e, c: torch.cat([c, e], -1)),
        "Embedding and context are in the wrong order: [embedding; context] is what Wx expects.",
        _wrong_decoder(read=lambda new, c, old: torch.cat([c, new], -1)),
        "In the read-out, state and context are in the wrong order: [new state; context].",
        _wrong_decoder(read=lambda new, c, old: torch.cat([old, c], -1)),
        "The logits are read from the old state, which has not heard the last word yet.",
        _wrong_decoder(handed_back="old"),
        "The old state is handed back: the decoder would never move on. Return the new one.",
        _wrong_decoder(ask=False),
        "The context is the plain mean of the keys: nobody asked. That is the model without attention.",
    ),
)
