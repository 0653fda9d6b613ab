"""Chapter 3, seq2seq with attention: one step of additive attention, and one step of the decoder."""

import torch
from torch import Tensor

from course_kit.exercises.define import Case, Exercise, drawn, named, tensors, variants, wrong_answers
from course_kit.exercises.properties import blind_to_padding, rows_are_independent, rows_sum_to_one
from course_utils.attention import masked_softmax
from course_utils.scores import SCORES

from . import answers


def additive_step(query: Tensor, keys: Tensor, mask: Tensor, W1: Tensor, W2: Tensor, w: Tensor):
    """query [B, Dq], keys [B, K, Dk], mask [B, K], W1 [Dq, H], W2 [Dk, H], w [H] -> context [B, Dk], weights [B, K]."""
    score = SCORES["additive"](W1.shape[0], W2.shape[0], len(w))
    given = {"W1.weight": W1.T, "W2.weight": W2.T, "W1.bias": torch.zeros(len(w)), "w.weight": w[None]}
    scores = torch.func.functional_call(score, given, (query[:, None], keys))
    weights = masked_softmax(scores, mask[:, None])
    return (weights @ keys)[:, 0], weights[:, 0]


def _step_cases() -> list[Case]:
    case = named("query", "keys", "mask", "W1", "W2", "w")

    def random(batch, count, query_size, key_size, hidden, lengths, seed) -> Case:
        shapes = (batch, query_size), (batch, count, key_size), (query_size, hidden), (key_size, hidden), (hidden,)
        query, keys, W1, W2, w = drawn(seed, *shapes)
        return case(query, keys, torch.arange(count) < torch.tensor(lengths)[:, None], W1, W2, 2 * w)

    return [
        case(*tensors([[1.0]], [[[0.0], [2.0]]], [[True, True]], [[1.0]], [[1.0]], [2.0]), shown=True),
        random(1, 3, 2, 2, 2, [2], 300),
        random(2, 3, 2, 2, 3, [3, 1], 310),
        random(2, 4, 3, 2, 3, [2, 4], 320),
    ]


def _mean(weights, keys):
    return (weights[:, None] @ keys)[:, 0]


def _squeezed(weights, keys):
    return (weights[:, None] @ keys).squeeze()


# softmaxes of (scores [B, K], mask [B, K]) that do something else with the mask
def _no_mask(scores, mask):
    return scores.softmax(-1)


def _reversed_mask(scores, mask):
    return masked_softmax(scores, ~mask)


def _mask_filled(scores, mask):
    return scores.masked_fill(mask, -1e9).softmax(-1)


def _mask_too_late(scores, mask):
    return scores.softmax(-1) * mask


def _mask_times(scores, mask):
    return (scores * mask).softmax(-1)


def _mask_added(scores, mask):
    return (scores + mask).softmax(-1)


def _over_the_batch(scores, mask):
    return masked_softmax(scores, mask, dim=0)


@variants
def _wrong_step(
    *inputs,
    score=lambda q, k, w: torch.tanh(q + k) @ w,
    weigh=masked_softmax,
    mean=_mean,
    values=lambda keys, projected: keys,
):
    """An additive step with one thing done differently. score: of the projected query [B, 1, H], the projected keys
    [B, K, H] and w."""
    query, keys, mask, W1, W2, w = inputs
    projected = keys @ W2
    weights = weigh(score((query @ W1)[:, None], projected, w), mask)
    return mean(weights, values(keys, projected)), weights


STEP = Exercise(
    name="additive attention step",
    function="look_back",
    task="One look back: tanh(q W₁ + k W₂)·w for each key, softmax over the real ones, weighted mean of the keys "
    "(which are the values, too): query [B, Dq], keys [B, K, Dk], mask [B, K] bool, True = a real word -> "
    "(context [B, Dk], weights [B, K]).",
    reference=additive_step,
    cases=_step_cases,
    returns=("context", "weights"),
    hints=(
        "There is one query for each sentence, and many keys. So q W₁ is [B, H] and k W₂ is [B, K, H]: what has to "
        "happen before you can add them?",
        "`(query @ W1)[:, None]` has an axis for the keys. The tanh of the sum is [B, K, H], and `@ w` makes one "
        "score of its last axis.",
        "`masked_softmax(scores, mask)` from chapter 1 turns the scores into weights. `weights[:, None]` is one "
        "row for each sentence: multiply it by the keys, and drop the extra axis, `[:, 0]`.",
    ),
    minutes=6,
    difficulty=2,
    wrong=wrong_answers(
        _wrong_step(score=lambda q, k, w: (q + k) @ w),
        "The tanh is missing. Without it the query adds one number to the whole row, softmax ignores it, and "
        "every word of the translation attends to the same position.",
        _wrong_step(score=lambda q, k, w: (torch.tanh(q) + torch.tanh(k)) @ w),
        "The query changes nothing here: it is missing, or it has a tanh of its own and adds one number to the whole "
        "row, which softmax ignores. Add q W₁ and k W₂ first, then take the tanh of the sum.",
        _wrong_step(score=lambda q, k, w: torch.tanh((q + k) @ w)),
        "The tanh and w are in the wrong order: first the tanh of the hidden vector, then w makes one number of it.",
        _wrong_step(score=lambda q, k, w: torch.tanh(q + k).sum(-1)),
        "The hidden features are added up, and `w` is not used. Each has a weight of its own: `@ w`.",
        _wrong_step(score=lambda q, k, w: torch.tanh(q + k) @ w / len(w) ** 0.5),
        "The scores are divided by a root. Only a dot product needs that: the tanh keeps these scores small.",
        _wrong_step(weigh=_no_mask),
        "The mask is not used: padding is attended to, and words that are not there get a share.",
        _wrong_step(weigh=_reversed_mask),
        "The mask is read the wrong way round: True marks *a real word*, which may be attended to.",
        _wrong_step(weigh=_mask_filled),
        "The mask is read the wrong way round: `masked_fill` fills where its mask is True, and here True marks *a real "
        "word*. Write `~mask`.",
        _wrong_step(weigh=_mask_too_late),
        "The mask comes after the softmax: what went to padding is lost, and the weights sum to less than 1.",
        _wrong_step(weigh=_mask_times),
        "Before the softmax a masked score is 0 here, and exp(0) = 1, so padding still gets a share.",
        _wrong_step(weigh=_mask_added),
        "The mask is added as 0 and 1: real words get a bonus of 1, and padding keeps its share. What is added must be "
        "−∞ where the mask is False.",
        _wrong_step(weigh=_over_the_batch),
        "The softmax runs over the sentences of the batch. The weights of one sentence's *words* sum to 1: `dim=-1`.",
        _wrong_step(mean=lambda a, k: k.mean(1)),
        "The context is a plain mean of the keys: the same at every step, which is the bottleneck again.",
        _wrong_step(mean=lambda a, k: k[torch.arange(len(k)), a.argmax(-1)]),
        "The context takes only the key with the largest weight. A hard choice has no "
        "gradient; take the weighted mean.",
        _wrong_step(mean=lambda a, k: (a[..., None] * k).mean(1)),
        "The weighted keys are averaged instead of added. The weights already sum to 1: write `sum`, not `mean`.",
        _wrong_step(mean=lambda a, k: a @ k),
        "`weights @ keys` multiplies the weights of each sentence with the keys of all: [B, B, Dk]. Each sentence has "
        "its own: `weights[:, None] @ keys` and then `[:, 0]`, or `(weights[..., None] * keys).sum(1)`.",
        _wrong_step(mean=_squeezed),
        "`.squeeze()` without a number also drops the axis of a batch of one. Say which axis: `.squeeze(1)`.",
        _wrong_step(values=lambda keys, projected: projected),
        "The mean is taken of the projected keys, k W₂. They are only for the score; the values are the keys "
        "themselves.",
    ),
    properties=(
        rows_sum_to_one(part=1),
        blind_to_padding("keys", padded=lambda case: ~case.args["mask"]),
        rows_are_independent("query", "keys", "mask"),
    ),
    shown=answers.look_back,
    used="Below, your decoder looks back with it, in training, too.",
)


def decoder_step(word, state, keys, mask, E, Wx, Ws, Wo):
    """One step of Bahdanau's decoder with a plain recurrent cell and dot-product scores.

    word [B], state [B, D], keys [B, K, D], mask [B, K], E [V, D], Wx [2D, D], Ws [D, D], Wo [2D, V]
    -> logits [B, V], new state [B, D].
    """
    size = state.shape[-1]
    weights = masked_softmax(SCORES["dot"](size, size)(state[:, None], keys), mask[:, None])
    context = (weights @ keys)[:, 0]
    new = torch.tanh(torch.cat([E[word], context], -1) @ Wx + state @ Ws)
    return torch.cat([new, context], -1) @ Wo, new


def _decoder_cases() -> list[Case]:
    case = named("word", "state", "keys", "mask", "E", "Wx", "Ws", "Wo")

    def random(batch, count, size, vocabulary, lengths, seed, shown=False) -> Case:
        shapes = (batch, size), (batch, count, size), (vocabulary, size), (2 * size, size), (size, size)
        state, keys, *matrices = drawn(seed, *shapes, (2 * size, vocabulary))
        mask = torch.arange(count) < torch.tensor(lengths)[:, None]
        return case(torch.arange(1, batch + 1), state, keys, mask, *matrices, shown=shown)

    return [random(1, 2, 1, 3, [2], 330, shown=True), random(1, 3, 2, 3, [2], 340), random(2, 3, 3, 4, [3, 1], 350)]


@variants
def _wrong_decoder(
    *inputs,
    asks=lambda state, e: state,
    scale=lambda D: 1,
    weigh=masked_softmax,
    mean=_mean,
    joined=lambda e, c: torch.cat([e, c], -1),
    remember=True,
    bent=torch.tanh,
    again=False,
    read=lambda new, c, old: torch.cat([new, c], -1),
    output=lambda x: x,
    stuck=False,
):
    """A decoder step with one thing done differently."""
    word, state, keys, mask, E, Wx, Ws, Wo = inputs

    def look(q):
        return mean(weigh((q[:, None] @ keys.mT)[:, 0] / scale(q.shape[-1]), mask), keys)

    context = look(asks(state, E[word]))
    new = bent(joined(E[word], context) @ Wx + (state @ Ws if remember else 0))
    context = look(new) if again else context
    return output(read(new, context, state) @ Wo), state if stuck else new


DECODER = Exercise(
    name="one decoder step",
    task="The old state is the query (dot products, softmax over real words, weighted mean of the keys). The new state "
    "is tanh([embedding; context] Wx + state Ws), the logits are [new state; context] Wo -> (logits [B, V], "
    "new [B, D]).",
    reference=decoder_step,
    cases=_decoder_cases,
    returns=("logits", "new"),
    hints=(
        "Three results one after the other: the context, the new state, the logits. The query is the state that came "
        "in.",
        "The scores are `(state[:, None] @ keys.mT)[:, 0]`; `masked_softmax` and the mean are as in `look_back`. The "
        "embedding of the word is `E[word]`.",
        "[a; b] is `torch.cat([a, b], -1)`. `x @ m` works for a whole batch. The context "
        "goes in twice: with the embedding into the tanh, with the new state into the logits.",
    ),
    minutes=8,
    difficulty=3,
    wrong=wrong_answers(
        _wrong_decoder(again=True),
        "You compute a second context for the logits, with the new state as the query. Compute one context, with "
        "the old state, and use it twice.",
        _wrong_decoder(asks=lambda state, e: e),
        "The embedding of the word is the query. The query is the *state*, which knows what has been written so far.",
        _wrong_decoder(scale=lambda D: D**0.5),
        "The scores are divided by √D. Here they are plain dot products, as the task says.",
        _wrong_decoder(weigh=_no_mask),
        "Padding is attended to: give the mask to the softmax.",
        _wrong_decoder(weigh=_mask_too_late),
        "The mask comes after the softmax: what went to padding is lost. Mask the scores, before the softmax.",
        _wrong_decoder(weigh=_mask_times),
        "Before the softmax a masked score is 0 here, and exp(0) = 1, so padding still gets a share.",
        _wrong_decoder(weigh=_mask_filled),
        "The mask is read the wrong way round: `masked_fill` fills where its mask is True, and here True marks *a real "
        "word*. Write `~mask`.",
        _wrong_decoder(weigh=_over_the_batch),
        "The softmax runs over the sentences of the batch. The weights of one sentence's *words* sum to 1: `dim=-1`.",
        _wrong_decoder(mean=lambda a, k: k.mean(1)),
        "The context is the plain mean of the keys, so the weights change nothing. That is the model without "
        "attention.",
        _wrong_decoder(mean=_squeezed),
        "`.squeeze()` without a number also drops the axis of a batch of one. Say which axis: `.squeeze(1)`.",
        _wrong_decoder(joined=lambda e, c: torch.cat([c, e], -1)),
        "Embedding and context are in the wrong order: Wx expects [embedding; context].",
        _wrong_decoder(remember=False),
        "The old state is missing from the new one: add `state @ Ws` inside the tanh.",
        _wrong_decoder(bent=lambda x: x),
        "The tanh is missing: the new state is the tanh of the sum.",
        _wrong_decoder(read=lambda new, c, old: torch.cat([c, new], -1)),
        "In the logits, state and context are in the wrong order: Wo expects [new state; context].",
        _wrong_decoder(read=lambda new, c, old: torch.cat([old, c], -1)),
        "The logits are read from the old state, which does not know the last word yet.",
        _wrong_decoder(output=lambda x: x.softmax(-1)),
        "These are probabilities. Return the logits: the loss takes the softmax by itself.",
        _wrong_decoder(stuck=True),
        "The old state is returned: the decoder would never move on. Return the new one.",
    ),
    properties=(
        blind_to_padding("keys", padded=lambda case: ~case.args["mask"], part=1),
        rows_are_independent("word", "state", "keys", "mask"),
    ),
    shown=answers.next_word,
    used="The next cells train it.",
)
